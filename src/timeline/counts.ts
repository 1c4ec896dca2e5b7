/** How many events there were, in equal spans of time: a walk that keeps numbers and no events. */
import type { FlagEvent, FlagEventKind } from '../model.ts';
import type { Cursor } from './cursor.ts';
import type { Part } from './feed.ts';
import { type FeedReport, readTimeline, type TimelinePage, type TimelineRequest } from './timeline.ts';

export interface CountsRequest extends Omit<TimelineRequest, 'cursor' | 'direction' | 'limit' | 'until' | 'fields'> {
  /** Unix milliseconds: the first is inclusive, the last is not. */
  from: number;
  to: number;
  buckets: number;
  /** So many events are counted at most. @default 10_000 */
  maxEvents?: number;
}

export interface Bucket {
  from: number;
  to: number;
  total: number;
  kinds: Map<FlagEventKind, number>;
  /** By key; `null` is none. */
  environments: Map<string | null, number>;
}

export interface Counts {
  total: number;
  /** Every event that matches has been counted. */
  isComplete: boolean;
  buckets: Bucket[];
  reports: FeedReport[];
}

export const MAX_COUNTED = 10_000;
/** Of one page of the walk: as many as the largest page of a vendor. */
const PAGE_SIZE = 1_000;

/** Throws the first feed's error if every feed fails. */
export async function countEvents(parts: readonly Part[], request: CountsRequest): Promise<Counts> {
  const { buckets: count, from, maxEvents = MAX_COUNTED, to, ...common } = request;
  const buckets = Array.from({ length: count }, (_, index) => createBucket(index, count, from, to));
  const filter = { ...request.filter, window: { from, to } };
  const reports = new Map<string, FeedReport>();
  let total = 0;
  let cursor: Cursor | null = null;
  let isComplete = false;
  for (let isOver = false; !isOver; ) {
    const limit = Math.min(PAGE_SIZE, maxEvents - total);
    const page: TimelinePage | null = await readTimeline(parts, {
      ...common,
      direction: 'older',
      limit,
      cursor,
      filter,
      fields: NO_FIELDS,
    }).catch((error: unknown) => {
      if (cursor === null) throw error;
      // All that is left is owed by feeds that fail.
      return null;
    });
    if (page === null) break;
    for (const report of page.reports) reports.set(report.feed.key, joined(reports.get(report.feed.key), report));
    for (const { event } of page.edges) add(buckets[bucketOf(event, count, from, to)], event);
    total += page.edges.length;
    isComplete = !page.hasMore;
    const isStuck = page.edges.length === 0 && page.reports.some(({ status }) => status === 'FAILED');
    isOver = isComplete || isStuck || total >= maxEvents;
    cursor = page.end;
  }
  const all = [...reports.values()];
  const isWhole = all.every(
    ({ reachesBackTo = from, skipped, status }) => status !== 'FAILED' && skipped === 0 && reachesBackTo <= from,
  );
  return { total, isComplete: isComplete && isWhole, buckets, reports: all };
}

const NO_FIELDS: ReadonlySet<string> = new Set();

/** Ends are whole milliseconds, and spans differ by one at most. */
function createBucket(index: number, count: number, from: number, to: number): Bucket {
  const at = (number: number) => from + Math.ceil((number * (to - from)) / count);
  return { from: at(index), to: at(index + 1), total: 0, kinds: new Map(), environments: new Map() };
}

function bucketOf({ occurredAt }: FlagEvent, count: number, from: number, to: number): number {
  return Math.floor(((occurredAt - from) * count) / (to - from));
}

function add(bucket: Bucket | undefined, { environment, kind }: FlagEvent): void {
  if (!bucket) return;
  bucket.total += 1;
  bucket.kinds.set(kind, (bucket.kinds.get(kind) ?? 0) + 1);
  bucket.environments.set(environment, (bucket.environments.get(environment) ?? 0) + 1);
}

/** What a feed has brought late is there; what could not be read is missing for good. */
function joined(before: FeedReport | undefined, { status, ...report }: FeedReport): FeedReport {
  return { ...report, status: status === 'FAILED' ? status : 'OK', skipped: (before?.skipped ?? 0) + report.skipped };
}
