/**
 * The slow, sure way to the rows nearest to a moment, for an upstream that lists only one way or out of order:
 * read a whole window of time beside the moment, and widen it until it holds enough.
 */
import type { Direction, FeedRow, Start } from '../../timeline/feed.ts';
import { rowsBeyond } from './rows.ts';

const FIRST_REACH_MS = 24 * 60 * 60 * 1000;
const STEP = 4;
/** What is empty costs little, so go further. */
const LEAP = 16;

export interface WidenOptions {
  direction: Direction;
  /** The moment, Unix milliseconds, and how far the window may grow. Both are inclusive. */
  from: number;
  edge: number;
  start: Start | null;
  limit: number;
  /**
   * Every row from the first to the second moment, both inclusive, newest first; or `null` if they are too many to read
   * at one go, which a caller who says `mustAnswer` does not accept.
   */
  drain(oldest: number, newest: number, mustAnswer: boolean): Promise<FeedRow[] | null>;
}

/** Newest first, and contiguous from `start`. */
export async function widen(options: WidenOptions): Promise<{ rows: FeedRow[]; hasMore: boolean }> {
  const { direction, edge, from, limit, start } = options;
  const furthest = Math.abs(edge - from);
  let rows: FeedRow[] = [];
  let reached = -1;
  let tooFar = Number.POSITIVE_INFINITY;
  for (;;) {
    const wished =
      tooFar === Number.POSITIVE_INFINITY
        ? outwards(reached, rows.length === 0)
        : reached + Math.floor((tooFar - reached) / STEP);
    const reach = Math.min(Math.max(wished, reached + 1), furthest);
    const drained = await drainBeside(options, reach, reach === reached + 1);
    if (drained === null && rows.length > 0) return { rows, hasMore: true };
    if (drained === null) {
      tooFar = reach;
      continue;
    }
    reached = reach;
    rows = rowsBeyond(drained, start, direction);
    if (rows.length >= limit || reached === furthest) return { rows, hasMore: reached < furthest };
  }
}

function outwards(reached: number, isEmpty: boolean): number {
  return reached < 0 ? FIRST_REACH_MS : reached * (isEmpty ? LEAP : STEP);
}

function drainBeside({ direction, drain, from }: WidenOptions, reach: number, mustAnswer: boolean) {
  return direction === 'older' ? drain(from - reach, from, mustAnswer) : drain(from, from + reach, mustAnswer);
}
