/** What every feed does with the rows of an upstream: check their order, and cut off what a reader knows already. */
import type { Direction, FeedRow, Start } from '../../timeline/feed.ts';

/** No upstream's order is taken on trust. Only milliseconds count: inside one, the upstream's sequence is the order. */
export function isNewestFirst(rows: readonly FeedRow[]): boolean {
  return rows.every((row, index) => {
    const before = rows[index - 1];
    return before === undefined || row.event.occurredAt <= before.event.occurredAt;
  });
}

export function toNewestFirst<Row extends FeedRow>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => b.event.occurredAt - a.event.occurredAt);
}

/** The rows that are not there yet, each once: an upstream may list an event on two pages, or twice on one. */
export function unseen<Row extends FeedRow>(rows: readonly Row[], there: readonly FeedRow[]): Row[] {
  const seen = new Set(there.map(({ event }) => event.id));
  return rows.filter(({ event }) => !seen.has(event.id) && seen.add(event.id));
}

/**
 * The rows of a newest-first listing that lie beyond `start`. An event that `start` names but the listing does not hold
 * has vanished upstream; then its whole millisecond counts as unread, since late twice is better than never.
 */
export function rowsBeyond<Row extends FeedRow>(
  rows: readonly Row[],
  start: Start | null,
  direction: Direction,
): Row[] {
  if (start === null) return [...rows];
  const known = indexOfKnown(rows, start);
  if (direction === 'older') {
    return known >= 0 ? rows.slice(known + 1) : rows.filter(({ event }) => event.occurredAt <= start.time);
  }
  return known >= 0 ? rows.slice(0, known) : rows.filter(({ event }) => event.occurredAt >= start.time);
}

/** Where the event that `start` names stands in the listing; -1 if it is not there or none is named. */
export function indexOfKnown(rows: readonly FeedRow[], start: Start): number {
  if (start.id === undefined) return -1;
  return rows.findIndex(({ event }) => event.id === start.id && event.occurredAt === start.time);
}
