/**
 * Unleash's event search as a feed. It pages by offset only, and offsets move whenever something happens, so an offset is
 * a hint that the rows around it have to prove; failing that, the day of the position is read from its top.
 */
import { z } from 'zod';
import type { FeedPage, FeedRequest, FeedRow, Start } from '../../timeline/feed.ts';
import { type EventFilter, NO_FILTER } from '../../timeline/filter.ts';
import { indexOfKnown, isNewestFirst, rowsBeyond, toNewestFirst, unseen } from '../paging/rows.ts';
import { reachesBelow, type Span, spanFrom, startIn, within } from '../paging/span.ts';
import { widen } from '../paging/widen.ts';
import { MAX_PAGE, type UnleashClient } from './client.ts';
import { toFlagEvent, type UnleashEvent, VENDOR } from './event.ts';
import type { UnleashFeed, Wanted } from './feed.ts';
import { type Capabilities, canMatch, matches, toSearchFilter } from './filter.ts';
import { searchAroundPoison } from './poison.ts';

export interface SearchFeedOptions {
  client: UnleashClient;
  source: string;
  url: URL;
  projects: readonly string[] | undefined;
  capabilities: Capabilities;
  /** What people are called, by their number. */
  creators: () => Promise<ReadonlyMap<number, string>>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Rows asked for when some will be sifted out here. */
const SIFTED_PAGE = 500;
/** A window that holds more is not read at one go. */
const MAX_DRAIN = 5 * MAX_PAGE;
/** How many pages are read on from a hint before the position's own day is the shorter way. */
const MAX_PAGES_FROM_HINT = 3;
/** Beyond it, offsets are counted from the top of a past day: what is deep is slow, and what is past does not move. */
const DEEP_OFFSET = 1_000;

/** Where the row itself stands: its offset below the end of day `to`, or below the newest of all. */
const hintSchema = z.tuple([z.int().min(0).max(1e9)]).or(z.tuple([z.int().min(0).max(1e9), z.iso.date()]));

/** A row and its offset in the listing it was read from. */
interface PlacedRow extends FeedRow {
  offset: number;
}

interface Place {
  offset: number;
  to: string | undefined;
}

type Listing = Pick<FeedRequest, 'filter' | 'signal'>;

export function createSearchFeed({
  capabilities,
  client,
  creators,
  projects,
  source,
  url,
}: SearchFeedOptions): UnleashFeed {
  const origin = { source, feed: source, url };

  async function list({ filter, signal }: Listing, span: Span, { offset, to }: Place, limit: number) {
    const { filter: searchFilter, text } = toSearchFilter(filter, projects, capabilities);
    const from = toDay(span.oldest - DAY_MS);
    const search = (at: number, count: number, isProbe: boolean) =>
      client.searchEvents({ filter: searchFilter, text, from, to, offset: at, limit: count, isProbe }, signal);
    const [{ events, total }, names] = await Promise.all([
      searchAroundPoison(search, offset, limit),
      filter.actors && creators(),
    ]);
    const rows = events.flatMap((event, index): PlacedRow[] =>
      event === null ? [] : [{ event: toFlagEvent(event, origin, names), offset: offset + index }],
    );
    return { rows, count: events.length, skipped: events.length - rows.length, total };
  }

  async function readOlder(request: FeedRequest): Promise<FeedPage> {
    const span = spanOf(request);
    if (span.oldest > span.newest) return { rows: [], hasMore: false };
    const hint = request.start && hintSchema.safeParse(request.hint).data;
    const hinted = hint && (await readFrom(request, span, { offset: hint[0], to: hint[1] ?? endOf(request.filter) }));
    return hinted ?? (await readFrom(request, span, { offset: 0, to: toDay(span.newest + DAY_MS) })) ?? NOTHING;
  }

  /** `undefined`: the rows at this place do not prove that nothing before them is missing. */
  async function readFrom(request: FeedRequest, span: Span, place: Place): Promise<FeedPage | undefined> {
    const start = startIn(request, span);
    const limit = pageLimit(request);
    const rows: PlacedRow[] = [];
    let [read, skipped] = [0, 0];
    for (let pages = 1; ; pages += 1) {
      const page = await list(request, span, { ...place, offset: place.offset + read }, limit);
      rows.push(...unseen(page.rows, rows));
      read += page.count;
      skipped += page.skipped;
      if (!isNewestFirst(rows)) return readByWindows(request, span);
      const isLast = page.count < limit;
      const isFound = isLast || !isAwaited(rows, start);
      if (isFound && place.offset > 0 && !isProven(rows, start)) return undefined;
      const fresh = isFound ? within(rowsBeyond(rows, start, 'older'), span) : [];
      const isBelow = reachesBelow(rows, span);
      if (fresh.length > 0 || isLast || isBelow) {
        setHints(rows, place.to);
        return {
          rows: fresh,
          skipped,
          hasMore: fresh.length > 0 && !isLast && !isBelow,
          ...(request.start === null && appliesAll(request.filter) && { total: page.total }),
        };
      }
      if (place.offset > 0 && pages === MAX_PAGES_FROM_HINT) return undefined;
    }
  }

  function readByWindows(request: FeedRequest, span: Span): Promise<FeedPage> {
    const { direction, limit } = request;
    const oldest = Math.max(span.oldest, UNLEASH_BEGINNING);
    const newest = Math.min(span.newest, request.now + DAY_MS);
    if (oldest > newest) return Promise.resolve(NOTHING);
    const [from, edge] = direction === 'older' ? [newest, oldest] : [oldest, newest];
    return widen({
      direction,
      from,
      edge,
      start: startIn(request, span),
      limit,
      drain: (first, last, mustAnswer) => drain(request, { oldest: first, newest: last }, mustAnswer),
    });
  }

  async function drain(request: Listing, span: Span, mustAnswer: boolean): Promise<FeedRow[] | null> {
    const place = { offset: 0, to: toDay(span.newest + DAY_MS) };
    const rows: PlacedRow[] = [];
    for (let read = 0; ; ) {
      const page = await list(request, span, { ...place, offset: read }, MAX_PAGE);
      if (page.total > MAX_DRAIN && !mustAnswer) return null;
      rows.push(...unseen(page.rows, rows));
      read += page.count;
      if (page.count < MAX_PAGE) break;
    }
    if (isNewestFirst(rows)) setHints(rows, place.to);
    return within(toNewestFirst(rows), span);
  }

  async function findById(wanted: readonly Wanted[], signal: AbortSignal): Promise<UnleashEvent[]> {
    const found = await Promise.all(
      inChunks(wanted, MAX_IDS).map((chunk) => {
        const filter = { id: chunk.map(({ id }) => id), ...(projects && { project: projects }) };
        const search = (offset: number, limit: number, isProbe: boolean) =>
          client.searchEvents({ filter, offset, limit, isProbe }, signal);
        return searchAroundPoison(search, 0, chunk.length);
      }),
    );
    return found.flatMap(({ events }) => events.flatMap((event) => (event ? [toFlagEvent(event, origin)] : [])));
  }

  /** For a server that cannot be asked for ids: the days they are of, each once. */
  async function findByDay(wanted: readonly Wanted[], signal: AbortSignal): Promise<UnleashEvent[]> {
    const days = Map.groupBy(wanted, ({ occurredAt }) => toDay(occurredAt));
    const request = { filter: NO_FILTER, signal };
    const found = await Promise.all(
      [...days.values()].map((group) => {
        const times = group.map(({ occurredAt }) => occurredAt);
        return drain(request, { oldest: Math.min(...times), newest: Math.max(...times) }, true);
      }),
    );
    return found.flatMap((rows) => rows ?? []).map(({ event }) => event as UnleashEvent);
  }

  function appliesAll(filter: EventFilter): boolean {
    return toSearchFilter(filter, projects, capabilities).isWhole;
  }

  function pageLimit({ filter, limit, start }: FeedRequest): number {
    const isSifted = !appliesAll({ ...filter, window: { from: null, to: null } });
    // One row more than wanted, to see the one that proves the place.
    return Math.min(MAX_PAGE, isSifted ? SIFTED_PAGE : limit + (start === null ? 0 : 1));
  }

  return {
    key: source,
    source,
    canMatch: (filter) => canMatch(filter, projects),
    appliesAll,
    matches: (event, filter) => event.vendor === VENDOR && matches(event as UnleashEvent, filter, projects),
    read: (request) => (request.direction === 'older' ? readOlder(request) : readByWindows(request, spanOf(request))),
    find: capabilities.id ? findById : findByDay,
    async count(filter, _asOf, signal) {
      if (!appliesAll(filter)) return null;
      const { filter: searchFilter, text } = toSearchFilter(filter, projects, capabilities);
      return (await client.searchEvents({ filter: searchFilter, text, offset: 0, limit: 1 }, signal)).total;
    },
  };
}

/** More would not fit in a URL. */
const MAX_IDS = 500;

function inChunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

const NOTHING: FeedPage = { rows: [], hasMore: false };
const OPEN: Span = { oldest: Number.NEGATIVE_INFINITY, newest: Number.POSITIVE_INFINITY };
/** Unleash's first public release was in 2015. */
const UNLEASH_BEGINNING = Date.UTC(2014, 0, 1);

function spanOf(request: FeedRequest): Span {
  const { from, to } = request.filter.window;
  return spanFrom(request, { oldest: from ?? OPEN.oldest, newest: to === null ? OPEN.newest : to - 1 });
}

/** The day to end at whatever the position, so that the offsets of a walk count from one place. */
function endOf({ window }: EventFilter): string | undefined {
  return window.to === null ? undefined : toDay(window.to - 1 + DAY_MS);
}

/** Days are the server's own, in its own time zone: callers allow for one more on either side. */
function toDay(time: number): string | undefined {
  const isoYears = time >= Date.UTC(1, 0, 2) && time <= Date.UTC(9999, 11, 30);
  return isoYears ? new Date(time).toISOString().slice(0, 10) : undefined;
}

/** Whether the listing holds a row that a reader at `start` knows, so that none is missing after it. */
function isProven(rows: readonly FeedRow[], start: Start | null): boolean {
  const [first] = rows;
  if (first === undefined || start === null) return false;
  return first.event.occurredAt > start.time || indexOfKnown(rows, start) >= 0;
}

/** The row that `start` names has not come up, but may still: the listing has not left its millisecond. */
function isAwaited(rows: readonly FeedRow[], start: Start | null): boolean {
  if (start === null) return false;
  const last = rows.at(-1)?.event.occurredAt ?? Number.NEGATIVE_INFINITY;
  return last > start.time || (last === start.time && start.id !== undefined && indexOfKnown(rows, start) < 0);
}

/** Says of every row where it stands; deep down, counted from the top of its own day where that is in sight. */
function setHints(rows: readonly PlacedRow[], end: string | undefined): void {
  let [top, to, day] = [0, end, end];
  for (const [index, row] of rows.entries()) {
    const own = toDay(row.event.occurredAt);
    if (index > 0 && row.offset - top > DEEP_OFFSET && own !== day) [top, to] = [row.offset, own];
    day = own;
    row.hint = to === undefined ? [row.offset - top] : [row.offset - top, to];
  }
}
