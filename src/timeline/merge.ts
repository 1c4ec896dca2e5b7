/**
 * The merge of several feeds, as arithmetic: which event is next, and where every feed stands after it.
 * It works in either direction; "nearer" means sooner met by the reader.
 */
import { compareEvents, compareKeys, type FlagEvent, type Position } from '../model.ts';
import type { Cursor, Owed } from './cursor.ts';
import type { Direction, Feed, FeedPage, FeedRow, Start } from './feed.ts';

/** One feed's part in the making of one page. */
export interface Lane {
  readonly feed: Feed;
  /** Rows read for this page, nearest first, whether or not they pass the filter. */
  readonly rows: { row: FeedRow; passes: boolean }[];
  /** Where the cursor says it has to go on. */
  readonly owed: Owed;
  /** The same place in the feed itself, and what makes resuming there fast. */
  readonly start: Start | null;
  readonly hint: unknown;
  /** Index of the first row that was neither given out nor passed over. */
  next: number;
  /** It failed on an earlier page and may still owe events that lie behind the reader. */
  late: boolean;
  /** It gave out such an event. */
  broughtLate: boolean;
  hasMore: boolean;
  reads: number;
  /** Events that could not be read. */
  skipped: number;
  error?: unknown;
  total?: number;
  reachesBackTo?: number;
}

/** A lane's next event, or (`index: null`) the edge of what was read of it: beyond that it must be read on. */
export interface Candidate {
  lane: Lane;
  index: number | null;
  time: number;
}

/** The lanes that are to be asked: a feed that `cursor` calls done has none. */
export function createLanes(feeds: readonly Feed[], cursor: Cursor | null, direction: Direction): Lane[] {
  const position = cursor?.position ?? null;
  const walk = continued(cursor, direction);
  return feeds
    .filter((feed) => !walk?.done.has(feed.key))
    .map((feed) => {
      const owing = [feed.key, feed.source].find((key) => walk?.behind.has(key));
      const owed = owing === undefined ? position : (walk?.behind.get(owing) ?? null);
      const start = startOf(owed, feed.key, direction);
      const late = owing !== undefined && position !== null;
      const hint = walk?.hints.get(feed.key);
      return {
        feed,
        rows: [],
        owed,
        start,
        hint,
        next: 0,
        late,
        broughtLate: false,
        hasMore: true,
        reads: 0,
        skipped: 0,
      };
    });
}

/** Takes in what a read of the lane's feed answered. */
export function extendLane(
  lane: Lane,
  page: FeedPage,
  direction: Direction,
  passes: (event: FlagEvent) => boolean,
): void {
  const rows = direction === 'older' ? page.rows : page.rows.toReversed();
  for (const row of rows) lane.rows.push({ row, passes: passes(row.event) });
  lane.hasMore = page.hasMore && rows.length > 0;
  lane.reads += 1;
  lane.skipped += page.skipped ?? 0;
  if (page.total !== undefined) lane.total = page.total;
  if (page.reachesBackTo !== undefined) lane.reachesBackTo = page.reachesBackTo;
}

/** The end of what was read of a feed: where its next read starts. */
export function frontierOf(lane: Lane): { start: Start | null; hint: unknown } {
  const last = lane.rows.at(-1)?.row;
  return last ? { start: startAfter(last), hint: last.hint } : { start: lane.start, hint: lane.hint };
}

/** What the reader meets next; `undefined` when every lane is at its end. Failed lanes take no part. */
export function nearest(lanes: readonly Lane[], direction: Direction): Candidate | undefined {
  let best: Candidate | undefined;
  for (const lane of lanes) {
    const candidate = lane.error === undefined ? candidateOf(lane) : undefined;
    if (candidate && (best === undefined || isNearer(placeOf(candidate), placeOf(best), direction))) best = candidate;
  }
  return best;
}

/** The lane's next event that passes the filter, else the edge of what was read of it, else nothing. */
export function candidateOf(lane: Lane): Candidate | undefined {
  for (let index = lane.next; index < lane.rows.length; index += 1) {
    const entry = lane.rows[index];
    if (entry?.passes) return { lane, index, time: entry.row.event.occurredAt };
  }
  const last = lane.rows.at(-1);
  return last && lane.hasMore ? { lane, index: null, time: last.row.event.occurredAt } : undefined;
}

