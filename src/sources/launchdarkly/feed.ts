/**
 * The flag events of one project as feeds: one for each environment, and one for the changes made to all of them at once.
 *
 * LaunchDarkly documents neither the order of a page nor whether a window's ends belong to it. So every read asks for a
 * window one millisecond wider than it needs and cuts what is too much, checks the order, and gives out no millisecond
 * before it has all of it.
 */
import { isRefusal } from '../../errors.ts';
import { type Budget, compareKeys, type FlagEvent } from '../../model.ts';
import type { Feed, FeedPage, FeedRequest, FeedRow } from '../../timeline/feed.ts';
import { createMatcher, type EventFilter, NO_FILTER } from '../../timeline/filter.ts';
import { type Listed, readOlder } from '../paging/older.ts';
import { type TieOrder, toNewestFirst, unseen } from '../paging/rows.ts';
import { type Span, within } from '../paging/span.ts';
import { type Drained, readByWindows } from '../paging/windows.ts';
import { type CallOptions, type FlagEventsQuery, type LaunchDarklyClient, MAX_PAGE, SETTLING_MS } from './client.ts';
import { type LaunchDarklyEvent, toFlagEvent } from './event.ts';
import { EXPERIMENTS } from './experiments.ts';
import { findEvents, type Wanted } from './find.ts';
import { horizonAt, horizonOf, latest, spanOf, wholeSpan } from './horizon.ts';
import { canMatch, isCountable, isSifted, matches, pushdown, toQuery, wantsGlobal, wantsLocal } from './query.ts';
import type { FlagEventRep } from './wire.ts';

export interface ProjectOptions {
  client: LaunchDarklyClient;
  source: string;
  url: URL;
  project: string;
  environments: readonly string[];
  historyDays: number;
}

export interface FlagEventsFeed extends Feed {
  /** Known events, as they are now, by id. */
  find(
    wanted: readonly Wanted[],
    fields: ReadonlySet<string>,
    budget: Budget,
  ): Promise<ReadonlyMap<string, LaunchDarklyEvent>>;
}

/** A window that holds more is not read at one go. */
const MAX_DRAIN = 10 * MAX_PAGE;
/** Rows beyond those that are wanted, to see a millisecond's end behind a few ties. */
const SLACK = 4;
/** Part of a key that no environment has: it stands for all of them. */
export const EVERY_ENVIRONMENT = '*';

/** The feeds do not depend on the order in which the environments come. */
export function createProjectFeeds(options: ProjectOptions): FlagEventsFeed[] {
  const environments = options.environments.toSorted(compareKeys);
  const logs = environments.map((environment) => ({ environment, list: createListing(options, environment) }));
  return [
    createGlobalFeed(options, logs),
    ...logs.map((log, index) => createEnvironmentFeed(options, log, index === 0)),
  ];
}

/** `isFirst`: its listing is asked for the changes to every environment too, so that their own feed shares the call. */
function createEnvironmentFeed(options: ProjectOptions, { environment, list }: Log, isFirst: boolean): FlagEventsFeed {
  const { historyDays, project } = options;
  const key = keyOf(options, environment);
  const asksGlobal = (filter: EventFilter) => isFirst && wantsGlobal(filter) && isVisible(options, null, filter);
  const isOwn = ({ feed }: LaunchDarklyEvent) => feed === key;
  return {
    ...createBase(options, key),
    canMatch: (filter) =>
      canMatch(filter, project) &&
      wantsLocal(filter) &&
      (filter.environments?.includes(environment) ?? true) &&
      isVisible(options, environment, filter),
    read: (request) => readListing(list(request, asksGlobal(request.filter)), request, historyDays, isOwn),
    async count(filter, asOf, budget) {
      if (!isCountable(filter)) return null;
      const withGlobal = asksGlobal(filter);
      const listPage = list({ filter, fields: new Set(), budget }, withGlobal);
      const passes = createMatcher(filter);
      const isCounted = (event: LaunchDarklyEvent) =>
        passes(event) && matches(event, filter) && (isOwn(event) || (withGlobal && event.environment === null));
      return count(listPage, filter, wholeSpan(filter.window, asOf, latest(asOf), historyDays), isCounted);
    },
    find: (wanted, fields, budget) => find(list, wanted, fields, budget),
  };
}

/**
 * The changes to every environment. Every environment's log repeats them, so they are read from the first one's, or from
 * the next one's where LaunchDarkly refuses that. They are counted with the first environment's own events, and so is what
 * could not be read of its log.
 */
