/** What is known of one listing: stretches of time in which every row is known. Pure arithmetic, no I/O. */
import type { Direction, FeedRow, Start } from '../timeline/feed.ts';

/**
 * Every row from `lo` to `hi`, both inclusive, in whole milliseconds, newest first; but of `hi` itself only what comes after
 * the event `after`, if there is one.
 */
export interface Segment {
  lo: number;
  hi: number;
  after?: string | undefined;
  rows: readonly FeedRow[];
}

/** Segments that do not overlap, newest first. */
export type Segments = readonly Segment[];

/** The segment that knows this millisecond. */
export function segmentAt(segments: Segments, time: number): Segment | undefined {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const segment = segments[middle];
    if (segment !== undefined && segment.lo > time) low = middle + 1;
    else high = middle;
  }
  const found = segments[low];
  return found !== undefined && found.hi >= time ? found : undefined;
}

/** What is left of `segment` outside of `other`: nothing, one part or two. */
export function without(segment: Segment, other: Pick<Segment, 'lo' | 'hi'>): Segment[] {
  if (other.hi < segment.lo || other.lo > segment.hi) return [segment];
  const above = { lo: other.hi + 1, hi: segment.hi, after: segment.after };
  const below = { lo: segment.lo, hi: other.lo - 1 };
  return [above, below].filter(({ hi, lo }) => lo <= hi).map((span) => ({ ...span, rows: rowsIn(segment.rows, span) }));
}

/** The segment as far as it says what comes next to a reader who stands at `start`, a millisecond of its own. */
export function knownFrom(segment: Segment | undefined, start: Start, direction: Direction): Segment | undefined {
  if (segment?.after === undefined) return segment;
  const { after, hi, rows } = segment;
  const { id, time } = start;
  // Towards now its last millisecond is no help: who comes to it needs all of it.
  if (direction === 'newer') return time < hi ? without(segment, { lo: hi, hi })[0] : undefined;
  const isKnown = time !== hi || id === after || (id !== undefined && indexOfId(rows, 0, time, id) !== undefined);
  return isKnown ? segment : undefined;
}

/** The index of the first row that a reader towards the past does not know who stands at `start`. */
export function indexAfter(rows: readonly FeedRow[], { id, time }: Start): number {
  const first = indexOfTime(rows, time);
  return id === undefined ? first : (indexOfId(rows, first, time, id) ?? first - 1) + 1;
}

/** The index just behind the last row that a reader towards now does not know who stands at `start`. */
export function indexBefore(rows: readonly FeedRow[], { id, time }: Start): number {
  const first = indexOfTime(rows, time);
  const end = indexOfTime(rows, time - 1);
  return id === undefined ? end : (indexOfId(rows, first, time, id) ?? end);
}

function rowsIn(rows: readonly FeedRow[], { hi, lo }: { lo: number; hi: number }): FeedRow[] {
  return rows.slice(indexOfTime(rows, hi), indexOfTime(rows, lo - 1));
}

/** The index of the first row at `time` or earlier. */
function indexOfTime(rows: readonly FeedRow[], time: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.event.occurredAt ?? Number.NEGATIVE_INFINITY) > time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function indexOfId(rows: readonly FeedRow[], from: number, time: number, id: string): number | undefined {
  for (let index = from; rows[index]?.event.occurredAt === time; index += 1) {
    if (rows[index]?.event.id === id) return index;
  }
  return undefined;
}
