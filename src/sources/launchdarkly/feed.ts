/**
 * One project's and environment's flag events as a feed.
 *
 * LaunchDarkly documents neither the order of a page nor whether a window's ends belong to it. So every read asks for a
 * window one millisecond wider than it needs, cuts what is too much, and checks the order.
 */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import type { Feed, FeedPage, FeedRequest, FeedRow, Start } from '../../timeline/feed.ts';
import { type EventFilter, NO_FILTER } from '../../timeline/filter.ts';
import { indexOfKnown, isNewestFirst, rowsBeyond, toNewestFirst, unseen } from '../paging/rows.ts';
import { reachesBelow, type Span, spanFrom, startIn, within } from '../paging/span.ts';
import { widen } from '../paging/widen.ts';
import { type FlagEventsPage, type FlagEventsQuery, type LaunchDarklyClient, MAX_PAGE } from './client.ts';
import { isGlobal, type LaunchDarklyEvent, toFlagEvent, VENDOR } from './event.ts';
import { EXPERIMENTS } from './experiments.ts';
import { launchDarklyPartOf, toImpactSize } from './filter.ts';
import { findEvents, type Wanted } from './find.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A window that holds more is not read at one go. */
const MAX_DRAIN = 10 * MAX_PAGE;

export interface FeedOptions {
  client: LaunchDarklyClient;
  source: string;
  url: URL;
  project: string;
  environment: string;
  /** Whether this feed of the project is the one that brings the changes made to every environment. */
  bringsGlobal: boolean;
  historyDays: number;
}

/** An upstream page's own continuation, good only as long as the window still holds as many events. */
const hintSchema = z.strictObject({ after: z.string().min(1).max(200), to: z.int(), total: z.int() });

export interface FlagEventsFeed extends Feed {
  /** Known events, as they are now, by id. */
  find(
    wanted: readonly Wanted[],
    fields: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, LaunchDarklyEvent>>;
}

export function createFlagEventsFeed(options: FeedOptions): FlagEventsFeed {
  const { bringsGlobal, client, environment, historyDays, project, source, url } = options;
  const key = `${source}/${project}/${environment}`;
  const origin = { source, feed: key, url, environment };

  async function list(
    request: Pick<FeedRequest, 'fields' | 'filter' | 'signal'>,
    span: Span,
    limit: number,
    after?: string,
  ) {
    const query: FlagEventsQuery = {
      ...toQuery(request.filter, bringsGlobal),
      projectKey: project,
      environmentKey: environment,
      from: span.oldest - 1,
      to: span.newest + 1,
      limit: Math.min(limit, MAX_PAGE),
      after,
      expand: request.fields.has(EXPERIMENTS) ? 'experiments' : undefined,
    };
    const page = await client.listFlagEvents(query, request.signal);
    const rows = page.items.map((item): FeedRow => ({ event: toFlagEvent(item, query, origin) }));
    return { ...page, rows, query };
  }

  async function readOlder(request: FeedRequest): Promise<FeedPage> {
    const span = spanOf(request, historyDays);
    if (span.oldest > span.newest) return { rows: [], hasMore: false };
    const limit = pageLimit(request);
    const hinted = await continueFrom(request, span, limit);
    if (hinted) return hinted;

    const rows: FeedRow[] = [];
    let skipped = 0;
    for (let after: string | undefined; ; ) {
      const page = await list(request, span, limit, after);
      rows.push(...unseen(page.rows, rows));
      skipped += page.skipped;
      if (!isNewestFirst(rows)) return readByWindows(request, span);
      const { next } = page;
      // While the row to go on from has not come up in its millisecond, that millisecond's rows may be known ones.
      const isFound = !isAwaited(rows, request.start) || next === undefined;
      const fresh = isFound ? within(rowsBeyond(rows, startIn(request, span), 'older'), span) : [];
      if (fresh.length > 0 || next === undefined || reachesBelow(rows, span)) {
        const hasMore = next !== undefined && fresh.length > 0 && !reachesBelow(rows, span);
        if (hasMore) setHint(fresh, page);
        return { rows: fresh, hasMore, skipped, ...totalOf(page, request) };
      }
      after = next;
    }
  }

  /** The upstream's own continuation, if the hint still holds. */
  async function continueFrom(request: FeedRequest, span: Span, limit: number): Promise<FeedPage | undefined> {
    const hint = hintSchema.safeParse(request.hint).data;
    const { start } = request;
    if (hint === undefined || start === null) return undefined;
    const hintedSpan = { oldest: span.oldest, newest: hint.to - 1 };
    const page = await list(request, hintedSpan, limit, hint.after).catch((error: unknown) => {
      if (error instanceof UpstreamError && error.status === 400) return undefined;
      throw error;
    });
    const isRefuted =
      page === undefined ||
      page.totalCount !== hint.total ||
      !isNewestFirst(page.rows) ||
      indexOfKnown(page.rows, start) >= 0 ||
      (page.rows[0]?.event.occurredAt ?? 0) > start.time;
    if (isRefuted) return undefined;
    const rows = within(unseen(page.rows, []), span);
    const hasMore = page.next !== undefined && rows.length > 0 && !reachesBelow(page.rows, span);
    if (hasMore) setHint(rows, page);
    return { rows, hasMore, skipped: page.skipped };
  }

  async function readByWindows(request: FeedRequest, span: Span): Promise<FeedPage> {
    const { direction, limit } = request;
    const [from, edge] = direction === 'older' ? [span.newest, span.oldest] : [span.oldest, span.newest];
    return widen({
      direction,
      from,
      edge,
      start: startIn(request, span),
      limit,
      drain: (oldest, newest, mustAnswer) => drain(request, { oldest, newest }, mustAnswer),
    });
  }

  async function drain(request: FeedRequest, span: Span, mustAnswer: boolean): Promise<FeedRow[] | null> {
    const rows: FeedRow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await list(request, span, MAX_PAGE, after);
      if ((page.totalCount ?? 0) > MAX_DRAIN && !mustAnswer) return null;
      rows.push(...unseen(page.rows, rows));
      if (page.next === undefined) return toNewestFirst(within(rows, span));
      after = page.next;
    }
  }

