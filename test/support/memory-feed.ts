import type { FlagEvent } from '../../src/model.ts';
import type { Feed, FeedRequest, Part, Start } from '../../src/timeline/feed.ts';

export interface MemoryFeed extends Feed {
  /** Newest first, in the feed's own order. */
  events: FlagEvent[];
  /** Every request it was sent, in order. */
  requests: FeedRequest[];
  /** While true, every read fails. */
  isDown: boolean;
}

/** Each feed as a part of its own. */
export function toParts(feeds: readonly Feed[]): Part[] {
  return feeds.map((feed) => ({ key: feed.key, source: feed.source, feeds: async () => [feed] }));
}

/** A feed over an array. It gives out at most `pageSize` rows at a time, as an upstream with a maximum would. */
export function createMemoryFeed(key: string, events: FlagEvent[], pageSize = 100): MemoryFeed {
  const feed: MemoryFeed = {
    key,
    source: key,
    events,
    requests: [],
    isDown: false,
    maxPage: pageSize,
    canMatch: () => true,
    pushdown: () => ({ key: '', isWhole: false, isCheckable: true }),
    matches: () => true,
    count: async () => feed.events.length,
    async read(request) {
      feed.requests.push(request);
      if (feed.isDown) throw new Error(`${key} is down`);
      const size = Math.min(request.limit, pageSize);
      const [rest, rows] =
        request.direction === 'older'
          ? splitFirst(feed.events.slice(firstOlder(feed.events, request.start)), size)
          : splitLast(feed.events.slice(0, lastNewer(feed.events, request.start)), size);
      const last = request.direction === 'older' ? rows.at(-1) : rows[0];
      const reached = rest.length > 0 && last ? { time: last.occurredAt, id: last.id } : null;
      return { rows: rows.map((event) => ({ event })), reached, skipped: 0 };
    },
  };
  return feed;
}

export function createEvent(feed: string, id: string, occurredAt: number, type = 'changed'): FlagEvent {
  return {
    vendor: 'MEMORY',
    source: feed,
    feed,
    id,
    occurredAt,
    kind: 'OTHER',
    type,
    title: type,
    flagKey: null,
    project: null,
    environment: null,
    actor: null,
    url: null,
    wire: null,
  };
}

function firstOlder(events: readonly FlagEvent[], start: Start | null): number {
  if (start === null) return 0;
  const known = events.findIndex((event) => event.id === start.id);
  if (known >= 0) return known + 1;
  const index = events.findIndex(
    ({ occurredAt }) => occurredAt < start.time || (occurredAt === start.time && !start.isWhole),
  );
  return index < 0 ? events.length : index;
}

function lastNewer(events: readonly FlagEvent[], start: Start | null): number {
  if (start === null) return events.length;
  const known = events.findIndex((event) => event.id === start.id);
  if (known >= 0) return known;
  const index = events.findIndex(
    ({ occurredAt }) => occurredAt < start.time || (occurredAt === start.time && start.isWhole),
  );
  return index < 0 ? events.length : index;
}

function splitFirst<T>(all: T[], size: number): [rest: T[], first: T[]] {
  return [all.slice(size), all.slice(0, size)];
}

function splitLast<T>(all: T[], size: number): [rest: T[], last: T[]] {
  const at = Math.max(0, all.length - size);
  return [all.slice(0, at), all.slice(at)];
}
