/** One page of the merged timeline. Asks the feeds, does no I/O of its own. */
import type { FlagEvent } from '../model.ts';
import type { Cursor } from './cursor.ts';
import type { Direction, Feed } from './feed.ts';
import { type EventFilter, matchesFilter } from './filter.ts';
import {
  candidateOf,
  createLanes,
  cursorAt,
  extendLane,
  frontierOf,
  type Lane,
  leaveBehind,
  nearest,
  take,
} from './merge.ts';

/** How often one feed is read for one page, unless the request says otherwise, before the page goes out short. */
export const MAX_READS_PER_FEED = 10;

export interface TimelineRequest {
  direction: Direction;
  limit: number;
  cursor: Cursor | null;
  filter: EventFilter;
  fields: ReadonlySet<string>;
  /** @default MAX_READS_PER_FEED */
  maxReadsPerFeed?: number;
  /** Unix milliseconds. */
  now: number;
  signal: AbortSignal;
}

export interface FeedReport {
  feed: Feed;
  /** `LATE`: the page brings events that an earlier page missed. */
  status: 'OK' | 'FAILED' | 'LATE';
  error?: unknown;
  /** Events that belong on the page but could not be read. */
  skipped: number;
  reachesBackTo?: number;
  /** All events that match, if reading the page told; `null` if they cannot be counted at all. */
  total?: number | null;
}

export interface TimelinePage {
  /** Newest first, whichever way the page was read. */
  edges: { event: FlagEvent; cursor: Cursor }[];
  /** Where to go on in the direction of reading; beyond the last edge when a filter left the page short. */
  end: Cursor | null;
  /** Whether the direction of reading holds more, a failed feed's debt included. */
  hasMore: boolean;
  reports: FeedReport[];
}

/**
 * Reads `feeds` in parallel and merges them. A feed that fails is reported and owed to a later page of the same walk;
 * only when every feed that was asked fails, the first one's error is thrown.
 */
export async function readTimeline(feeds: readonly Feed[], request: TimelineRequest): Promise<TimelinePage> {
  const { cursor, direction, filter, limit, maxReadsPerFeed = MAX_READS_PER_FEED } = request;
  const asOf = cursor?.asOf ?? request.now;
  const matching = feeds.filter((feed) => feed.canMatch(filter));
  const lanes = createLanes(matching, cursor, direction);
  const readOn = (lane: Lane, wanted: number) => readLane(lane, wanted, asOf, request);

  await Promise.all(lanes.map((lane) => readOn(lane, limit + 1)));
  throwIfAllFailed(lanes);

  const edges: TimelinePage['edges'] = [];
  let position = cursor?.position ?? null;
  const here = () => cursorAt(position, lanes, direction, cursor, asOf);
  while (edges.length < limit) {
    const next = nearest(lanes, direction);
    if (next === undefined) break;
    const event = next.index === null ? undefined : next.lane.rows[next.index]?.row.event;
    if (next.index !== null && event !== undefined) {
      position = take(next.lane, next.index, event, position, direction);
      edges.push({ event, cursor: here() });
    } else if (next.lane.reads < maxReadsPerFeed) {
      const wanted = limit - edges.length + 1;
      await Promise.all(
        lanes.filter((lane) => isReadToItsEdge(lane, maxReadsPerFeed)).map((lane) => readOn(lane, wanted)),
      );
    } else {
      position = leaveBehind(next.lane, position);
      break;
    }
  }
  const end = here();
  const hasMore = end.behind.size > 0 || nearest(lanes, direction) !== undefined;
  if (direction === 'newer') edges.reverse();
  return { edges, end, hasMore, reports: matching.map((feed) => reportOn(feed, lanes, filter)) };
}

async function readLane(lane: Lane, limit: number, asOf: number, request: TimelineRequest): Promise<void> {
  const { direction, fields, filter, now, signal } = request;
  const { feed } = lane;
  const { start, hint } = frontierOf(lane);
  try {
    const page = await feed.read({ direction, start, limit, filter, fields, hint, asOf, now, signal });
    extendLane(lane, page, direction, (event) => matchesFilter(event, filter) && feed.matches(event, filter));
  } catch (error) {
    lane.error = error;
  }
}

function isReadToItsEdge(lane: Lane, maxReads: number): boolean {
  return lane.error === undefined && lane.reads < maxReads && candidateOf(lane)?.index === null;
}

function throwIfAllFailed(lanes: readonly Lane[]): void {
  const [first] = lanes;
  if (first !== undefined && lanes.every((lane) => lane.error !== undefined)) throw first.error;
}

function reportOn(feed: Feed, lanes: readonly Lane[], filter: EventFilter): FeedReport {
  const lane = lanes.find((each) => each.feed === feed);
  const isCountable = feed.appliesAll(filter) && lane?.rows.every(({ passes, row }) => passes || row.isExtra) !== false;
  const skipped = lane?.skipped ?? 0;
  const total = isCountable ? (skipped > 0 ? undefined : lane?.total) : null;
  return {
    feed,
    status: lane?.error !== undefined ? 'FAILED' : lane?.broughtLate ? 'LATE' : 'OK',
    skipped,
    ...(lane?.error !== undefined && { error: lane.error }),
    ...(lane?.reachesBackTo !== undefined && { reachesBackTo: lane.reachesBackTo }),
    ...(total !== undefined && { total }),
  };
}