function createGlobalFeed(options: ProjectOptions, logs: readonly Log[]): FlagEventsFeed {
  const { historyDays, project } = options;
  const key = keyOf(options, EVERY_ENVIRONMENT);
  const isOwn = ({ feed }: LaunchDarklyEvent) => feed === key;
  /** A caller who may not see the first environment has nobody who counts for it. */
  const isCountedElsewhere = (filter: EventFilter) => isVisible(options, logs[0]?.environment ?? null, filter);

  async function fromFirst<T>(read: (list: Listing) => Promise<T>): Promise<T> {
    const [first, ...others] = logs;
    if (first === undefined) throw new Error('A project without an environment has no feed.');
    let answer = read(first.list);
    for (const next of others) {
      answer = answer.catch((error: unknown) => {
        if (isRefusal(error)) return read(next.list);
        throw error;
      });
    }
    return answer;
  }

  return {
    ...createBase(options, key),
    canMatch: (filter) =>
      logs.length > 0 && canMatch(filter, project) && wantsGlobal(filter) && isVisible(options, null, filter),
    pushdown: (filter) => ({ ...pushdown(filter), isWhole: pushdown(filter).isWhole && isCountedElsewhere(filter) }),
    async read(request) {
      const page = await fromFirst((list) => readListing(list(request, true), request, historyDays, isOwn));
      return { ...page, skipped: 0, ...(page.total !== undefined && { total: 0 }) };
    },
    count: async (filter) => (isCountable(filter) && isCountedElsewhere(filter) ? 0 : null),
    find: (wanted, fields, budget) => fromFirst((list) => find(list, wanted, fields, budget)),
  };
}

/** Whether the caller may see events of this environment; `null`: changes to every environment. */
function isVisible({ project, source }: ProjectOptions, environment: string | null, { scope }: EventFilter): boolean {
  return scope?.canHold(source, project, environment) ?? true;
}