  return {
    key,
    source,
    // Read together, flags have to be sifted from everybody's events; asked one by one, each costs a call.
    flagsAskedSingly: 3,
    canMatch: (filter) => canMatch(filter, project, environment),
    appliesAll,
    matches: (event, filter) => matches(event as LaunchDarklyEvent, filter, bringsGlobal),
    async read(request) {
      const page =
        request.direction === 'older'
          ? await readOlder(request)
          : await readByWindows(request, spanOf(request, historyDays));
      return { ...page, ...horizonOf(request, historyDays) };
    },
    async count(filter, asOf, signal) {
      if (!appliesAll(filter)) return null;
      const span = { oldest: horizonAt(asOf, historyDays), newest: latest(asOf) };
      const page = await list({ filter, fields: new Set(), signal }, span, 1);
      return page.totalCount;
    },
    find(wanted, fields, signal) {
      const [flagKey, ...others] = new Set(wanted.map((each) => each.flagKey ?? null));
      const filter = flagKey && others.length === 0 ? { ...NO_FILTER, flagKeys: [flagKey] } : NO_FILTER;
      return findEvents(wanted, (oldest, newest, after) =>
        list({ filter, fields, signal }, { oldest, newest }, MAX_PAGE, after),
      );
    },
  };
}

/** The thirteen parameters but for the window and the place in it. */
function toQuery(
  filter: EventFilter,
  bringsGlobal: boolean,
): Pick<FlagEventsQuery, 'global' | 'query' | 'applicationKey' | 'impactSize' | 'hasExperiments'> {
  const { applicationKeys, global, hasExperiments, impactSizes } = launchDarklyPartOf(filter);
  const wantsGlobal = bringsGlobal && global !== false && filter.environments === undefined;
  return {
    global: wantsGlobal ? 'include' : 'exclude',
    // Whether it matches whole keys is not documented: the timeline checks the key again.
    query: filter.flagKeys?.length === 1 ? filter.flagKeys[0] : undefined,
    // One value only: a list is not documented.
    impactSize: impactSizes?.length === 1 && impactSizes[0] !== 'OTHER' ? impactSizes[0]?.toLowerCase() : undefined,
    hasExperiments,
    applicationKey: applicationKeys?.join(','),
  };
}

