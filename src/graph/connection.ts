/** `FlagEventConnection`, and how a field with paging arguments is answered from the timeline. */
import type { GraphQLResolveInfo } from 'graphql';
import { BadInputError, DeadlineError, type Failure, toFailure, UpstreamError } from '../errors.ts';
import type { FlagEvent } from '../model.ts';
import type { GatewayContext } from '../request/context.ts';
import type { Source } from '../sources/source.ts';
import { type Cursor, encodeCursor } from '../timeline/cursor.ts';
import type { Direction, Feed } from '../timeline/feed.ts';
import type { EventFilter } from '../timeline/filter.ts';
import { type FeedReport, readTimeline, type TimelinePage } from '../timeline/timeline.ts';
import { detailFailures } from './detail.ts';
import { digestFor, type FilterInput, selectSources, toEventFilter } from './filter.ts';
import { decodeKnownCursor } from './known-cursors.ts';
import { isSelectedOnNodes, selectedNodeFields } from './selection.ts';
import type { GraphVendor, VendorTypes } from './vendor.ts';

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;

/** What a field with a page of events costs, for gateways that weigh queries. */
export const LIST_SIZE = {
  assumedSize: DEFAULT_PAGE_SIZE,
  slicingArguments: ['first', 'last'],
  sizedFields: ['edges', 'nodes'],
  requireOneSlicingArgument: false,
};

export interface ConnectionArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: FilterInput | null | undefined;
}

export interface SourceReport {
  source: Source;
  status: FeedReport['status'];
  failure: Failure | null;
  /** The keys of the feeds that failed, and of parts whose feeds are not known. */
  failedFeeds: string[];
  skipped: number;
  notices: string[];
  reachesBackTo: number | null;
  /** Why details of the page's events are missing, one for each: of those that are selected in the same part of the answer. */
  missingDetails(): Promise<Failure[]>;
  /** Asks the source, once, if reading the page did not tell. */
  totalCount(): Promise<number | null>;
}

export interface ConnectionShape {
  edges: { node: FlagEvent; readonly cursor: string }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  reports: SourceReport[];
}

export interface Vendor {
  definition: GraphVendor;
  types: VendorTypes;
}

export interface ConnectionRequest {
  args: ConnectionArguments;
  vendors: readonly Vendor[];
  /** Only events about this flag, whatever the filter says. */
  flagKey?: string;
  maxReadsPerFeed?: number;
}

