/** Reads a newest-first listing downwards from a moment, page by page, until there is something that the reader does not know. */
import type { FeedPage, FeedRow, Start } from '../../timeline/feed.ts';
import { isNewestFirst, rowsBeyond, type TieOrder, toNewestFirst, unseen, withoutLastMillisecond } from './rows.ts';
import { reachesBelow, type Span, within } from './span.ts';

/** One page of an upstream's listing. */
export interface Listed<Place, Row extends FeedRow = FeedRow> {
  rows: Row[];
  /** Events of the page that could not be read. */
  skipped: number;
  /** Where the listing goes on, if the upstream says so. */
  next: Place | undefined;
  /** All that the listing holds, if the upstream says so. */
  total: number | null;
}

export interface OlderOptions<Place> {
  list(size: number, place: Place | undefined): Promise<Listed<Place>>;
  /** What the reader may have; the listing may hold more at both ends. */
  span: Span;
  start: Start | null;
  /** How many rows to ask for at first. */
  size: number;
  /**
   * If those did not suffice. What fits in one page of this size comes from one answer, so that it does not matter in which
   * sequence the events of one millisecond come from call to call.
   */
  maxSize: number;
  /** For an upstream that documents no order inside one millisecond: a millisecond is given whole or not yet. */
  ties: TieOrder;
}

/**
 * Ends when the listing does. `null`: it is of no use for reading downwards, being out of order or cut off inside a
 * millisecond without a way on.
 */
export async function readOlder<Place extends string | number>(
  options: OlderOptions<Place>,
): Promise<(FeedPage & { total?: number }) | null> {
  const { list, maxSize, span, start, ties } = options;
  let rows: FeedRow[] = [];
  let [listed, skipped] = [0, 0];
  let place: Place | undefined;
  for (let size = Math.min(options.size, maxSize); ; ) {
    const page = await list(size, place);
    const fresh = unseen(page.rows, rows);
    rows.push(...fresh);
    listed += page.rows.length + page.skipped;
    skipped += page.skipped;
    if (!isNewestFirst(rows)) return null;
    const isLast = page.next === undefined || (fresh.length === 0 && page.skipped === 0);
    // Links may be missing and pages be short for one call: an end is an end if the count agrees.
    const isCounted = page.total !== null && listed >= page.total;
    const isWhole = (isLast && isCounted) || reachesBelow(rows, span);
    const given = beyond(isWhole ? rows : withoutLastMillisecond(rows));
    const total = page.total === null ? {} : { total: page.total };
    if (isWhole) return { rows: given, reached: null, skipped, ...total };
    const edge = rows.at(-1)?.event.occurredAt;
    if (given.length > 0 && edge !== undefined) return { rows: given, reached: { time: edge }, skipped, ...total };
    // Nothing above the edge is left to know, so its millisecond can be asked for by itself, in one answer.
    const isFurther = edge !== undefined && (start === null || edge < start.time);
    if (isFurther && size === maxSize && !isLast) return { rows: [], reached: { time: edge }, skipped };
    if (size < maxSize) {
      [rows, listed, skipped, size] = [[], 0, 0, maxSize];
    } else if (!isLast) {
      place = page.next;
    } else if (page.total !== null || page.rows.length + page.skipped >= size) {
      return null;
    } else {
      // Nothing counts what there is: the end is where nothing comes below what the reader knows.
      const isEnd = edge === undefined || edge === start?.time;
      return { rows: beyond(rows), reached: isEnd ? null : { time: edge, isWhole: true }, skipped };
    }
  }

  function beyond(complete: readonly FeedRow[]): FeedRow[] {
    return within(rowsBeyond(toNewestFirst(complete, ties), start, 'older', ties), span);
  }
}
