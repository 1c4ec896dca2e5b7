/**
 * What a reader who follows the timeline has been given. Events may be committed after newer ones could be read already, so a
 * place alone does not say it: near the present, a trail also names the events that were given. Pure arithmetic, no I/O.
 */
import { EARLIEST, type FlagEvent, type Position } from '../model.ts';
import { type Cursor, MAX_OWN_PLACES, MAX_SEEN, type Owed, type Seen, shortKey, type Trail } from './cursor.ts';
import type { Direction } from './feed.ts';

/** An event comes at most so much later than newer ones of its feed, in milliseconds. */
export const OVERLAP_MS = 60_000;

/** By code unit, it comes after the key of every feed. */
const AFTER_EVERY_FEED = '\uffff';

/** What a trail calls an event: 48 bits of a hash, among at most {@link MAX_SEEN} others. */
export function eventKey({ feed, id }: Pick<FlagEvent, 'feed' | 'id'>): string {
  return shortKey(`${feed} ${id}`);
}

/** Just beyond all events of a millisecond, for a reader on the way to newer ones; just before the next one's for others. */
export function placeAfter(time: number): Position {
  return { time: time + 1, feed: AFTER_EVERY_FEED };
}

/** The cursor with the place that a walk in this direction begins at. */
export function beginningOf(cursor: Cursor, direction: Direction): Cursor {
  const { direction: own, trail } = cursor;
  if (direction !== 'newer' || own !== 'newer' || trail === undefined || trail.from === null) return cursor;
  return { ...cursor, position: placeAfter(trail.from) };
}

/** Whether an event beyond the cursor's place was given all the same. */
export function knownBy({ seen, upTo }: Trail): (event: FlagEvent) => boolean {
  const keys = new Map<string, string>();
  const keyOf = (feed: string) => {
    const key = keys.get(feed) ?? shortKey(feed);
    keys.set(feed, key);
    return key;
  };
  return (event) =>
    event.occurredAt <= (upTo.get(keyOf(event.feed)) ?? Number.NEGATIVE_INFINITY) || seen.has(eventKey(event));
}

/** What a reader knows of the newest events who has these, newest first. `hasMore`: there are older ones, too. */
export function trailOf(events: readonly FlagEvent[], hasMore: boolean): Trail {
  const newest = events[0]?.occurredAt ?? EARLIEST;
  const oldest = events.at(-1)?.occurredAt ?? EARLIEST;
  const from = hasMore ? Math.max(newest - OVERLAP_MS, oldest) : newest - OVERLAP_MS;
  const own = events.filter(({ occurredAt }) => occurredAt > from).slice(0, MAX_SEEN);
  const seen = new Map(own.map((event) => [eventKey(event), { feed: shortKey(event.feed), time: event.occurredAt }]));
  return { from, upTo: new Map(), seen };
}

/** An event as a reader remembers it: {@link eventKey}. */
export interface Given extends Seen {
  key: string;
}

/** How far one feed is known. */
export interface FeedPlace {
  /** {@link shortKey}, as that of its part. */
  feed: string;
  part: string;
  /** All of its events up to this millisecond were given. */
  settled: number;
  /** When the newest of its events that is known happened. */
  newest: number | null;
  /** It fails: others do not wait for it. */
  isBehind: boolean;
}

/** So many events a reader remembers; a cursor names the newest {@link MAX_SEEN} of them. */
const MAX_KEPT = 4_000;

/** Of what a cursor can name. */
const LONG = 0.75;

/** Keeps account of what one reader has been given. Its memory is bounded. */
export interface Reader {
  /** Feeds, and parts whose feeds are not known, that owe events, and from where on. */
  readonly behind: Map<string, Owed>;
  /** All events of the feed at this millisecond or earlier were given; `part` is the key of its part. */
  placeOf(feed: string, part: string): number;
  hasSeen(key: string): boolean;
  /** Its cursors can hardly name more events: it should find out what has settled. */
  readonly isLong: boolean;
  give(events: Iterable<Given>): void;
  /** Events at this millisecond or earlier were given, whatever their feed, unless it is behind. */
  advance(from: number): void;
  /** The same for these feeds, each as far as it is known. */
  settle(places: readonly FeedPlace[]): void;
  /** `asOf`: now, Unix milliseconds. */
  cursor(asOf: number): Cursor;
  /** The same with all that is remembered: for going on at once, and too long for clients. */
  wholeCursor(asOf: number): Cursor;
}

