/**
 * Unleash's event search as a feed. It pages by offset only, and offsets move whenever something happens, so an offset is
 * a hint that the rows around it have to prove; failing that, the place of the position is searched for.
 */
import { z } from 'zod';
import type { Budget, Window } from '../../model.ts';
import type { FeedPage, FeedRequest, FeedRow, Start } from '../../timeline/feed.ts';
import { type EventFilter, NO_FILTER, narrow } from '../../timeline/filter.ts';
import {
  indexOfKnown,
  isNewestFirst,
  rowsBeyond,
  type TieOrder,
  toNewestFirst,
  unseen,
  withoutLastMillisecond,
} from '../paging/rows.ts';
import { reachesBelow, type Span, spanFrom, within } from '../paging/span.ts';
import { type Drained, readByWindows } from '../paging/windows.ts';
import { MAX_PAGE, type SearchFilter, type UnleashClient } from './client.ts';
import { dayFrom, dayTo } from './days.ts';
import { toFlagEvent, type UnleashEvent, VENDOR } from './event.ts';
import type { UnleashFeed, Wanted } from './feed.ts';
import { type Capabilities, canMatch, matches, toSearch } from './filter.ts';
import { searchAroundPoison } from './poison.ts';
import { seek } from './seek.ts';

export interface SearchFeedOptions {
  client: UnleashClient;
  source: string;
  url: URL;
  projects: readonly string[] | undefined;
  capabilities: Capabilities;
  /** What people are called, by their number; nothing where that cannot be had. */
  names: (budget: Budget) => Promise<ReadonlyMap<number, string>>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Rows asked for when some will be sifted out here, and when a first page did not suffice. */
const LARGER_PAGE = 500;
/** Rows asked for besides, where milliseconds are read whole: the page's last one is read again. */
const SLACK = 4;
/** A window that holds more is not read at one go. */
const MAX_DRAIN = 5 * MAX_PAGE;
/** How many pages are read on from a hint before a search is the shorter way. */
const MAX_PAGES_FROM_HINT = 3;

/** Where a row stands: its offset below the end of day `to`, or below the newest of all. */
const offset = z.int().min(0).max(1e9);
const day = z.iso.date().refine((text) => text >= '2014');
const hintSchema = z.tuple([offset]).or(z.tuple([offset, day]));

/** A row and its offset in the listing it was read from. */
interface PlacedRow extends FeedRow {
  offset: number;
}

/** A listing, by the day it ends with, and an offset in it. */
interface Place {
  offset: number;
  to: string | undefined;
  /** Nothing has proven yet that the rows before the offset are known. */
  isHint?: boolean;
}

/** The first and the last day of a listing, if it has them. */
interface Days {
  from?: string | undefined;
  to?: string | undefined;
}

type Asking = Pick<FeedRequest, 'filter' | 'budget' | 'isFresh' | 'isOwed'> & { isHeavy?: boolean };

export function createSearchFeed(options: SearchFeedOptions): UnleashFeed {
  const { capabilities, client, names, projects, source, url } = options;
  const origin = { source, feed: source, url };
  const ties = capabilities.isOrdered ? undefined : newestIdFirst;
  const searchOf = (given: EventFilter) => {
    const { filter, isExact } = narrow(given, source);
    const search = toSearch(filter, projects, capabilities);
    return isExact ? search : { ...search, isWhole: false };
  };

  async function list(asking: Asking, own: SearchFilter, { from, to }: Days, offset: number, limit: number) {
    const { budget, filter, isFresh = false, isOwed = false } = asking;
    const { text } = searchOf(filter);
    const isHeavy = asking.isHeavy === true || text !== undefined;
    const search = (at: number, count: number, isProbe: boolean) =>
      client.searchEvents(
        { filter: own, text, from, to, offset: at, limit: count },
        { budget, isFresh, isHeavy, isOwed, isProbe },
      );
    const [{ events, total }, people] = await Promise.all([
      searchAroundPoison(search, offset, limit),
      filter.actors && names(budget),
    ]);
    const rows = events.flatMap((event, index): PlacedRow[] =>
      event === null ? [] : [{ event: toFlagEvent(event, origin, people), offset: offset + index }],
    );
    // Answers of one sequence hold an event once: where it comes again, another has not come.
    const missed = ties ? rows.length - unseen(rows, []).length : 0;
    return { rows, count: events.length, skipped: events.length - rows.length + missed, total };
  }

  /** When the event at an offset happened, for {@link seek}. */
  function timesOf(asking: Asking, own: SearchFilter, days: Days) {
    return async (offset: number) => (await list(asking, own, days, offset, 1)).rows[0]?.event.occurredAt ?? null;
  }

  /**
   * A page that ends with a whole millisecond, where the next call may bring the events of one in another sequence. `isCut`:
   * they are more than fit on a page. What is older than `oldest` does not matter.
   */
  async function listWhole(
    asking: Asking,
    own: SearchFilter,
    days: Days,
    offset: number,
    limit: number,
    oldest: number,
  ): Promise<Awaited<ReturnType<typeof list>> & { isCut?: boolean }> {
    const page = await list(asking, own, days, offset, limit);
    const edge = page.rows.at(-1)?.event.occurredAt ?? Number.POSITIVE_INFINITY;
    const isLast = offset + page.count >= page.total || edge < oldest;
    if (!ties || isLast || !isNewestFirst(page.rows)) return page;
    const rows = withoutLastMillisecond(page.rows);
    const last = rows.at(-1);
    if (last === undefined) {
      return limit < MAX_PAGE ? listWhole(asking, own, days, offset, MAX_PAGE, oldest) : { ...page, isCut: true };
    }
    const count = last.offset + 1 - offset;
    return { ...page, rows, count, skipped: count - rows.length };
  }

  async function readOlder(request: FeedRequest): Promise<FeedPage> {
    const span = spanOf(request);
    if (span.oldest > span.newest) return NOTHING;
    const { filter, start } = request;
    const { filters } = searchOf(filter);
    const [own, ...others] = filters;
    if (own === undefined || others.length > 0) return readWindows(request, span);
    const hint = start && hintSchema.safeParse(request.hint).data;
    const hinted = hint && (await readFrom(request, span, own, { offset: hint[0], to: hint[1], isHint: true }));
    return hinted ?? (await readFrom(request, span, own, { offset: 0, to: dayTo(span.newest) })) ?? NOTHING;
  }

  /** `undefined`: the rows at the hinted place do not prove that nothing before them is missing. */
  async function readFrom(
    request: FeedRequest,
    span: Span,
    own: SearchFilter,
    place: Place,
  ): Promise<FeedPage | undefined> {
    const { start } = request;
    const days = { from: dayFrom(span.oldest), to: place.to };
    const rows: PlacedRow[] = [];
    let [read, skipped] = [0, 0];
    for (let pages = 1, size = pageSize(request); ; pages += 1) {
      const page = await listWhole(request, own, days, place.offset + read, size, span.oldest);
      rows.push(...unseen(page.rows, rows));
      read += page.count;
      skipped += page.skipped;
      if (!isNewestFirst(rows)) return readWindows(request, span);
      const isWhole = place.offset + read >= page.total || reachesBelow(rows, span);
      const isFound = isWhole || !isAwaited(rows, start);
      if (place.isHint && isFound && !isProven(rows, start, ties)) return undefined;
      const complete = page.isCut && !isWhole ? withoutLastMillisecond(rows) : rows;
      const given = isFound ? within(rowsBeyond(toListed(complete), start, 'older', ties), span) : [];
      if (isWhole || given.length > 0) {
        setHints(rows, place.to);
        const counted = request.start === null && searchOf(request.filter).isWhole ? { total: page.total } : {};
        return { rows: given, skipped, ...reachedBy(complete, isWhole), ...counted };
      }
      if (place.isHint && pages === MAX_PAGES_FROM_HINT) return undefined;
      const last = rows.at(-1)?.event.occurredAt;
      if (start !== null && !place.isHint && last !== undefined && last > start.time) {
        const offset = await seek(start.time, timesOf(request, own, days), place.offset + read, page.total);
        return readFrom(request, span, own, { offset, to: place.to });
      }
      size = Math.max(size, LARGER_PAGE);
    }
  }

  /** In the order of the feed: the server's, or where that is not certain inside a millisecond, by id. */
  function toListed(rows: readonly PlacedRow[]): PlacedRow[] {
    return ties ? toNewestFirst(rows, ties) : [...rows];
  }

  function reachedBy(rows: readonly PlacedRow[], isWhole: boolean): Pick<FeedPage, 'reached' | 'hint'> {
    const last = rows.at(-1);
    if (isWhole || last === undefined) return { reached: null };
    const { event, hint } = last;
    return { reached: ties ? { time: event.occurredAt - 1 } : { time: event.occurredAt, id: event.id }, hint };
  }

  /** Says of every row where it stands; where a millisecond has to be read whole, where the row before it stands. */
  function setHints(rows: readonly PlacedRow[], to: string | undefined): void {
    let top = rows[0];
    for (const row of rows) {
      if (top === undefined || row.event.occurredAt !== top.event.occurredAt) top = row;
      const offset = ties ? Math.max(0, top.offset - 1) : row.offset;
      row.hint = to === undefined ? [offset] : [offset, to];
    }
  }

  function readWindows(request: FeedRequest, span: Span): Promise<FeedPage> {
    const { budget, filter, isFresh = false, isOwed = false, now } = request;
    const finite = { oldest: Math.max(span.oldest, UNLEASH_BEGINNING), newest: Math.min(span.newest, now + DAY_MS) };
    const { filters } = searchOf(filter);
    return readByWindows({
      ...request,
      span: finite,
      ties: filters.length > 1 ? newestIdFirst : ties,
      drain: (window) => drainAll({ budget, filter, isFresh, isOwed, isHeavy: true }, filters, window),
    });
  }

  /** What the searches of several filters find together. */
  async function drainAll(asking: Asking, filters: readonly SearchFilter[], span: Span): Promise<Drained | null> {
    const drained = await Promise.all(filters.map((own) => drain(asking, own, span)));
    const [first] = drained;
    if (first !== undefined && drained.length === 1) return first;
    if (drained.includes(null)) return null;
    const rows = unseen(
      drained.flatMap((each) => each?.rows ?? []),
      [],
    );
    const skipped = drained.reduce((sum, each) => sum + (each?.skipped ?? 0), 0);
    return { rows: toNewestFirst(rows, newestIdFirst), skipped };
  }

  async function drain(asking: Asking, own: SearchFilter, span: Span): Promise<Drained | null> {
    const days = { from: dayFrom(span.oldest), to: dayTo(span.newest) };
    const rows: PlacedRow[] = [];
    let [offset, skipped] = [0, 0];
    for (;;) {
      const page = await listWhole(asking, own, days, offset, MAX_PAGE, span.oldest);
      const last = page.rows.at(-1)?.event.occurredAt;
      offset += page.count;
      const isEnd = offset >= page.total || (last !== undefined && last < span.oldest);
      if (rows.length === 0 && !isEnd && last !== undefined && last > span.newest) {
        // The days asked for begin well after the span.
        offset = await seek(span.newest, timesOf(asking, own, days), offset, page.total);
        if (offset >= page.total) return { rows, skipped };
        continue;
      }
      rows.push(...unseen(page.rows, rows));
      skipped += page.skipped;
      if (within(rows, span).length > MAX_DRAIN && span.oldest < span.newest) return null;
      if (!isEnd) continue;
      if (isNewestFirst(rows)) setHints(rows, days.to);
      return { rows: within(toNewestFirst(rows, ties), span), skipped };
    }
  }

  async function findById(wanted: readonly Wanted[], budget: Budget): Promise<UnleashEvent[]> {
    const found = await Promise.all(
      inChunks(wanted, MAX_IDS).map(async (chunk) => {
        const own = { id: chunk.map(({ id }) => id), ...(projects && { project: projects }) };
        const rows: FeedRow[] = [];
        for (let offset = 0; ; ) {
          const page = await list({ filter: NO_FILTER, budget }, own, {}, offset, chunk.length);
          rows.push(...page.rows);
          offset += page.count;
          if (offset >= page.total) return rows;
        }
      }),
    );
    return found.flat().map(({ event }) => event as UnleashEvent);
  }

  /** For a server that cannot be asked for ids: the days they are of, each once; single moments where a day is too much. */
  async function findByDay(wanted: readonly Wanted[], budget: Budget): Promise<UnleashEvent[]> {
    const days = Map.groupBy(wanted, ({ occurredAt }) => Math.floor(occurredAt / DAY_MS));
    const asking = { filter: NO_FILTER, budget, isHeavy: true };
    const { filters } = searchOf(NO_FILTER);
    const found = await Promise.all(
      [...days.values()].map(async (group) => {
        const times = [...new Set(group.map(({ occurredAt }) => occurredAt))];
        const day = await drainAll(asking, filters, { oldest: Math.min(...times), newest: Math.max(...times) });
        if (day) return day.rows;
        const moments = await Promise.all(
          times.map((time) => drainAll(asking, filters, { oldest: time, newest: time })),
        );
        return moments.flatMap((moment) => moment?.rows ?? []);
      }),
    );
    return found.flat().map(({ event }) => event as UnleashEvent);
  }

  function pageSize({ filter, limit, start }: FeedRequest): number {
    const isSifted = !searchOf({ ...filter, window: { from: null, to: null } }).isWhole;
    // One row more than wanted, to see the one that proves the place.
    const needed = limit + (start === null ? 0 : 1) + (ties ? SLACK : 0);
    return Math.min(MAX_PAGE, isSifted ? LARGER_PAGE : needed);
  }

  return {
    key: source,
    source,
    maxFlagsLength: MAX_FLAGS_LENGTH,
    maxPage: MAX_PAGE,
    canMatch: (filter) => canMatch(narrow(filter, source).filter, projects),
    pushdown(filter) {
      const { filters, isWhole, text } = searchOf(filter);
      // Rows know what people are called only where it was asked for.
      const hasNames = filter.actors !== undefined;
      const isCheckable = text === undefined && !hasNames;
      return { key: JSON.stringify([filters, text, ...(hasNames ? ['names'] : [])]), isWhole, isCheckable };
    },
    matches: (event, filter) => event.vendor === VENDOR && matches(event as UnleashEvent, filter, projects),
    read: (request) => (request.direction === 'older' ? readOlder(request) : readWindows(request, spanOf(request))),
    find: capabilities.id ? findById : findByDay,
    async count(filter, _asOf, budget) {
      const { filters, isWhole } = searchOf(filter);
      const [own] = filters;
      if (own === undefined || !searchOf({ ...filter, window: { from: null, to: null } }).isWhole) return null;
      if (isWhole) return (await list({ filter, budget }, own, {}, 0, 1)).total;
      // Which moments a day of the search has depends on two time zones: what fits on a page is counted here.
      const span = wholeSpan(filter.window);
      const days = { from: dayFrom(span.oldest), to: dayTo(span.newest) };
      const page = await list({ filter, budget, isHeavy: true }, own, days, 0, MAX_PAGE);
      return page.skipped > 0 || page.count < page.total ? null : within(page.rows, span).length;
    },
  };
}

/** So many ids fit in a URL, and the parameters beside them. */
const MAX_IDS = 500;
/** Of the keys of flags that are read together, in characters. */
const MAX_FLAGS_LENGTH = 3_000;

function inChunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

const NOTHING: FeedPage = { rows: [], reached: null, skipped: 0 };
const OPEN: Span = { oldest: Number.NEGATIVE_INFINITY, newest: Number.POSITIVE_INFINITY };
/** Unleash's first public release was in 2015. */
const UNLEASH_BEGINNING = Date.UTC(2014, 0, 1);

const newestIdFirst: TieOrder = (a, b) => Number(b) - Number(a);

function spanOf(request: FeedRequest): Span {
  return spanFrom(request, wholeSpan(request.filter.window));
}

function wholeSpan({ from, to }: Window): Span {
  return { oldest: from ?? OPEN.oldest, newest: to === null ? OPEN.newest : to - 1 };
}

/** Whether the listing begins with rows that a reader at `start` knows, so that none is missing before it. */
function isProven(rows: readonly FeedRow[], start: Start | null, ties: TieOrder | undefined): boolean {
  const [first] = rows;
  if (first === undefined || start === null) return false;
  const { occurredAt } = first.event;
  if (occurredAt > start.time || (start.isWhole && occurredAt === start.time)) return true;
  // Only where the sequence inside a millisecond is certain, what stands before a known row is known.
  return ties === undefined && indexOfKnown(rows, start) >= 0;
}

/** What the reader does not know has not come up yet: the listing has not left, or not reached, what they know. */
function isAwaited(rows: readonly FeedRow[], start: Start | null): boolean {
  if (start === null) return false;
  const last = rows.at(-1)?.event.occurredAt ?? Number.NEGATIVE_INFINITY;
  if (last !== start.time) return last > start.time;
  return start.isWhole === true || (start.id !== undefined && indexOfKnown(rows, start) < 0);
}
