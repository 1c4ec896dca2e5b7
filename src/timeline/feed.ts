/** What the timeline needs of a feed: one independently paged listing inside a source. */
import type { FlagEvent } from '../model.ts';
import type { EventFilter } from './filter.ts';

/** The way a reader walks: towards the past, or towards now. */
export type Direction = 'older' | 'newer';

/**
 * The nearest row a read may return: at this millisecond or beyond it in the direction of reading.
 * With `id`, rows of that millisecond up to and including that event are known already and left out.
 */
export interface Start {
  time: number;
  id?: string;
}

export interface FeedRequest {
  direction: Direction;
  /** `null`: from the end of the feed that the direction starts at. */
  start: Start | null;
  /** How many rows the caller can use; a feed may return more or, with `hasMore`, fewer. */
  limit: number;
  filter: EventFilter;
  /** Names of the node's fields that are wanted at once, for a feed that can fetch them with the page. */
  fields: ReadonlySet<string>;
  /** What this feed said of the row before `start`, come back from a client: to be checked, never trusted. */
  hint: unknown;
  /** When this walk began, Unix milliseconds: a horizon that would move with the clock is pinned to it. */
  asOf: number;
  now: number;
  signal: AbortSignal;
}

export interface FeedRow {
  event: FlagEvent;
  /** A flat piece of JSON that makes resuming after this row fast; small, without secrets, never needed to be right. */
  hint?: unknown;
  /** It was read for somebody else's sake: that it fails the filter says nothing about the upstream. */
  isExtra?: boolean;
}

export interface FeedPage {
  /** Newest first in either direction, contiguous from `start`. */
  rows: FeedRow[];
  /** Whether the feed holds further rows in the direction of reading. Only ever true beside at least one row. */
  hasMore: boolean;
  /** All rows that match the filter, where this answer happened to say so. */
  total?: number;
  /** Events that were left out because they could not be read. */
  skipped?: number;
  /** The feed cannot see further back than this moment. */
  reachesBackTo?: number;
}

export interface Feed {
  /** Unique and stable; part of the total order. Begins with the source's id. */
  key: string;
  /** The id of the source it belongs to. */
  source: string;
  /** It stands in for all feeds of a source that could not say which they are; it only ever fails. */
  isWholeSource?: boolean;
  /** Up to this many flags are cheaper read one by one than together. @default 1 */
  flagsAskedSingly?: number;
  /** How many reads it took is the feed's business: one, unless a hint was refuted or the rows did not suffice. */
  read(request: FeedRequest): Promise<FeedPage>;
  /** Whether the feed can hold an event that passes the filter; if not it is never asked. */
  canMatch(filter: EventFilter): boolean;
  /** Whether the upstream itself applies every part of the filter, so that its own total is the filter's. */
  appliesAll(filter: EventFilter): boolean;
  /** The vendor's own part of the filter, checked on a row. */
  matches(event: FlagEvent, filter: EventFilter): boolean;
  count(filter: EventFilter, asOf: number, signal: AbortSignal): Promise<number | null>;
}
