/** One page of the merged timeline. Asks the feeds, does no I/O of its own. */
import { UpstreamError } from '../errors.ts';
import type { Budget, FlagEvent } from '../model.ts';
import { type Cursor, shortKeyOf } from './cursor.ts';
import type { Direction, Feed, FeedPage, FeedRequest, Part } from './feed.ts';
import { createMatcher, type EventFilter, type Matcher } from './filter.ts';
import {
  boundOf,
  createCursorMaker,
  createLane,
  endOfTimeline,
  extendLane,
  isBeyondBound,
  isOwedBeforeBound,
  type Lane,
  lanesAtTheirEdge,
  leaveBehind,
  nearest,
  take,
  type Walk,
} from './merge.ts';
import { beginningOf, knownBy, OVERLAP_MS, trailOf } from './trail.ts';
import { withinBudget } from './within-budget.ts';

/** How often one feed is read for one page, unless the request says otherwise, before the page goes out short. */
export const MAX_READS_PER_FEED = 10;

export interface TimelineRequest {
  direction: Direction;
  limit: number;
  cursor: Cursor | null;
  /** The page ends before this place. @default at the end of the timeline */
  until?: Cursor | null;
  filter: EventFilter;
  fields: ReadonlySet<string>;
  /** @default MAX_READS_PER_FEED */
  maxReadsPerFeed?: number;
  /** Unix milliseconds. */
  now: number;
  budget: Budget;
  /** Told of every feed, or part whose feeds are not known, that fails. */
  onFailure?(key: string, error: unknown): void;
  /** @default the feed itself */
  read?(feed: Feed, request: FeedRequest): Promise<FeedPage>;
}

export interface FeedReport {
  feed: Feed;
  /** `LATE`: the page brings events that an earlier page missed. */
  status: 'OK' | 'FAILED' | 'LATE';
  error?: unknown;
  /** Events that belong on the page but could not be read. */
  skipped: number;
  reachesBackTo?: number;
  /** All events that match, if reading the page told; `null` if its upstream is not to be believed about that. */
  total?: number | null;
}

export interface TimelineEdge {
  event: FlagEvent;
  /** Made when it is first read. */
  readonly cursor: Cursor;
}

export interface TimelinePage {
  /** Newest first, whichever way the page was read. */
  edges: TimelineEdge[];
  /** Where to go on in the direction of reading; beyond the last edge when a filter left the page short. */
  end: Cursor | null;
  /** Whether the direction of reading holds more, what a failed feed owes included. */
  hasMore: boolean;
  /** Feeds that have answered have nothing more in the direction of reading: all that there may be is owed. */
  isRead: boolean;
  reports: FeedReport[];
}

/**
 * Finds out the feeds of every part and reads them, each on its own and in parallel, and merges them. A feed that fails, or
 * has no answer when the budget ends, is reported and owed to a later page of the same walk; only when every feed that was
 * asked fails, the first one's error is thrown.
 */
export async function readTimeline(parts: readonly Part[], request: TimelineRequest): Promise<TimelinePage> {
  const { direction, filter, limit, maxReadsPerFeed = MAX_READS_PER_FEED, until = null } = request;
  const cursor = request.cursor && beginningOf(request.cursor, direction);
  // Beyond the end that a walk the other way began at, there is nothing.
  const isPastEnd = cursor !== null && cursor.position === null && cursor.direction !== direction;
  const bound = isPastEnd ? endOfTimeline(direction) : until && boundOf(until, direction);
  const walk: Walk = { cursor, direction, asOf: cursor?.asOf ?? request.now, bound };
  const matches = createMatcher(filter);
  const trail = direction === 'newer' && cursor?.direction === 'newer' ? cursor.trail : undefined;
  const isKnown = trail && knownBy(trail);
  const passes: Matcher = isKnown ? (event) => matches(event) && !isKnown(event) : matches;
  const readOn = (lane: Lane, wanted: number) => readLane(lane, wanted, walk, passes, request);

  const opened = (await Promise.all(parts.map((part) => openPart(part, walk, passes, request)))).flat();
  const lanes = opened.flatMap(({ lane }) => lane ?? []);
  throwIfAllFailed(lanes);
  // A part is known by its own key, too: what it owed as a whole, its feeds have taken over.
  const known = new Set([...parts, ...opened.map(({ feed }) => feed)].map(shortKeyOf));
  const cursorAt = createCursorMaker(lanes, walk, (key) => known.has(key));

  const edges: TimelineEdge[] = [];
  let position = cursor?.position ?? null;
  while (edges.length < limit) {
    const next = nearest(lanes, walk);
    if (next === undefined) break;
    const event = next.index === null ? undefined : next.lane.rows[next.index]?.row.event;
    if (next.index !== null && event !== undefined) {
      position = take(next.lane, next.index, event, position, direction);
      edges.push(new Edge(event, cursorAt(position)));
    } else if (next.lane.reads < maxReadsPerFeed) {
      const wanted = limit - edges.length + 1;
      const due = lanesAtTheirEdge(lanes, limit - edges.length, walk);
      await Promise.all(due.filter(({ reads }) => reads < maxReadsPerFeed).map((lane) => readOn(lane, wanted)));
    } else {
      position = leaveBehind(next.lane, position, direction);
      break;
    }
  }
  if (limit > 0 && edges.length === 0) throwIfOnlyDebtIsLeft(lanes, walk);
  const end = cursorAt(position)();
  const isOwing = [...end.behind.values()].some((owed) => isOwedBeforeBound(owed, walk));
  const isRead = nearest(lanes, walk) === undefined;
  const hasMore = isOwing || !isRead;
  if (direction === 'newer') edges.reverse();
  else if (cursor === null) rememberNewest(edges, hasMore, walk.asOf);
  return { edges, end, hasMore, isRead, reports: opened.map(({ feed, lane }) => reportOn(feed, lane, filter)) };
}

