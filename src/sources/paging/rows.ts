/** What every feed does with the rows of an upstream: check their order, and cut off what a reader knows already. */
import type { Direction, FeedRow, Start } from '../../timeline/feed.ts';

/**
 * Which of two events of one millisecond comes first, for a feed whose upstream documents no order: negative if it is `a`.
 * Without one, the upstream's own sequence is the order.
 */
export type TieOrder = (a: string, b: string) => number;

/** No upstream's order is taken on trust. Only milliseconds count: inside one, the upstream's sequence is the order. */
export function isNewestFirst(rows: readonly FeedRow[]): boolean {
  return rows.every((row, index) => {
    const before = rows[index - 1];
    return before === undefined || row.event.occurredAt <= before.event.occurredAt;
  });
}

export function toNewestFirst<Row extends FeedRow>(rows: readonly Row[], ties: TieOrder | undefined): Row[] {
  return rows.toSorted((a, b) => b.event.occurredAt - a.event.occurredAt || (ties?.(a.event.id, b.event.id) ?? 0));
}

/** The rows that are not there yet, each once: an upstream may list an event on two pages, or twice on one. */
export function unseen<Row extends FeedRow>(rows: readonly Row[], there: readonly FeedRow[]): Row[] {
  const seen = new Set(there.map(({ event }) => event.id));
  return rows.filter(({ event }) => !seen.has(event.id) && seen.add(event.id));
}

/** The rows of a newest-first listing but for its last millisecond, of which more may follow. */
export function withoutLastMillisecond<Row extends FeedRow>(rows: readonly Row[]): Row[] {
  const edge = rows.at(-1)?.event.occurredAt ?? 0;
  return rows.filter(({ event }) => event.occurredAt > edge);
}

/**
 * The rows of a newest-first listing that lie beyond `start`. Where the sequence is the upstream's own, an event that `start`
 * names may have vanished from the listing; then its whole millisecond counts as unread, since twice is better than never.
 */
export function rowsBeyond<Row extends FeedRow>(
  rows: readonly Row[],
  start: Start | null,
  direction: Direction,
  ties: TieOrder | undefined,
): Row[] {
  if (start === null) return [...rows];
  const { id, isWhole, time } = start;
  const sign = direction === 'older' ? 1 : -1;
  const known = ties ? -1 : indexOfKnown(rows, start);
  if (known >= 0) return direction === 'older' ? rows.slice(known + 1) : rows.slice(0, known);
  return rows.filter(({ event }) => {
    if (event.occurredAt !== time) return (time - event.occurredAt) * sign > 0;
    if (isWhole) return false;
    return id === undefined || ties === undefined || ties(id, event.id) * sign < 0;
  });
}

/** Where the event that `start` names stands in the listing; -1 if it is not there or none is named. */
export function indexOfKnown(rows: readonly FeedRow[], start: Start): number {
  if (start.id === undefined) return -1;
  return rows.findIndex(({ event }) => event.id === start.id && event.occurredAt === start.time);
}
