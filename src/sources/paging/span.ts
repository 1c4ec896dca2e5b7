/** The milliseconds that a read is about. */
import type { FeedRequest, FeedRow } from '../../timeline/feed.ts';

/** Both ends inclusive; infinite when open. */
export interface Span {
  oldest: number;
  newest: number;
}

/** What is left of a span for a read that begins at `start` and goes in `direction`. */
export function spanFrom({ direction, start }: Pick<FeedRequest, 'direction' | 'start'>, whole: Span): Span {
  if (start === null) return whole;
  const { newest, oldest } = whole;
  return direction === 'older'
    ? { oldest, newest: Math.min(newest, start.time) }
    : { oldest: Math.max(oldest, start.time), newest };
}

export function within<Row extends FeedRow>(rows: readonly Row[], { newest, oldest }: Span): Row[] {
  return rows.filter(({ event }) => event.occurredAt >= oldest && event.occurredAt <= newest);
}

/** Whether a newest-first listing has left the span at its old end. */
export function reachesBelow(rows: readonly FeedRow[], { oldest }: Span): boolean {
  return (rows.at(-1)?.event.occurredAt ?? Number.POSITIVE_INFINITY) < oldest;
}
