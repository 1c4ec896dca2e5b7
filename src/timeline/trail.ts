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
  /** {@link shortKey}, as that of its part; the same for a part whose feeds are not known. */
  feed: string;
  part: string;
  /** All of its events up to this millisecond were given, as far as is known; `null`: nothing is. */
  settled: number | null;
  /** When the newest of its events that is known happened. */
  newest: number | null;
  /** It fails: others do not wait for it. */
  isFailing: boolean;
  /** It stands for all feeds of its part. */
  isPart?: boolean;
  /** Where it has to go on in pages, where that is amid a millisecond. */
  owed?: Owed | undefined;
}

/** So many events a reader remembers; a cursor names the newest {@link MAX_SEEN} of them. */
const MAX_KEPT = 4_000;

/**
 * Keeps account of what one reader has been given: of each feed everything up to a millisecond, and single events after it.
 * Its memory is bounded.
 */
export interface Reader {
  /** All events of the feed at this millisecond or earlier were given; `part` is the key of its part. */
  upTo(feed: string, part: string): number;
  /** Whether the feed goes on amid a millisecond, whose order only the feed knows. */
  isAmid(feed: string, part: string): boolean;
  /** Whether this event was given after that millisecond. */
  hasSeen(key: string): boolean;
  give(events: Iterable<Given>): void;
  /** Takes in how far each feed is known, and each part whose feeds are not. A reader never goes back. */
  settle(places: readonly FeedPlace[]): void;
  /** `asOf`: now, Unix milliseconds. */
  cursor(asOf: number): Cursor;
  /** The same with all that is remembered: for going on at once, and too long for clients. */
  wholeCursor(asOf: number): Cursor;
}

/**
 * `from`: up to where everything was given, unless the cursor says more. Feeds for which that is not so are kept by
 * themselves: those that are further on in `ahead`, and those that owe something in `behind`.
 */
export function createReader(cursor: Cursor | null, from: number): Reader {
  const trail = cursor?.trail;
  let base = trail?.from ?? from;
  let newest = Math.max(cursor?.position?.time ?? base, base);
  const ahead = new Map(trail?.upTo);
  const behind = new Map(cursor?.direction === 'newer' ? cursor.behind : []);
  const seen = new Map<string, Seen>(trail?.seen);

  function owedOf(feed: string, part: string): Owed | undefined {
    return behind.has(feed) ? behind.get(feed) : behind.get(part);
  }

  function upTo(feed: string, part: string): number {
    const owed = owedOf(feed, part);
    return Math.max(ahead.get(feed) ?? Number.NEGATIVE_INFINITY, owed === undefined ? base : beforeOwed(owed));
  }

  function cursorWith(given: Iterable<readonly [string, Seen]>, asOf: number): Cursor {
    return {
      position: placeAfter(newest),
      direction: 'newer',
      asOf,
      hints: new Map(),
      done: new Set(),
      behind: new Map(behind),
      trail: { from: base, upTo: new Map(ahead), seen: new Map(given) },
    };
  }

  function forget(): void {
    // Which part a feed belongs to is not kept with its events: any that is behind may be the one.
    const lowest = Math.min(base, ...[...behind.values()].map(beforeOwed));
    for (const [key, { feed, time }] of seen)
      if (time <= upTo(feed, feed) && isSure(feed, time, lowest)) seen.delete(key);
    // By half, so that this is rare.
    if (seen.size > MAX_KEPT) for (const [key] of byAge(seen).slice(0, -MAX_KEPT / 2)) seen.delete(key);
    if (ahead.size > MAX_OWN_PLACES) {
      const least = [...ahead].toSorted(([, a], [, b]) => a - b).slice(0, ahead.size - MAX_OWN_PLACES);
      for (const [feed] of least) ahead.delete(feed);
    }
  }

  function isSure(feed: string, time: number, lowest: number): boolean {
    return time <= lowest || ahead.has(feed) || behind.has(feed);
  }

  return {
    upTo,
    isAmid: (feed, part) => owedOf(feed, part)?.id !== undefined,
    hasSeen: (key) => seen.has(key),
    give(events) {
      for (const event of events) {
        seen.set(event.key, { feed: event.feed, time: event.time });
        newest = Math.max(newest, event.time);
      }
      forget();
    },
    settle(places) {
      const reached = places.map((place) => {
        const { feed, owed, part, settled } = place;
        const at = Math.max(upTo(feed, part), settled ?? Number.NEGATIVE_INFINITY);
        const exact = [owed, owedOf(feed, part)].find((each) => each !== undefined && beforeOwed(each) === at);
        return { ...place, at, exact };
      });
      const healthy = reached.filter(({ isFailing }) => !isFailing);
      if (healthy.length > 0) base = Math.max(base, Math.min(...healthy.map(({ at }) => at)));
      const unknown = new Set(reached.flatMap(({ feed, isPart }) => (isPart ? feed : [])));
      const named = new Set(reached.map(({ feed }) => feed));
      const isGone = (key: string) =>
        !named.has(key) && (unknown.size === 0 || reached.some(({ part }) => part === key));
      for (const key of [...ahead.keys()]) if (isGone(key)) ahead.delete(key);
      for (const key of [...behind.keys()]) if (isGone(key)) behind.delete(key);
      for (const { at, exact, feed, isFailing, newest: own, settled } of reached) {
        ahead.delete(feed);
        behind.delete(feed);
        if (own !== null) newest = Math.max(newest, own);
        // A feed without events since then needs no place of its own, unless they are only not known here yet.
        const isEmpty = own === null ? !isFailing : own <= base;
        const isKnownHere = settled !== null && settled >= at;
        if (at < base) behind.set(feed, exact ?? { time: at + 1 });
        else if (at > base && !(isEmpty && isKnownHere)) ahead.set(feed, at);
      }
      forget();
    },
    cursor: (asOf) => cursorWith(newestOf(seen), asOf),
    wholeCursor: (asOf) => cursorWith(seen, asOf),
  };
}

/** Up to when nothing is owed. */
function beforeOwed(owed: Owed): number {
  return owed === null ? Number.NEGATIVE_INFINITY : owed.time - 1;
}

/** The cursor with no more events than a client's can name. */
export function shortened(cursor: Cursor): Cursor {
  const { trail } = cursor;
  return trail ? { ...cursor, trail: { ...trail, seen: new Map(newestOf(trail.seen)) } } : cursor;
}

function byAge(seen: ReadonlyMap<string, Seen>): (readonly [string, Seen])[] {
  return [...seen].toSorted(([, a], [, b]) => a.time - b.time);
}

function newestOf(seen: ReadonlyMap<string, Seen>): Iterable<readonly [string, Seen]> {
  return seen.size <= MAX_SEEN ? seen : byAge(seen).slice(-MAX_SEEN);
}
