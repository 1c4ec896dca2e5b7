import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistory, type History } from '../../src/history/history.ts';
import { rememberingPart } from '../../src/history/remembering-feed.ts';
import { compareEvents, type FlagEvent } from '../../src/model.ts';
import type { Cursor } from '../../src/timeline/cursor.ts';
import type { Direction } from '../../src/timeline/feed.ts';
import { type EventFilter, NO_FILTER } from '../../src/timeline/filter.ts';
import { readTimeline } from '../../src/timeline/timeline.ts';
import { createEndlessBudget } from '../support/budget.ts';
import { createEvent, createMemoryFeed, type MemoryFeed, toParts } from '../support/memory-feed.ts';

const MINUTE = 60_000;
const SETTLED = 15 * MINUTE;
/** When the tests begin. Events are minutes apart, so that about half of them are settled. */
const NOW = 1_000 * MINUTE;

describe('feeds that remember', () => {
  it('give every walk exactly what the feeds hold, whoever walked before, in whichever way and size', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, fc.array(someWalk, { minLength: 2, maxLength: 6 }), async (given, walks) => {
        const feeds = given.map(({ events, key, maxPage = 1 }) => createMemoryFeed(key, [...events], maxPage));
        const history = createBigHistory();
        let now = NOW;
        let added = 0;
        for (const { filter, pause, size, way } of walks) {
          now += pause;
          const pages = await walk(feeds, history, { filter, size, way, now });
          const expected = unionOf(feeds).filter((event) => isIn(event, filter));
          expect(idsOf(pages)).toEqual(idsOf(expected));
          // Rows are committed late, but not by more than a quarter of an hour.
          for (const feed of feeds) insert(feed, now - SETTLED + 1 + ((added * 7_919) % SETTLED), `late-${added++}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lose nothing when little fits into the memory', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, fc.integer({ min: 1_300, max: 20_000 }), async (feeds, maxBytes) => {
        const history = createHistory({ maxBytes, maxAgeMs: 60_000 }) as History;
        for (const way of ['older', 'newer', 'older'] as const) {
          const pages = await walk(feeds, history, { filter: NO_FILTER, size: 3, way, now: NOW });
          expect(idsOf(pages)).toEqual(idsOf(unionOf(feeds)));
          expect(history.bytes()).toBeLessThanOrEqual(maxBytes);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('ask for large pages once a reader is on the way, and for nothing settled twice', async () => {
    const feed = createMemoryFeed('feed', settled(1_000), 100);
    const history = createBigHistory();
    const reads = async (size: number, way: Direction = 'older', filter = NO_FILTER) => {
      feed.requests.length = 0;
      await walk([feed], history, { size, way, filter, now: NOW });
      return feed.requests.length;
    };
    expect(await reads(20)).toBe(1 + 10);
    // A first page is always asked for; with another size the second page begins above what is remembered.
    expect(await reads(20)).toBe(1);
    expect(await reads(50)).toBe(1);
    expect(await reads(7)).toBe(2);
    expect(await reads(20, 'older', { ...NO_FILTER, types: ['rare'] })).toBe(1);
  });

  it('ask again for what is not settled, and for what is too old to be believed', async () => {
    const feed = createMemoryFeed('feed', unsettled(30), 10);
    const history = createBigHistory();
    const reads = async () => {
      feed.requests.length = 0;
      await walk([feed], history, { size: 10, way: 'older', filter: NO_FILTER, now: NOW });
      return feed.requests.length;
    };
    expect([await reads(), await reads()]).toEqual([3, 3]);
    const old = createMemoryFeed('old', settled(30), 10);
    const brief = createHistory({ maxBytes: 1e6, maxAgeMs: 5 }) as History;
    const walkOld = () => walk([old], brief, { size: 10, way: 'older', filter: NO_FILTER, now: NOW });
    await walkOld();
    const before = old.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await walkOld();
    expect(old.requests.length).toBe(2 * before);
  });

  it('keep nothing of a page that failed or lacks rows', async () => {
    const feed = createMemoryFeed('feed', settled(100), 10);
    const partial: MemoryFeed = { ...feed, read: async (request) => ({ ...(await feed.read(request)), skipped: 1 }) };
    const history = createBigHistory();
    for (let time = 0; time < 2; time += 1) {
      await walk([partial], history, { size: 10, way: 'older', filter: NO_FILTER, now: NOW });
      expect(history.bytes()).toBe(0);
    }
  });

  it('notice that an event has vanished once what they know is too old', async () => {
    const feed = createMemoryFeed('feed', settled(50), 10);
    const history = createHistory({ maxBytes: 1e6, maxAgeMs: 10 }) as History;
    const ids = () => walk([feed], history, { size: 5, way: 'older', filter: NO_FILTER, now: NOW }).then(idsOf);
    await ids();
    feed.events.splice(30, 1);
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect(await ids()).toEqual(idsOf(feed.events));
  });
});

const someFeeds = fc
  .array(
    fc.record({
      minutes: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean()), { maxLength: 40 }),
      pageSize: fc.integer({ min: 1, max: 12 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((feeds) =>
    feeds.map(({ minutes, pageSize }, index) => {
      const events = minutes
        .toSorted(([a], [b]) => a - b)
        .map(([minute, isRare], id) =>
          createEvent(`feed-${index}`, String(id), NOW - minute * MINUTE, isRare ? 'rare' : 'common'),
        );
      return createMemoryFeed(`feed-${index}`, events, pageSize);
    }),
  );

const someWalk = fc.record({
  size: fc.integer({ min: 1, max: 15 }),
  way: fc.constantFrom<Direction>('older', 'newer'),
  pause: fc.integer({ min: 0, max: 10 * MINUTE }),
  filter: fc
    .tuple(fc.option(fc.integer({ min: 5, max: 45 })), fc.option(fc.integer({ min: 0, max: 30 })), fc.boolean())
    .map(([from, to, isRare]): EventFilter => {
      const window = { from: from === null ? null : NOW - from * MINUTE, to: to === null ? null : NOW - to * MINUTE };
      const isEmpty = window.from !== null && window.to !== null && window.from >= window.to;
      return { ...NO_FILTER, window: isEmpty ? { from: null, to: null } : window, ...(isRare && { types: ['rare'] }) };
    }),
});

function createBigHistory(): History {
  return createHistory({ maxBytes: 64e6, maxAgeMs: 600_000 }) as History;
}

function settled(count: number): FlagEvent[] {
  const at = (index: number) => NOW - SETTLED - (index + 1) * MINUTE;
  return Array.from({ length: count }, (_, index) =>
    createEvent('feed', String(index), at(index), index % 10 === 0 ? 'rare' : 'common'),
  );
}

function unsettled(count: number): FlagEvent[] {
  return Array.from({ length: count }, (_, index) => createEvent('feed', String(index), NOW - index * 1_000));
}

function insert(feed: MemoryFeed, time: number, id: string): void {
  const event = createEvent(feed.key, id, time);
  const index = feed.events.findIndex(({ occurredAt }) => occurredAt < time);
  feed.events.splice(index < 0 ? feed.events.length : index, 0, event);
}

function isIn(event: FlagEvent, { types, window }: EventFilter): boolean {
  const { from, to } = window;
  const { occurredAt, type } = event;
  return (from === null || occurredAt >= from) && (to === null || occurredAt < to) && (types?.includes(type) ?? true);
}

interface WalkOptions {
  size: number;
  way: Direction;
  filter: EventFilter;
  now: number;
}

/** To the end, newest first whichever way. */
async function walk(
  feeds: MemoryFeed[],
  history: History,
  { filter, now, size, way }: WalkOptions,
): Promise<FlagEvent[]> {
  const parts = toParts(feeds).map((part) => rememberingPart(part, history));
  let walked: FlagEvent[] = [];
  for (let [cursor, pages]: [Cursor | null, number] = [null, 0]; ; pages += 1) {
    if (pages > 500) throw new Error('The walk does not end.');
    const budget = createEndlessBudget();
    const page = await readTimeline(parts, {
      direction: way,
      limit: size,
      cursor,
      filter,
      fields: new Set(),
      now,
      budget,
    });
    const events = page.edges.map(({ event }) => event);
    walked = way === 'older' ? [...walked, ...events] : [...events, ...walked];
    if (!page.hasMore) return walked;
    cursor = page.end;
  }
}

function unionOf(feeds: MemoryFeed[]): FlagEvent[] {
  return feeds.flatMap(({ events }) => events).toSorted(compareEvents);
}

function idsOf(events: readonly FlagEvent[]): string[] {
  return events.map(({ feed, id }) => `${feed}/${id}`);
}