/** Reads one page. Throws `BadInputError` naming the argument, or the first source's failure if all of them failed. */
export async function readConnection(
  { args, flagKey, maxReadsPerFeed, vendors }: ConnectionRequest,
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<ConnectionShape> {
  const { direction, from, limit, to } = toPage(args);
  const input = args.filter ?? {};
  const filter = narrow(toEventFilter(input, vendors, context.scope), flagKey);
  const digest = digestFor(input, context.scope, flagKey);
  const decode = ({ argument, text }: CursorArgument) =>
    text === null ? null : decodeKnownCursor(text, digest, argument);
  const [cursor, until] = [decode(from), decode(to)];
  const { budget, now, readFeed } = context;
  const sources = selectSources(context.sources, input);
  const parts = sources.flatMap((source) => source.parts);

  const page = await readTimeline(parts, {
    direction,
    limit,
    cursor,
    until,
    filter,
    fields: selectedNodeFields(info),
    now,
    budget,
    read: readFeed,
    onFailure: context.noteFailure,
    ...(maxReadsPerFeed !== undefined && { maxReadsPerFeed }),
  }).catch((error: unknown) => {
    throw error instanceof DeadlineError ? timeoutOf(sources) : error;
  });
  if (page.reports.some(({ skipped, status }) => status === 'FAILED' || skipped > 0)) context.isPartial = true;
  const count = (feed: Feed) => feed.count(filter, cursor?.asOf ?? now, budget);
  return {
    edges: page.edges.map((edge) => new Edge(edge, digest)),
    pageInfo: toPageInfo(page, direction, cursor, digest),
    reports: sources.flatMap((source) =>
      reportOn(source, page.reports, count, () => {
        const events = page.edges.flatMap(({ event }) => (event.source === source.id ? [event] : []));
        const details = source.details.filter((field) => isSelectedOnNodes(info, field));
        return detailFailures(context, events, details);
      }),
    ),
  };
}

/** An edge as clients see it; its cursor is encoded when it is read. A class for the reason that the timeline's is one. */
export class Edge {
  readonly node: FlagEvent;
  private readonly edge: { readonly cursor: Cursor };
  private readonly digest: string;

  constructor(edge: { event: FlagEvent; readonly cursor: Cursor }, digest: string) {
    this.node = edge.event;
    this.edge = edge;
    this.digest = digest;
  }

  get cursor(): string {
    return encodeCursor(this.edge.cursor, this.digest);
  }
}

/** The filter for one flag's own events. */
function narrow(filter: EventFilter, flagKey: string | undefined): EventFilter {
  if (flagKey === undefined) return filter;
  const { flagKeys = [flagKey] } = filter;
  return { ...filter, flagKeys: flagKeys.includes(flagKey) ? [flagKey] : [] };
}

/** The sum of what the sources count; null as soon as one of them cannot. */
export async function sumTotals(reports: readonly SourceReport[]): Promise<number | null> {
  return addUp(await Promise.all(reports.map((report) => report.totalCount())));
}

interface CursorArgument {
  argument: 'after' | 'before';
  text: string | null;
}

/** As Relay's specification reads the arguments. @see https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm */
function toPage({ after, before, first, last }: ConnectionArguments) {
  const given = (value: unknown) => value !== undefined && value !== null;
  if (given(first) && given(last)) {
    throw new BadInputError(
      'last',
      '`last` does not go with `first`: `first` reads from the newest event on, `last` from the oldest.',
    );
  }
  const isBackward = given(last) || (given(before) && !given(first) && !given(after));
  const [argument, size] = isBackward ? (['last', last] as const) : (['first', first] as const);
  const limit = size ?? DEFAULT_PAGE_SIZE;
  if (limit < 0 || limit > MAX_PAGE_SIZE) {
    throw new BadInputError(argument, `\`${argument}\` must be from 0 to ${MAX_PAGE_SIZE}.`, { max: MAX_PAGE_SIZE });
  }
  const newest: CursorArgument = { argument: 'after', text: after ?? null };
  const oldest: CursorArgument = { argument: 'before', text: before ?? null };
  const direction: Direction = isBackward ? 'newer' : 'older';
  return { direction, limit, from: isBackward ? oldest : newest, to: isBackward ? newest : oldest };
}

/** When no source has answered: the deadline is the request's, and the failure is theirs. */
function timeoutOf(sources: readonly Source[]): UpstreamError {
  const names = [...new Set(sources.map(({ name }) => name))].join(' and ');
  return new UpstreamError('UPSTREAM_TIMEOUT', `${names} did not answer in time.`);
}

function toPageInfo(
  page: TimelinePage,
  direction: Direction,
  cursor: Cursor | null,
  digest: string,
): ConnectionShape['pageInfo'] {
  const { edges, end, hasMore } = page;
  const isForward = direction === 'older';
  const encode = (at: Cursor | null | undefined) => (at ? encodeCursor(at, digest) : null);
  const further = hasMore || edges.length > 0 ? end : null;
  return {
    hasNextPage: isForward ? hasMore : cursor !== null,
    hasPreviousPage: isForward ? cursor !== null : hasMore,
    get startCursor() {
      return encode(isForward ? edges[0]?.cursor : further);
    },
    get endCursor() {
      return encode(isForward ? further : edges.at(-1)?.cursor);
    },
  };
}

export function reportOn(
  source: Source,
  reports: readonly FeedReport[],
  count: (feed: Feed) => Promise<number | null>,
  findMissing: () => Promise<unknown[]>,
): SourceReport[] {
  const own = reports.filter(({ feed }) => feed.source === source.id);
  if (own.length === 0) return [];
  const failures = own.filter(({ status }) => status === 'FAILED');
  const [failed] = failures;
  const horizons = own.flatMap(({ reachesBackTo }) => reachesBackTo ?? []);
  const status = failed ? 'FAILED' : own.some((report) => report.status === 'LATE') ? 'LATE' : 'OK';
  let total: Promise<number | null> | undefined;
  let missing: Promise<Failure[]> | undefined;
  return [
    {
      source,
      status,
      failure: failed ? toFailure(failed.error, source.name) : null,
      failedFeeds: failures.map(({ feed }) => feed.key),
      skipped: own.reduce((sum, { skipped }) => sum + skipped, 0),
      notices: [...new Set(own.flatMap(({ feed }) => feed.notice ?? []))],
      reachesBackTo: horizons.length > 0 ? Math.max(...horizons) : null,
      missingDetails() {
        missing ??= findMissing().then((errors) => errors.map((error) => toFailure(error, source.name)));
        return missing;
      },
      totalCount() {
        total ??= failed ? Promise.resolve(null) : totalOf(own, count);
        return total;
      },
    },
  ];
}

async function totalOf(
  reports: readonly FeedReport[],
  count: (feed: Feed) => Promise<number | null>,
): Promise<number | null> {
  if (reports.some(({ total }) => total === null)) return null;
  try {
    return addUp(await Promise.all(reports.map(({ feed, total }) => total ?? count(feed))));
  } catch {
    // A count that fails is unknown; the events are there all the same.
    return null;
  }
}

function addUp(totals: readonly (number | null)[]): number | null {
  return totals.reduce<number | null>((sum, total) => (sum === null || total === null ? null : sum + total), 0);
}
