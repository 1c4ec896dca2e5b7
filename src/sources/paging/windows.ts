/**
 * The slow, sure way to the rows nearest to a moment, for an upstream that lists only one way or out of order: window after
 * window of time, away from the moment, each read whole and once, until they hold enough.
 */
import type { Direction, FeedPage, FeedRow, Start } from '../../timeline/feed.ts';
import { rowsBeyond, type TieOrder } from './rows.ts';
import type { Span } from './span.ts';

const FIRST_WIDTH_MS = 24 * 60 * 60 * 1000;
const STEP = 4;
/** What is empty costs little, so go further. */
const LEAP = 16;
/** What is too much is often a burst: a few calls lead from a day to its milliseconds. */
const SHRINK = 32;

export interface WindowsOptions {
  direction: Direction;
  /** From where to where, both ends inclusive and finite. The reading begins at one end and may reach the other. */
  span: Span;
  start: Start | null;
  limit: number;
  ties: TieOrder | undefined;
  /**
   * All rows of a span, newest first; or `null` if they are too many to read at one go. The span of a single millisecond is
   * read however many they are.
   */
  drain(span: Span): Promise<Drained | null>;
}

export interface Drained {
  rows: FeedRow[];
  skipped: number;
}

export async function readByWindows(options: WindowsOptions): Promise<FeedPage> {
  const { direction, drain, limit, span, start, ties } = options;
  const isOlder = direction === 'older';
  let rows: FeedRow[] = [];
  let skipped = 0;
  let rest = span;
  let width = FIRST_WIDTH_MS;
  while (rest.oldest <= rest.newest && rows.length < limit) {
    const window: Span = isOlder
      ? { oldest: Math.max(rest.oldest, rest.newest - width + 1), newest: rest.newest }
      : { oldest: rest.oldest, newest: Math.min(rest.newest, rest.oldest + width - 1) };
    const drained = await drain(window);
    if (drained === null) {
      width = Math.max(1, Math.floor((window.newest - window.oldest + 1) / SHRINK));
      continue;
    }
    const beyond = rowsBeyond(drained.rows, start, direction, ties);
    rows = isOlder ? [...rows, ...beyond] : [...beyond, ...rows];
    skipped += drained.skipped;
    rest = isOlder ? { ...rest, newest: window.oldest - 1 } : { ...rest, oldest: window.newest + 1 };
    width *= drained.rows.length === 0 ? LEAP : STEP;
  }
  const isAtEnd = rest.oldest > rest.newest;
  return { rows, reached: isAtEnd ? null : { time: isOlder ? rest.newest : rest.oldest }, skipped };
}