/** Gives out the lane's event at `index`, and says where the reader then stands: a late event does not move them. */
export function take(
  lane: Lane,
  index: number,
  event: FlagEvent,
  reader: Position | null,
  direction: Direction,
): Position {
  lane.next = index + 1;
  const place = { time: event.occurredAt, feed: lane.feed.key, id: event.id };
  if (lane.late && reader !== null && isNearer(place, reader, direction)) {
    lane.broughtLate = true;
    return reader;
  }
  lane.late = false;
  return place;
}

/** Leaves behind everything that was read of the lane, none of which passes the filter; says where the reader then stands. */
export function leaveBehind(lane: Lane, reader: Position | null): Position | null {
  const last = lane.rows.at(-1)?.row.event;
  lane.next = lane.rows.length;
  return lane.late || last === undefined ? reader : { time: last.occurredAt, feed: lane.feed.key, id: last.id };
}

/** The cursor of a reader who stands at `position` amid these lanes, having come from `before`. */
export function cursorAt(
  position: Position | null,
  lanes: readonly Lane[],
  direction: Direction,
  before: Cursor | null,
  asOf: number,
): Cursor {
  const hints = new Map<string, unknown>();
  const done = new Set<string>(continued(before, direction)?.done);
  const behind = new Map<string, Owed>();
  for (const lane of lanes) {
    const { isWholeSource, key } = lane.feed;
    if (isWholeSource) {
      // Nothing is known of the source's feeds, so what they owed stays as it was.
      for (const [feed, owed] of continued(before, direction)?.behind ?? []) {
        if (feed.startsWith(`${key}/`)) behind.set(feed, owed);
      }
      behind.set(key, lane.owed);
      continue;
    }
    settle(lane, position, direction);
    const passed = lane.rows[lane.next - 1]?.row;
    const at = lane.error === undefined ? passed && { start: startAfter(passed), hint: passed.hint } : frontierOf(lane);
    const { start, hint } = at ?? lane;
    if (lane.error !== undefined || lane.late) behind.set(key, start);
    const isDone = lane.error === undefined && !lane.hasMore && lane.next === lane.rows.length;
    // Newer events keep coming, so only the past is ever done with.
    if (isDone && direction === 'older') done.add(key);
    else if (hint !== undefined) hints.set(key, hint);
  }
  return { position, direction, asOf, hints, done, behind };
}

/** Rows the filter refuses are left behind as the reader passes them; a lane that owes nothing more is not late. */
function settle(lane: Lane, position: Position | null, direction: Direction): void {
  if (position === null || lane.error !== undefined) return;
  const isBehind = (index: number) => {
    const event = lane.rows[index]?.row.event;
    return event && isNearer({ time: event.occurredAt, feed: lane.feed.key }, position, direction);
  };
  while (isBehind(lane.next) && !lane.rows[lane.next]?.passes) lane.next += 1;
  const readUpToHere = lane.next < lane.rows.length || !lane.hasMore;
  if (lane.late && readUpToHere && !isBehind(lane.next)) lane.late = false;
}

/** Where a feed goes on from a place that may be another feed's. */
function startOf(place: Owed, feed: string, direction: Direction): Start | null {
  if (place === null || place.feed === undefined) return place;
  const { id, time } = place;
  const order = compareKeys(feed, place.feed);
  if (order === 0) return id === undefined ? { time } : { time, id };
  if (direction === 'older') return { time: order < 0 ? time - 1 : time };
  return { time: order < 0 ? time : time + 1 };
}

function startAfter({ event }: FeedRow): Start {
  return { time: event.occurredAt, id: event.id };
}

/** A cursor of a walk the other way is a position and no more. */
function continued(cursor: Cursor | null, direction: Direction): Cursor | null {
  return cursor?.direction === direction ? cursor : null;
}

function placeOf({ lane, time }: Candidate): { time: number; feed: string } {
  return { time, feed: lane.feed.key };
}

function isNearer(a: { time: number; feed: string }, b: { time: number; feed: string }, direction: Direction): boolean {
  const order = compareEvents({ occurredAt: a.time, feed: a.feed }, { occurredAt: b.time, feed: b.feed });
  return direction === 'older' ? order < 0 : order > 0;
}
