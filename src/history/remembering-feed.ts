/**
 * A feed around a feed that remembers settled history, so that a walk asks its upstream for large pages and nobody asks for
 * the same rows twice. A first page is always asked for: it is small, and it is fresh.
 */
import { believe } from '../model.ts';
import {
  type Feed,
  type FeedPage,
  type FeedRequest,
  type FeedRow,
  type Part,
  type Start,
  withFeeds,
  withoutWhole,
} from '../timeline/feed.ts';
import { createMatcher, NO_FILTER } from '../timeline/filter.ts';
import type { History } from './history.ts';
import { indexAfter, indexBefore, knownFrom, type Segment } from './segments.ts';

/** What is older cannot change any more: impacts are complete, and rows that were committed late have come. */
export const SETTLED_AFTER_MS = 15 * 60 * 1000;

/** The part with feeds that remember. */
export function rememberingPart<P extends Part>(part: P, history: History): P {
  return withFeeds(part, (feed) => rememberingFeed(feed, history));
}

/** The feed itself if there is nothing to gain: it has no pages to read ahead. */
export function rememberingFeed(feed: Feed, history: History): Feed {
  const { fields: ownFields = [], maxPage } = feed;
  if (maxPage === undefined) return feed;
  const everything = feed.pushdown(NO_FILTER).key;

  async function read(request: FeedRequest): Promise<FeedPage> {
    const start = startOf(request);
    if (request.isFresh || start === null || start.time >= request.now - SETTLED_AFTER_MS) return feed.read(request);
    for (const listing of listingsFor(request)) {
      const page = recall(listing, start, request);
      if (page) {
        history.onRead?.(feed.source, true);
        // It is settled.
        believe(request.budget.calls, Number.POSITIVE_INFINITY);
        return page;
      }
    }
    history.onRead?.(feed.source, false);
    // Somebody is on their way into the past: the largest page saves calls.
    const isOnTheWay = request.start !== null && request.direction === 'older';
    const page = await feed.read(isOnTheWay ? { ...request, limit: Math.max(request.limit, maxPage ?? 0) } : request);
    if (page.skipped === 0) remember(start, page, request);
    return page;
  }

  /** Where the request's rows may be known, its own listing first. */
  function listingsFor({ fields, filter }: FeedRequest): Listing[] {
    const { isCheckable, key } = feed.pushdown(filter);
    const keys = isCheckable && key !== everything ? [key, everything] : [key];
    const wanted = ownFields.filter((field) => fields.has(field));
    // Rows that were fetched with more serve those who want less.
    const variants = wanted.length > 0 ? [wanted] : [wanted, ...ownFields.map((field) => [field])];
    return keys.flatMap((each) => variants.map((own) => ({ name: nameOf(each, own), isWider: each !== key })));
  }

  function nameOf(key: string, fields: readonly string[]): string {
    return JSON.stringify([feed.key, key, fields]);
  }

  /** The nearest rows that are known, and how far; `undefined` if not even the nearest is. */
  function recall({ isWider, name }: Listing, start: Start, request: FeedRequest): FeedPage | undefined {
    const { direction, filter, limit } = request;
    const bounds = boundsOf(request);
    const isOlder = direction === 'older';
    const matches = isWider ? createMatcher(filter) : undefined;
    const passes = ({ event }: FeedRow) => matches?.(event) === true && feed.matches(event, filter);
    let rows: FeedRow[] = [];
    let place = start;
    for (;;) {
      const segment = knownFrom(history.at(name, place.time), place, direction);
      if (segment === undefined) break;
      const most = isWider ? segment.rows.length : limit;
      const own = isOlder ? rowsAfter(segment, place, most) : rowsBefore(segment, place, most);
      const wanted = isWider ? own.filter(passes) : own;
      const inBounds = wanted.filter(
        ({ event }) => event.occurredAt >= bounds.oldest && event.occurredAt <= bounds.newest,
      );
      rows = isOlder ? [...rows, ...inBounds] : [...inBounds, ...rows];
      if (rows.length >= limit) {
        const nearest = isOlder ? rows.slice(0, limit) : rows.slice(-limit);
        return toPage(request, nearest, placeOf(isOlder ? nearest.at(-1) : nearest[0]));
      }
      const isAtEnd = isOlder ? segment.lo <= bounds.oldest : segment.hi >= bounds.newest;
      if (isAtEnd) return toPage(request, rows, null);
      place = { time: isOlder ? segment.lo - 1 : segment.hi + 1 };
    }
    // A few rows of a wider listing are no gain: the next read has to ask for the rest.
    return place === start || isWider ? undefined : toPage(request, rows, place);
  }

  function toPage({ asOf, direction, filter }: FeedRequest, rows: FeedRow[], reached: Start | null): FeedPage {
    const horizon = filter.window.from === null ? feed.horizon?.(asOf) : undefined;
    const hint = direction === 'older' ? rows.at(-1)?.hint : undefined;
    return {
      rows,
      reached,
      skipped: 0,
      ...(hint !== undefined && { hint }),
      ...(horizon !== undefined && { reachesBackTo: horizon }),
    };
  }

  /** Keeps the whole milliseconds that the page covers. */
  function remember(start: Start, { reached, rows }: FeedPage, request: FeedRequest): void {
    const { direction, fields, filter, now } = request;
    const bounds = boundsOf(request);
    const { id, time } = start;
    const span =
      direction === 'older'
        ? { hi: time, lo: reached === null ? bounds.oldest : reached.time + 1 }
        : { lo: id === undefined ? time : time + 1, hi: reached === null ? bounds.newest : reached.time - 1 };
    const { lo } = span;
    const hi = Math.min(span.hi, bounds.newest, now - SETTLED_AFTER_MS);
    if (lo > hi) return;
    const after = direction === 'older' && hi === time ? id : undefined;
    const own = rows.filter(({ event }) => event.occurredAt >= lo && event.occurredAt <= hi);
    const wanted = ownFields.filter((field) => fields.has(field));
    history.add(nameOf(feed.pushdown(filter).key, wanted), { lo, hi, after, rows: own });
  }

  /** Both inclusive. */
  function boundsOf({ asOf, filter: { window } }: FeedRequest): { oldest: number; newest: number } {
    return {
      oldest: window.from ?? feed.horizon?.(asOf) ?? Number.NEGATIVE_INFINITY,
      newest: window.to === null ? Number.POSITIVE_INFINITY : window.to - 1,
    };
  }

  return { ...feed, read };
}

interface Listing {
  name: string;
  /** It has rows besides the request's own. */
  isWider: boolean;
}

/** Where a read begins, inside of the window; `null` if that is the present moment, or the very beginning. */
function startOf({ direction, filter: { window }, start }: FeedRequest): Start | null {
  const isOlder = direction === 'older';
  const place = start && withoutWhole(start, direction);
  const { from, to } = window;
  if (!isOlder) return place && from !== null && place.time < from ? { time: from } : place;
  return to !== null && (place === null || place.time >= to) ? { time: to - 1 } : place;
}

function placeOf(row: FeedRow | undefined): Start | null {
  return row ? { time: row.event.occurredAt, id: row.event.id } : null;
}

function rowsAfter({ rows }: Segment, start: Start, most: number): FeedRow[] {
  const index = indexAfter(rows, start);
  return rows.slice(index, index + most);
}

function rowsBefore({ rows }: Segment, start: Start, most: number): FeedRow[] {
  const end = indexBefore(rows, start);
  return rows.slice(Math.max(0, end - most), end);
}