/** `from`: where it begins, unless the cursor says more. */
export function createReader(cursor: Cursor | null, from: number): Reader {
  const trail = cursor?.trail;
  let place = trail?.from ?? from;
  let newest = Math.max(cursor?.position?.time ?? place, place);
  const upTo = new Map(trail?.upTo);
  const seen = new Map<string, Seen>(trail?.seen);
  const behind = new Map(cursor?.direction === 'newer' ? cursor.behind : []);

  const settledOf = (feed: string) => Math.max(place, upTo.get(feed) ?? place);

  /** Up to when a feed owes nothing; `undefined` if it owes nothing at all. */
  function owedOf(feed: string, part: string): number | undefined {
    const owed = behind.has(feed) ? behind.get(feed) : behind.get(part);
    return owed === null ? Number.NEGATIVE_INFINITY : owed && owed.time - 1;
  }

  /** Up to when nothing has to be remembered of a feed. What it owes is read from further back. */
  function doneWith(feed: string): number {
    const owed = behind.get(feed);
    if (owed === undefined) return settledOf(feed);
    return owed === null ? Number.NEGATIVE_INFINITY : owed.time - 1;
  }

  function cursorWith(given: Iterable<readonly [string, Seen]>, asOf: number): Cursor {
    return {
      position: placeAfter(newest),
      direction: 'newer',
      asOf,
      hints: new Map(),
      done: new Set(),
      behind: new Map(behind),
      trail: { from: place, upTo: new Map(upTo), seen: new Map(given) },
    };
  }

  function forget(): void {
    for (const [feed, at] of upTo) if (at <= place) upTo.delete(feed);
    for (const [key, { feed, time }] of seen) if (time <= doneWith(feed)) seen.delete(key);
    // By half, so that this is rare.
    if (seen.size > MAX_KEPT) for (const [key] of byAge(seen).slice(0, -MAX_KEPT / 2)) seen.delete(key);
    if (upTo.size > MAX_OWN_PLACES) {
      const least = [...upTo].toSorted(([, a], [, b]) => a - b).slice(0, upTo.size - MAX_OWN_PLACES);
      for (const [feed] of least) upTo.delete(feed);
    }
  }

  return {
    behind,
    placeOf(feed, part) {
      return owedOf(feed, part) ?? settledOf(feed);
    },
    hasSeen: (key) => seen.has(key),
    get isLong() {
      return seen.size > LONG * MAX_SEEN;
    },
    give(events) {
      for (const event of events) {
        seen.set(event.key, { feed: event.feed, time: event.time });
        newest = Math.max(newest, event.time);
      }
      forget();
    },
    advance(to) {
      place = Math.max(place, to);
      forget();
    },
    settle(places) {
      // What is owed from a place further on than others is known up to there.
      const before = new Map(
        places.map(({ feed, part }) => [
          feed,
          Math.max(settledOf(feed), owedOf(feed, part) ?? Number.NEGATIVE_INFINITY),
        ]),
      );
      const healthy = places.filter(({ isBehind }) => !isBehind);
      if (healthy.length > 0) place = Math.max(place, Math.min(...healthy.map(({ settled }) => settled)));
      const failing = new Set(places.flatMap(({ isBehind, part }) => (isBehind ? part : [])));
      for (const { part } of places) if (!failing.has(part)) behind.delete(part);
      for (const { feed, isBehind, newest: ownNewest, part, settled } of places) {
        if (ownNewest !== null) newest = Math.max(newest, ownNewest);
        const at = Math.max(settled, before.get(feed) ?? settled);
        const isOwing = behind.has(feed) || behind.has(part);
        if (isBehind && !isOwing && at < place) behind.set(feed, { time: at + 1 });
        else if (!isBehind) behind.delete(feed);
        // A feed without events since then needs no place of its own.
        if (at > place && (isBehind || (ownNewest !== null && ownNewest > place))) upTo.set(feed, at);
      }
      forget();
    },
    cursor: (asOf) => cursorWith(newestOf(seen), asOf),
    wholeCursor: (asOf) => cursorWith(seen, asOf),
  };
}

function byAge(seen: ReadonlyMap<string, Seen>): (readonly [string, Seen])[] {
  return [...seen].toSorted(([, a], [, b]) => a.time - b.time);
}

function newestOf(seen: ReadonlyMap<string, Seen>): Iterable<readonly [string, Seen]> {
  return seen.size <= MAX_SEEN ? seen : byAge(seen).slice(-MAX_SEEN);
}
