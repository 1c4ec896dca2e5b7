/**
 * The merge of several feeds, as arithmetic: which event is next, and where every feed stands after it.
 * It works in either direction; "nearer" means sooner met by the reader.
 */
import { compareEvents, compareKeys, type FlagEvent, type Position } from '../model.ts';
import { type Cursor, type Owed, shortKey, shortKeyOf } from './cursor.ts';
import { type Direction, type Feed, type FeedPage, type FeedRow, type Start, withoutWhole } from './feed.ts';

/** One feed's part in the making of one page. */
export interface Lane {
  readonly feed: Feed;
  /** What cursors call the feed. */
  readonly key: string;
  /** It stands in for all feeds of a part that could not say which they are; it only ever fails. */
  readonly isStandIn: boolean;
  /** Rows read for this page, nearest first, whether or not they pass the filter. */
  readonly rows: { row: FeedRow; passes: boolean; isKnown?: boolean }[];
  /** An earlier page went without it. */
  readonly isOwed: boolean;
  /** Where the cursor says it has to go on. */
  readonly owed: Owed;
  /** The same place in the feed itself, and what makes resuming there fast. */
  readonly start: Start | null;
  readonly hint: unknown;
  /**
   * The event that the reader has had last, where both that and the bound stand in one millisecond of this feed: only the
   * feed knows which comes first, so the millisecond is read from its beginning, and what is known of it is passed over.
   */
  readonly knownUpTo: string | undefined;
  /** Index of the row that the walk is bounded by, once it was read. */
  boundAt: number | undefined;
  /** Index of the first row that was neither given out nor passed over. */
  next: number;
  /** How far it was read: where its next read goes on. `isAtEnd`: there is nothing beyond. */
  frontier: { start: Start | null; hint: unknown; isAtEnd: boolean };
  /** It failed on an earlier page and may still owe events that lie behind the reader. */
  late: boolean;
  /** It gave out such an event. */
  broughtLate: boolean;
  reads: number;
  /** For the cursors of the page. */
  mark?: Mark;
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

/** Where a page is in its walk. */
export interface Walk {
  /** What the page was asked with; `null` at the beginning. */
  cursor: Cursor | null;
  direction: Direction;
  asOf: number;
  /** The walk ends here: what stands at it or beyond it is not given out. */
  bound: Bound | null;
}

/** A place in the timeline as the end of a walk towards it. */
export interface Bound {
  /** Infinite at the ends of the timeline. */
  time: number;
  feed: string;
  /** That event itself is beyond the bound. */
  id?: string;
  /** Without an event: whether the feed's part of that millisecond lies before the bound. */
  isPartInside: boolean;
}

/** `cursor` as the end of a walk in `direction`, whichever way the walk went that it comes from. */
export function boundOf({ direction: own, position }: Cursor, direction: Direction): Bound {
  if (position === null) return endOfTimeline(own);
  const { feed, id, time } = position;
  return { time, feed, ...(id !== undefined && { id }), isPartInside: own !== direction };
}

/** Where a walk in this direction begins: as a bound of that same walk it leaves nothing. */
export function endOfTimeline(direction: Direction): Bound {
  const time = direction === 'older' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return { time, feed: '', isPartInside: false };
}

/** Whether the lane has nothing to give before the bound, as far as is known without reading it. */
export function isBeyondBound({ feed, start }: Lane, walk: Walk): boolean {
  if (start === null) return leavesNothing(walk);
  return isBeyond({ time: start.time, feed: feed.key }, walk, false);
}

/** Whether what a feed owes may lie before the bound. */
export function isOwedBeforeBound(owed: Owed, walk: Walk): boolean {
  const { bound, direction } = walk;
  if (bound === null) return true;
  if (owed === null || owed.time === bound.time) return !leavesNothing(walk);
  return direction === 'older' ? owed.time > bound.time : owed.time < bound.time;
}

function leavesNothing({ bound, direction }: Walk): boolean {
  return bound?.time === endOfTimeline(direction).time;
}

/** A lane for a feed of the part; `undefined` if the cursor says that the feed has nothing more to give. */
export function createLane(
  feed: Feed,
  part: string,
  { bound, cursor, direction }: Walk,
  isStandIn = false,
): Lane | undefined {
  const walk = continued(cursor, direction);
  const key = shortKeyOf(feed);
  if (walk?.done.has(key)) return undefined;
  const position = cursor?.position ?? null;
  const owing = walk?.behind.size ? [key, shortKey(part)].find((each) => walk.behind.has(each)) : undefined;
  const owed = owing === undefined ? position : (walk?.behind.get(owing) ?? null);
  const place = startOf(owed, feed.key, direction);
  const isEntangled = bound?.feed === feed.key && bound.id !== undefined && bound.time === place?.time;
  const knownUpTo = isEntangled ? place?.id : undefined;
  const start = knownUpTo === undefined || place === null ? place : { time: place.time };
  const hint = knownUpTo === undefined ? walk?.hints.get(key) : undefined;
  return {
    feed,
    key,
    isStandIn,
    rows: [],
    isOwed: owing !== undefined,
    owed,
    start,
    hint,
    knownUpTo,
    boundAt: undefined,
    next: 0,
    frontier: { start, hint, isAtEnd: false },
    late: owing !== undefined && position !== null,
    broughtLate: false,
    reads: 0,
    skipped: 0,
  };
}

/** Takes in what a read of the lane's feed answered. */
export function extendLane(
  lane: Lane,
  page: FeedPage,
  { bound, direction }: Walk,
  passes: (event: FlagEvent) => boolean,
): void {
  const rows = direction === 'older' ? page.rows : page.rows.toReversed();
  const isBound = ({ event }: FeedRow) => event.id === bound?.id && event.occurredAt === bound.time;
  for (const row of rows) {
    if (lane.feed.key === bound?.feed && isBound(row)) lane.boundAt ??= lane.rows.length;
    lane.rows.push({ row, passes: passes(row.event) });
  }
  passOverKnown(lane);
  const { reached } = page;
  const last = rows.at(-1);
  const hint = page.hint ?? (last && reached?.id === last.event.id ? last.hint : undefined);
  lane.frontier = { start: reached, hint, isAtEnd: reached === null };
  lane.reads += 1;
  lane.skipped += page.skipped;
  if (page.total !== undefined) lane.total = page.total;
  if (page.reachesBackTo !== undefined) lane.reachesBackTo = page.reachesBackTo;
}

/** What the reader meets next; `undefined` when every lane is at its end, or the bound. Failed lanes take no part. */
export function nearest(lanes: readonly Lane[], walk: Walk): Candidate | undefined {
  const { direction } = walk;
  let best: Candidate | undefined;
  for (const lane of lanes) {
    const candidate = lane.error === undefined ? candidateOf(lane, walk) : undefined;
    if (candidate && (best === undefined || isNearerThan(candidate, best, direction))) best = candidate;
  }
  return best;
}

function isNearerThan(a: Candidate, b: Candidate, direction: Direction): boolean {
  const order = b.time - a.time || compareKeys(a.lane.feed.key, b.lane.feed.key);
  return direction === 'older' ? order < 0 : order > 0;
}

/** The lane's next event that passes the filter, else the edge of what was read of it, else nothing. */
export function candidateOf(lane: Lane, walk: Walk): Candidate | undefined {
  const { boundAt, feed, frontier, rows } = lane;
  const within = (index: number | null, time: number) =>
    isBeyond({ time, feed: feed.key }, walk, boundAt !== undefined && (index ?? rows.length) >= boundAt)
      ? undefined
      : { lane, index, time };
  for (let index = lane.next; index < rows.length; index += 1) {
    const entry = rows[index];
    if (entry?.passes && !entry.isKnown) return within(index, entry.row.event.occurredAt);
  }
  const { isAtEnd, start } = frontier;
  return isAtEnd || start === null ? undefined : within(null, start.time);
}

/**
 * The lanes that have to be read on for so many events more: those whose edge comes before the last of the events that are
 * known already. What lies beyond is not needed yet.
 */
export function lanesAtTheirEdge(lanes: readonly Lane[], wanted: number, walk: Walk): Lane[] {
  const { direction } = walk;
  const healthy = lanes.filter(({ error }) => error === undefined);
  const known = healthy
    .flatMap(({ feed, next, rows }) =>
      rows
        .slice(next)
        .filter(({ isKnown, passes }) => passes && !isKnown)
        .slice(0, wanted)
        .map(({ row }) => ({ time: row.event.occurredAt, feed: feed.key })),
    )
    .toSorted((a, b) => (isNearer(a, b, direction) ? -1 : isNearer(b, a, direction) ? 1 : 0));
  const last = known[wanted - 1];
  return healthy.filter((lane) => {
    const candidate = candidateOf(lane, walk);
    if (candidate?.index !== null) return false;
    return last === undefined || !isNearer(last, { time: candidate.time, feed: lane.feed.key }, direction);
  });
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
export function leaveBehind(lane: Lane, reader: Position | null, direction: Direction): Position | null {
  lane.next = lane.rows.length;
  const { start } = lane.frontier;
  if (lane.late || start === null) return reader;
  const { id, time } = withoutWhole(start, direction);
  return { time, feed: lane.feed.key, ...(id !== undefined && { id }) };
}

/** Gives the cursor of a reader who stands at `position` amid the lanes as they are now; it is made when it is called for. */
export type CursorMaker = (position: Position | null) => () => Cursor;

/**
 * For the cursors of one page. `isKnown` tells the feeds there are by their short keys: of any other, nothing is carried on,
 * unless a part could not say which feeds it has.
 */
export function createCursorMaker(
  lanes: readonly Lane[],
  { asOf, cursor, direction }: Walk,
  isKnown: (key: string) => boolean,
): CursorMaker {
  const before = continued(cursor, direction);
  const isCertain = lanes.every((lane) => !lane.isStandIn);

  function make(position: Position | null, marks: readonly Mark[]): Cursor {
    const hints = new Map<string, unknown>();
    const done = new Set<string>();
    const behind = new Map<string, Owed>();
    for (const key of before?.done ?? []) if (!isCertain || isKnown(key)) done.add(key);
    if (!isCertain) for (const [key, owed] of before?.behind ?? []) if (!isKnown(key)) behind.set(key, owed);
    for (const mark of marks) {
      const { lane } = mark;
      if (lane.isStandIn) {
        behind.set(lane.key, lane.owed);
        continue;
      }
      const { hint, start } = standsAt(mark);
      // A feed that gave nothing is owed from the very place that it was owed from.
      const at = mark.hasRead ? start && withoutWhole(start, direction) : lane.owed;
      if (mark.hasFailed || mark.late) behind.set(lane.key, at);
      const isDone = !mark.hasFailed && mark.frontier.isAtEnd && mark.isAllGiven;
      // Newer events keep coming, so only the past is ever done with.
      if (isDone && direction === 'older') done.add(lane.key);
      else if (hint !== undefined) hints.set(lane.key, hint);
    }
    const trail = direction === 'newer' && before?.trail && { ...before.trail, from: null };
    return { position, direction, asOf, hints, done, behind, ...(trail && { trail }) };
  }

  return (position) => {
    for (const lane of lanes) settle(lane, position, direction);
    const marks = lanes.map(markOf);
    let made: Cursor | undefined;
    return () => {
      made ??= make(position, marks);
      return made;
    };
  };
}

/** Where a lane stood at some moment. The same one for as long as nothing has changed. */
interface Mark {
  readonly lane: Lane;
  readonly next: number;
  readonly isAllGiven: boolean;
  readonly frontier: Lane['frontier'];
  readonly hasRead: boolean;
  readonly hasFailed: boolean;
  readonly late: boolean;
}

function markOf(lane: Lane): Mark {
  const { frontier, late, mark, next, rows } = lane;
  const isAllGiven = next === rows.length;
  const hasFailed = lane.error !== undefined;
  const isSame =
    mark?.next === next &&
    mark.isAllGiven === isAllGiven &&
    mark.frontier === frontier &&
    mark.hasFailed === hasFailed &&
    mark.late === late;
  if (isSame) return mark;
  const taken = { lane, next, isAllGiven, frontier, hasRead: lane.reads > 0, hasFailed, late };
  lane.mark = taken;
  return taken;
}

/** Where a lane has to go on: after what was given out of it, or at the end of what was read if it has failed since. */
function standsAt({ frontier, hasFailed, hasRead, isAllGiven, lane, next }: Mark): {
  start: Start | null;
  hint: unknown;
} {
  if (hasFailed || (isAllGiven && hasRead && !frontier.isAtEnd)) return frontier;
  const passed = lane.rows[next - 1]?.row;
  return passed
    ? { start: { time: passed.event.occurredAt, id: passed.event.id }, hint: passed.hint }
    : { start: lane.start, hint: lane.hint };
}

/** Rows the filter refuses are left behind as the reader passes them; a lane that owes nothing more is not late. */
function settle(lane: Lane, position: Position | null, direction: Direction): void {
  if (position === null || lane.error !== undefined) return;
  if (!lane.late && (lane.next === lane.rows.length || lane.rows[lane.next]?.passes)) return;
  const isBehind = (index: number) => {
    const event = lane.rows[index]?.row.event;
    return event && isNearer({ time: event.occurredAt, feed: lane.feed.key }, position, direction);
  };
  while (isBehind(lane.next) && !lane.rows[lane.next]?.passes) lane.next += 1;
  const { isAtEnd, start } = lane.frontier;
  const isReadToHere =
    lane.next < lane.rows.length ||
    isAtEnd ||
    (start !== null && !isNearer({ time: start.time, feed: lane.feed.key }, position, direction));
  if (lane.late && isReadToHere && !isBehind(lane.next)) lane.late = false;
}

/** Where a feed goes on from a place that may be another feed's. */
function startOf(place: Owed, feed: string, direction: Direction): Start | null {
  if (place === null) return null;
  const { id, time } = place;
  const order = place.feed === undefined ? 0 : compareKeys(feed, place.feed);
  if (order === 0) return id === undefined ? { time } : { time, id };
  const isPassed = direction === 'older' ? order < 0 : order > 0;
  return isPassed ? { time, isWhole: true } : { time };
}

/** Rows up to the one that the reader has had last are no part of the walk. If that one has vanished, all of them are. */
function passOverKnown({ knownUpTo, rows, start }: Lane): void {
  if (knownUpTo === undefined) return;
  const isTied = (row: FeedRow | undefined) => row?.event.occurredAt === start?.time;
  const last = rows.findIndex(({ row }) => row.event.id === knownUpTo && isTied(row));
  const mayFollow = last < 0 && isTied(rows.at(-1)?.row);
  for (const [index, entry] of rows.entries()) entry.isKnown = mayFollow || index <= last;
}

/** `isBehindEvent`: it stands at or behind the event that the bound names, in that event's own feed. */
function isBeyond(place: { time: number; feed: string }, { bound, direction }: Walk, isBehindEvent: boolean): boolean {
  if (bound === null) return false;
  if (place.time === bound.time && place.feed === bound.feed)
    return bound.id === undefined ? !bound.isPartInside : isBehindEvent;
  return isNearer(bound, place, direction);
}

/** A cursor of a walk the other way is a position and no more. */
function continued(cursor: Cursor | null, direction: Direction): Cursor | null {
  return cursor?.direction === direction ? cursor : null;
}

function isNearer(a: { time: number; feed: string }, b: { time: number; feed: string }, direction: Direction): boolean {
  const order = compareEvents({ occurredAt: a.time, feed: a.feed }, { occurredAt: b.time, feed: b.feed });
  return direction === 'older' ? order < 0 : order > 0;
}