function canMatch(filter: EventFilter, project: string, environment: string): boolean {
  const { applicationKeys, impactSizes } = launchDarklyPartOf(filter);
  const { flagKeys, kinds, types, actors } = filter;
  return (
    [applicationKeys, impactSizes, flagKeys, kinds, types, actors].every((list) => list?.length !== 0) &&
    (filter.projects?.includes(project) ?? true) &&
    (filter.environments?.includes(environment) ?? true)
  );
}

function appliesAll(filter: EventFilter): boolean {
  const { global, impactSizes = [] } = launchDarklyPartOf(filter);
  const { actors, flagKeys, kinds, types, window } = filter;
  return (
    [actors, flagKeys, kinds, types].every((list) => list === undefined) &&
    window.from === null &&
    window.to === null &&
    global !== true &&
    (impactSizes.length === 0 || (impactSizes.length === 1 && impactSizes[0] !== 'OTHER'))
  );
}

function matches(event: LaunchDarklyEvent, filter: EventFilter, bringsGlobal: boolean): boolean {
  const { global, impactSizes } = launchDarklyPartOf(filter);
  const { impact } = event.wire.rep;
  return (
    event.vendor === VENDOR &&
    (bringsGlobal || !(isGlobal(event) && impact.reason === 'global')) &&
    (global === undefined || global === isGlobal(event)) &&
    (impactSizes === undefined || impactSizes.some((size) => size === toImpactSize(impact.size)))
  );
}

function spanOf(request: FeedRequest, historyDays: number): Span {
  const { asOf, direction, filter, now } = request;
  const { from, to } = filter.window;
  const oldest = from ?? horizonAt(asOf, historyDays);
  const newest = Math.min(to === null ? Number.POSITIVE_INFINITY : to - 1, latest(direction === 'older' ? asOf : now));
  return spanFrom(request, { oldest, newest });
}

/** In whole hours, and the newest in whole minutes, so that walks begun at about the same time ask the same. */
function horizonAt(asOf: number, historyDays: number): number {
  return Math.floor(asOf / HOUR_MS) * HOUR_MS - historyDays * 24 * HOUR_MS;
}

/** Beyond the present moment: the newest events count even when LaunchDarkly's clock is ahead of ours. */
function latest(now: number): number {
  return Math.ceil(now / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
}

/** As many rows as are wanted and the one before them; as many as there are on a page if some will be sifted out here. */
function pageLimit({ filter, limit, start }: FeedRequest): number {
  const { flagKeys, ...rest } = filter;
  const window = { from: null, to: null };
  const isSifted = !appliesAll({ ...rest, window }) || (flagKeys !== undefined && flagKeys.length > 1);
  return isSifted ? MAX_PAGE : limit + (start?.id === undefined ? 0 : 1);
}

function isAwaited(rows: readonly FeedRow[], start: Start | null): boolean {
  return start?.id !== undefined && indexOfKnown(rows, start) < 0 && (rows.at(-1)?.event.occurredAt ?? 0) >= start.time;
}

function setHint(rows: FeedRow[], { next, query, totalCount }: FlagEventsPage & { query: FlagEventsQuery }): void {
  const last = rows.at(-1);
  if (last && next && totalCount !== null) last.hint = { after: next, to: query.to, total: totalCount };
}

function totalOf({ totalCount }: FlagEventsPage, { filter, start }: FeedRequest): { total?: number } {
  return start === null && totalCount !== null && appliesAll(filter) ? { total: totalCount } : {};
}

function horizonOf({ asOf, filter }: FeedRequest, historyDays: number): { reachesBackTo?: number } {
  return filter.window.from === null ? { reachesBackTo: horizonAt(asOf, historyDays) } : {};
}
