/** The words every part of the gateway shares: an event, a place in the timeline, a span of time, and the one total order. */

/** The one vocabulary for both vendors; each vendor's own word stays in {@link FlagEvent.type}. */
export const FLAG_EVENT_KINDS = [
  'CREATED',
  'DELETED',
  'ARCHIVED',
  'RESTORED',
  'ENABLED',
  'DISABLED',
  'TARGETING_CHANGED',
  'ROLLOUT_CHANGED',
  'VARIATIONS_CHANGED',
  'SCHEDULE_CHANGED',
  'APPROVAL_CHANGED',
  'EXPERIMENT_CHANGED',
  'METADATA_CHANGED',
  'TAGS_CHANGED',
  'STALE_CHANGED',
  'DEPENDENCIES_CHANGED',
  'MOVED',
  'IMPORTED',
  'EXPORTED',
  'ACCESS_CHANGED',
  'CONFIGURATION_CHANGED',
  'OTHER',
] as const;
export type FlagEventKind = (typeof FLAG_EVENT_KINDS)[number];

/** The years 1 to 9999, in Unix milliseconds: what a DateTime can say. An event beyond them is not believed. */
export const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
export const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Who made a change, as far as the vendor says. */
export interface Actor {
  name: string;
  email: string | null;
  /** Other names they may be asked for by. */
  aliases?: readonly string[];
  kind: 'PERSON' | 'TOKEN' | 'SYSTEM' | 'UNKNOWN';
}

/** One change in one vendor's log. `wire` is the vendor's own, decoded record, for the vendor's own GraphQL type. */
export interface FlagEvent<Wire = unknown> {
  vendor: string;
  /** Id of the configured source, for example `launchdarkly`. */
  source: string;
  /** Key of the feed it was read from. */
  feed: string;
  /** The vendor's id, unique within its feed. */
  id: string;
  /** Unix milliseconds. */
  occurredAt: number;
  kind: FlagEventKind;
  type: string;
  title: string;
  flagKey: string | null;
  project: string | null;
  environment: string | null;
  actor: Actor | null;
  url: string | null;
  wire: Wire;
}

/** All it takes to fetch an event again. */
export type EventReference = Pick<FlagEvent, 'source' | 'feed' | 'occurredAt' | 'id'>;

/** A place in the timeline: just after this event of the feed; without `id`, just before the feed's part of that millisecond. */
export interface Position {
  time: number;
  feed: string;
  id?: string;
}

/** What one execution may still spend on upstreams: handed to everything that may call one. */
export interface Budget {
  /** Aborted when the caller has gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Unix milliseconds. */
  readonly deadline: number;
  readonly calls: CallCount;
}

export interface CallCount {
  /** HTTP requests made so far, retries included. */
  made: number;
  readonly limit: number;
  /**
   * Until when all that was read may be given again, Unix milliseconds: the nearest end of what an upstream's page may be
   * remembered for. Not set before something was read.
   */
  believedUntil?: number;
}

/** Notes how long something that was read for these calls may be given again. */
export function believe(calls: CallCount, until: number): void {
  calls.believedUntil = Math.min(calls.believedUntil ?? Number.POSITIVE_INFINITY, until);
}

/** A span of time in Unix milliseconds, `from` inclusive, `to` exclusive; `null` is open. */
export interface Window {
  from: number | null;
  to: number | null;
}

/**
 * Newest first; inside one millisecond by feed key. Two events of one feed in one millisecond compare equal:
 * their order is the feed's own, and only the feed knows it.
 */
export function compareEvents(
  a: Pick<FlagEvent, 'occurredAt' | 'feed'>,
  b: Pick<FlagEvent, 'occurredAt' | 'feed'>,
): number {
  return b.occurredAt - a.occurredAt || compareKeys(a.feed, b.feed);
}

/** By code unit, so that every machine agrees whatever its locale. */
export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