/** A walk towards now may begin at the newest event: near the present, its cursor says what else the page has. */
function rememberNewest(edges: TimelineEdge[], hasMore: boolean, asOf: number): void {
  const [first] = edges;
  if (first === undefined || first.event.occurredAt < asOf - OVERLAP_MS) return;
  const events = edges.map(({ event }) => event);
  edges[0] = new Edge(first.event, () => ({ ...first.cursor, trail: trailOf(events, hasMore) }));
}

/** A class, because V8 defines the accessor of a literal anew for each object, at three times the cost of all the rest. */
class Edge implements TimelineEdge {
  readonly event: FlagEvent;
  private readonly makeCursor: () => Cursor;

  constructor(event: FlagEvent, makeCursor: () => Cursor) {
    this.event = event;
    this.makeCursor = makeCursor;
  }

  get cursor(): Cursor {
    return this.makeCursor();
  }
}

interface Opened {
  feed: Feed;
  /** Read once, unless it begins beyond the bound; none if the cursor says that the feed has nothing more. */
  lane: Lane | undefined;
}

/** One pipeline: which feeds the part has, and the first read of each. */
async function openPart(part: Part, walk: Walk, passes: Matcher, request: TimelineRequest): Promise<Opened[]> {
  const { budget, filter, limit } = request;
  if (part.canMatch?.(filter) === false) return [];
  try {
    const feeds = await withinBudget(budget, part.feeds(budget));
    return await Promise.all(
      feeds
        .filter((feed) => feed.canMatch(filter))
        .map(async (feed) => {
          const lane = createLane(feed, part.key, walk);
          if (lane && !isBeyondBound(lane, walk)) await readLane(lane, limit + 1, walk, passes, request);
          return { feed, lane };
        }),
    );
  } catch (error) {
    const feed = createStandIn(part);
    const lane = createLane(feed, part.key, walk, true);
    if (lane) fail(lane, error, request);
    return [{ feed, lane }];
  }
}

async function readLane(
  lane: Lane,
  limit: number,
  walk: Walk,
  passes: Matcher,
  request: TimelineRequest,
): Promise<void> {
  const { budget, direction, fields, filter, now, read = readItself } = request;
  const { feed, frontier, late } = lane;
  const { asOf } = walk;
  const { hint, start } = frontier;
  try {
    const asked = { direction, start, limit, filter, fields, hint, asOf, now, budget, isOwed: late };
    const page = await withinBudget(budget, read(feed, asked));
    extendLane(lane, page, walk, (event) => passes(event) && feed.matches(event, filter));
  } catch (error) {
    fail(lane, error, request);
  }
}

function fail(lane: Lane, error: unknown, { onFailure }: TimelineRequest): void {
  lane.error = error;
  onFailure?.(lane.feed.key, error);
}

function readItself(feed: Feed, request: FeedRequest): Promise<FeedPage> {
  return feed.read(request);
}

/** A request that has used up its calls has not failed: it has a short page, and a cursor to go on with. */
function throwIfAllFailed(lanes: readonly Lane[]): void {
  const [first] = lanes;
  if (first === undefined || lanes.some(({ error }) => error === undefined || isSpent(error))) return;
  throw first.error;
}

/** What is left is owed by feeds that fail, as on the page before: without an error a reader would ask for ever. */
function throwIfOnlyDebtIsLeft(lanes: readonly Lane[], walk: Walk): void {
  const failed = lanes.filter(({ error }) => error !== undefined);
  const isStuck = failed.every(({ error, isOwed }) => isOwed && !isSpent(error));
  if (failed.length > 0 && isStuck && nearest(lanes, walk) === undefined) throw failed[0]?.error;
}

function isSpent(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'UPSTREAM_CALLS_SPENT';
}

/** For the feeds of a part that could not say which they are. */
export function createStandIn({ key, source }: Part): Feed {
  const fail = () => Promise.reject(new Error('This feed only stands in for others.'));
  return {
    key,
    source,
    read: fail,
    count: fail,
    canMatch: () => true,
    pushdown: () => ({ key: '', isWhole: false, isCheckable: false }),
    matches: () => false,
  };
}

function reportOn(feed: Feed, lane: Lane | undefined, filter: EventFilter): FeedReport {
  const { isWhole } = feed.pushdown(filter);
  const isBelied = isWhole && lane?.rows.some(({ passes, row }) => !passes && !row.isExtra) === true;
  const skipped = lane?.skipped ?? 0;
  const total = isBelied ? null : isWhole && skipped === 0 ? lane?.total : undefined;
  return {
    feed,
    status: lane?.error !== undefined ? 'FAILED' : lane?.broughtLate ? 'LATE' : 'OK',
    skipped,
    ...(lane?.error !== undefined && { error: lane.error }),
    ...(lane?.reachesBackTo !== undefined && { reachesBackTo: lane.reachesBackTo }),
    ...(total !== undefined && { total }),
  };
}