/** Whether an environment's log has any event; `null` if LaunchDarkly refuses to say. */
export async function hasFlagEvents(
  { client, historyDays, project }: ProjectOptions,
  environment: string,
  budget: Budget,
): Promise<boolean | null> {
  const now = Date.now();
  const window = { from: horizonAt(now, historyDays), to: latest(now) };
  const query = { projectKey: project, environmentKey: environment, ...window, limit: 1, global: 'include' as const };
  try {
    const { items, skipped } = await client.listFlagEvents(query, { budget });
    return items.length + skipped > 0;
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** What both kinds of feed have in common. */
function createBase({ historyDays, source }: ProjectOptions, key: string) {
  return {
    key,
    source,
    // Read together, flags have to be sifted from everybody's events; asked one by one, each costs a call.
    flagsAskedSingly: 3,
    maxPage: MAX_PAGE,
    fields: [EXPERIMENTS],
    completion: { withinMs: SETTLING_MS, versionOf: (event: FlagEvent) => versionOf(event as LaunchDarklyEvent) },
    horizon: (asOf: number) => horizonAt(asOf, historyDays),
    pushdown,
    matches: (event: FlagEvent, filter: EventFilter) =>
      event.feed === key && matches(event as LaunchDarklyEvent, filter),
  };
}

type ListPage = (span: Span, size: number, after: string | undefined) => Promise<Listed<string>>;
type Asking = Pick<FeedRequest, 'fields' | 'filter' | 'budget' | 'isFresh' | 'isOwed'> & { isHeavy?: boolean };
type Listing = (asking: Asking, withGlobal: boolean) => ListPage;

/** The log of one environment. */
interface Log {
  environment: string;
  list: Listing;
}

function createListing(options: ProjectOptions, environment: string): Listing {
  const { client, project, source, url } = options;
  const feed = keyOf(options, environment);
  const origin = { source, feed, globalFeed: keyOf(options, EVERY_ENVIRONMENT), url, environment };
  const mapped = new WeakMap<readonly FlagEventRep[], { query: FlagEventsQuery; rows: FeedRow[] }>();

  /** Once for both feeds that read one answer. */
  function toRows(items: readonly FlagEventRep[], query: FlagEventsQuery): FeedRow[] {
    const known = mapped.get(items);
    if (known && isSameQuery(known.query, query)) return known.rows;
    const own = { ...origin, withGlobal: query.global === 'include' };
    const rows = items.map((item) => ({ event: toFlagEvent(item, query, own) }));
    mapped.set(items, { query, rows });
    return rows;
  }

  return ({ budget, fields, filter, isFresh = false, isHeavy = false, isOwed = false }, withGlobal) =>
    async (span, size, after) => {
      const query: FlagEventsQuery = {
        ...toQuery(filter),
        global: withGlobal ? 'include' : 'exclude',
        projectKey: project,
        environmentKey: environment,
        from: span.oldest - 1,
        to: span.newest + 1,
        limit: Math.min(size, MAX_PAGE),
        after,
        expand: fields.has(EXPERIMENTS) ? 'experiments' : undefined,
      };
      const call: CallOptions = { budget, isFresh, isHeavy, isOwed };
      const { items, next, skipped, totalCount } = await client.listFlagEvents(query, call);
      return {
        rows: toRows(items, query),
        skipped,
        next,
        total: totalCount,
      };
    };
}

function isSameQuery(a: FlagEventsQuery, b: FlagEventsQuery): boolean {
  return (Object.keys({ ...a, ...b }) as (keyof FlagEventsQuery)[]).every((name) => a[name] === b[name]);
}

async function readListing(
  list: ListPage,
  request: FeedRequest,
  historyDays: number,
  isOwn: (event: LaunchDarklyEvent) => boolean,
): Promise<FeedPage> {
  const { direction, filter, limit, start } = request;
  const span = spanOf(request, historyDays);
  if (span.oldest > span.newest) return { rows: [], reached: null, skipped: 0, ...horizonOf(request, historyDays) };
  const page =
    (direction === 'older' &&
      (await readOlder<string>({
        list: (size, after) => list(span, size, after),
        span,
        start,
        size: isSifted(filter) ? MAX_PAGE : limit + (start === null ? 0 : 1 + SLACK),
        maxSize: MAX_PAGE,
        ties: newestIdFirst,
      }))) ||
    (await readByWindows({ ...request, span, ties: newestIdFirst, drain: (window) => drain(list, window) }));
  const { total, ...rest } = page;
  return {
    ...rest,
    rows: page.rows.filter(({ event }) => isOwn(event as LaunchDarklyEvent)),
    ...(total !== undefined && start === null && pushdown(filter).isWhole && { total }),
    ...horizonOf(request, historyDays),
  };
}

/**
 * How many events there are in a span. LaunchDarkly may count what stands at the ends of a window or not, and its `query`
 * may find other flags, too: so what fits on a page is counted here, and of what does not, a total is believed that is the
 * same for a window with these ends and for one without.
 */
async function count(
  list: ListPage,
  filter: EventFilter,
  span: Span,
  isCounted: (event: LaunchDarklyEvent) => boolean,
): Promise<number | null> {
  if (span.oldest > span.newest) return 0;
  if (pushdown(filter).isWhole) return (await list(span, 1, undefined)).total;
  const { rows, skipped, total } = await list(span, MAX_PAGE, undefined);
  if (total === null || skipped > 0) return null;
  if (rows.length >= total) return rows.filter(({ event }) => isCounted(event as LaunchDarklyEvent)).length;
  if (filter.flagKeys !== undefined) return null;
  const within = await list({ oldest: span.oldest + 1, newest: span.newest - 1 }, 1, undefined);
  return within.total === total ? total : null;
}

/** All rows of the span, listed again as long as that brings some of those that were counted and did not come. */
async function drain(list: ListPage, span: Span): Promise<Drained | null> {
  const isDivisible = span.oldest < span.newest;
  const rows: Listed<string>['rows'] = [];
  for (;;) {
    const listed = await listToEnd(list, span, isDivisible);
    if (listed === null) return null;
    const fresh = unseen(listed.rows, rows);
    rows.push(...fresh);
    const missing = (listed.total ?? 0) - rows.length - listed.skipped;
    const isIncomplete = missing > 0 || (listed.isCutOff && listed.total === null);
    if (isIncomplete && fresh.length > 0) continue;
    if (isIncomplete && listed.isCutOff && isDivisible) return null;
    const skipped = listed.skipped + (listed.isCutOff ? Math.max(0, missing) : 0);
    return { rows: toNewestFirst(within(rows, span), newestIdFirst), skipped };
  }
}

/** `isCutOff`: the last page was full, and yet there was no way on. `null`: it is too much for one go. */
async function listToEnd(list: ListPage, span: Span, isDivisible: boolean) {
  const rows: Listed<string>['rows'] = [];
  let skipped = 0;
  for (let after: string | undefined; ; ) {
    const page = await list(span, MAX_PAGE, after);
    if (isDivisible && Math.max(page.total ?? 0, rows.length) > MAX_DRAIN) return null;
    const fresh = unseen(page.rows, rows);
    rows.push(...fresh);
    skipped += page.skipped;
    const isLast = page.next === undefined || (fresh.length === 0 && page.skipped === 0);
    const isCutOff = page.next === undefined && page.rows.length + page.skipped >= MAX_PAGE;
    if (isLast) return { rows, skipped, total: page.total, isCutOff };
    after = page.next;
  }
}

function find(
  list: Listing,
  wanted: readonly Wanted[],
  fields: ReadonlySet<string>,
  budget: Budget,
): Promise<ReadonlyMap<string, LaunchDarklyEvent>> {
  const [flagKey, ...others] = new Set(wanted.map((each) => each.flagKey ?? null));
  const filter = flagKey && others.length === 0 ? { ...NO_FILTER, flagKeys: [flagKey] } : NO_FILTER;
  const listPage = list({ filter, fields, budget, isHeavy: true }, true);
  return findEvents(wanted, (oldest, newest, after) => listPage({ oldest, newest }, MAX_PAGE, after));
}

/** What becomes of an event's impact, which is worked out later. */
function versionOf({ wire }: LaunchDarklyEvent): string {
  const { percentage, reason, size } = wire.rep.impact;
  return JSON.stringify([reason, size, percentage]);
}

export const newestIdFirst: TieOrder = (a, b) => compareKeys(b, a);

function keyOf({ project, source }: ProjectOptions, environment: string): string {
  return `${source}/${project}/${environment}`;
}
