/**
 * The newest events of one feed, in the order in which they became readable: what its poller has found, for all who follow it.
 * Bounded; whoever needs more than it holds reads pages. Pure, no I/O.
 */
import type { FlagEvent } from '../model.ts';
import type { Completion, Start } from '../timeline/feed.ts';
import { eventKey, OVERLAP_MS } from '../timeline/trail.ts';

/** An event that has become readable, or has changed since then. */
export interface Entry {
  event: FlagEvent;
  /** See `timeline/trail.ts`. */
  key: string;
  /** What it was before, if this is a change. */
  previous: FlagEvent | undefined;
  /** A newer one was readable before. */
  isLate: boolean;
}

/** What one poll has read. */
export interface Polled {
  /** Newest first. */
  events: readonly FlagEvent[];
  /** How far down it was read; `null` at the end. */
  reached: Start | null;
  /** What it was asked for; `null` if everything. */
  floor: number | null;
  /** When it began, Unix milliseconds. */
  at: number;
}

export interface Listing {
  /** Entries have consecutive numbers: that of the first one that is kept, and that of the next one there will be. */
  readonly begin: number;
  readonly end: number;
  /** Every event at this millisecond or later that was readable at the latest poll is kept. */
  readonly completeFrom: number;
  /** When the newest event happened. */
  readonly newest: number | null;
  /** Nothing new is expected, or looked for, at this millisecond or earlier: all that is newer is kept. */
  readonly settled: number;
  /** How far down the next poll has to read; `null` if everything is new. */
  readonly floor: number | null;
  /** How many events lie above that. */
  readonly known: number;
  /** True once a poll has succeeded. */
  readonly isReady: boolean;
  /** The entries from this number on. */
  from(number: number): readonly Entry[];
  /** How far a first poll has to read, when this is the newest event there is. */
  floorBelow(newest: number): number;
  /** Says whether there is anything new. */
  add(polled: Polled): boolean;
}

/** So many entries are kept at most. */
export const MAX_ENTRIES = 1_000;
/** What is quiet for so long has settled, in milliseconds: the clocks of a vendor and of the gateway may differ by less. */
export const QUIET_MS = 15 * 60_000;
/** Beyond the time in which events are completed, for the polls to see it. */
const SLACK_MS = 60_000;

interface Known {
  event: FlagEvent;
  version: string;
}

export function createListing(completion: Completion | undefined): Listing {
  const depth = completion ? Math.max(OVERLAP_MS, completion.withinMs + SLACK_MS) : OVERLAP_MS;
  let entries: Entry[] = [];
  let begin = 0;
  let completeFrom = Number.POSITIVE_INFINITY;
  let newest: number | null = null;
  let polledAt: number | null = null;
  /** Events above the floor, by id. */
  const known = new Map<string, Known>();

  const floor = () => (newest === null ? null : newest - depth);
  const versionOf = (event: FlagEvent) => completion?.versionOf(event) ?? '';

  /** Its numbers begin after those there were, so that whoever has had all of them does not take old entries for new ones. */
  function startAnew(): void {
    begin += entries.length + 1;
    entries = [];
    known.clear();
  }

  function trim(): void {
    const dropped = entries.splice(0, Math.max(0, entries.length - MAX_ENTRIES));
    begin += dropped.length;
    for (const { event, previous } of dropped)
      if (!previous) completeFrom = Math.max(completeFrom, event.occurredAt + 1);
    const lowest = floor() ?? Number.NEGATIVE_INFINITY;
    for (const [id, { event }] of known) if (event.occurredAt < lowest) known.delete(id);
  }

  return {
    get begin() {
      return begin;
    },
    get end() {
      return begin + entries.length;
    },
    get completeFrom() {
      return completeFrom;
    },
    get newest() {
      return newest;
    },
    get settled() {
      const quiet = (polledAt ?? Number.NEGATIVE_INFINITY) - QUIET_MS;
      return Math.max((newest ?? Number.NEGATIVE_INFINITY) - OVERLAP_MS, quiet, completeFrom - 1);
    },
    get floor() {
      return floor();
    },
    get known() {
      return known.size;
    },
    get isReady() {
      return polledAt !== null;
    },
    from: (number) => entries.slice(Math.max(0, number - begin)),
    floorBelow: (time) => time - depth,
    add({ at, events, floor: asked, reached }) {
      const wasReady = polledAt !== null;
      const before = begin + entries.length;
      const lowest = floor() ?? Number.NEGATIVE_INFINITY;
      const readFrom =
        reached === null ? (asked ?? Number.NEGATIVE_INFINITY) : reached.time + (reached.isWhole ? 0 : 1);
      // More has happened than a poll may read: what lies between is left to pages.
      if (!wasReady || readFrom > lowest) {
        startAnew();
        completeFrom = readFrom;
      }
      const watermark = wasReady ? newest : null;
      for (const event of events.toReversed()) {
        if (event.occurredAt < lowest) continue;
        const version = versionOf(event);
        const old = known.get(event.id);
        if (old && old.version === version) continue;
        known.set(event.id, { event, version });
        const isLate = !old && watermark !== null && event.occurredAt < watermark;
        entries.push({ event, key: eventKey(event), previous: old?.event, isLate });
        newest = Math.max(newest ?? event.occurredAt, event.occurredAt);
      }
      polledAt = Math.max(polledAt ?? at, at);
      trim();
      return begin + entries.length > before;
    },
  };
}
