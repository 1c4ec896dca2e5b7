import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_ENTRIES } from '../../src/live/listing.ts';
import { createLive, type LiveFeed, type LiveOptions } from '../../src/live/live.ts';
import type { FlagEvent } from '../../src/model.ts';
import type { EndedError } from '../../src/request/live.ts';
import type { Source } from '../../src/sources/source.ts';
import { createMemoryBus } from '../../src/store/bus.ts';
import { createMemoryLease } from '../../src/store/lease.ts';
import { NO_FILTER } from '../../src/timeline/filter.ts';
import { readTimeline } from '../../src/timeline/timeline.ts';
import { createEndlessBudget } from '../support/budget.ts';
import { follow, hasEvents, isCaughtUp, throughText } from '../support/follow.ts';
import { createEvent, createMemoryFeed, type MemoryFeed } from '../support/memory-feed.ts';
import { createMemorySource } from '../support/memory-source.ts';

const PACE = {
  pollIntervalMs: 20,
  minGapMs: 5,
  maxBackoffMs: 40,
  requestTimeoutMs: 1_000,
  upstreamCallsPerRequest: 100,
};

const opened: LiveFeed[] = [];
afterEach(() => {
  for (const live of opened.splice(0)) live.shutDown('TEST_IS_OVER');
});

function start(options: Partial<LiveOptions> = {}): LiveFeed {
  const live = createLive({ ...PACE, ...options });
  opened.push(live);
  return live;
}

/** A feed whose newest of so many events happened two minutes ago, each a second after the one before. */
function createFeed(key: string, count = 3): MemoryFeed {
  const newest = Date.now() - 120_000;
  const events = Array.from({ length: count }, (_, index) =>
    createEvent(key, `${key}-${count - index}`, newest - index * 1_000),
  );
  return createMemoryFeed(key, events);
}

let last = 0;
/** Happens now, and is readable at once. */
function happen(feed: MemoryFeed, id: string, agoMs = 0): FlagEvent {
  last = Math.max(last + 1, Date.now());
  const event = createEvent(feed.key, id, agoMs === 0 ? last : Date.now() - agoMs);
  const index = feed.events.findIndex(({ occurredAt }) => occurredAt <= event.occurredAt);
  feed.events.splice(index < 0 ? feed.events.length : index, 0, event);
  return event;
}

async function readFirstPage(sources: readonly Source[], limit = 2) {
  const budget = createEndlessBudget();
  return readTimeline(
    sources.flatMap(({ parts }) => parts),
    { direction: 'older', limit, cursor: null, filter: NO_FILTER, fields: new Set(), now: Date.now(), budget },
  );
}

describe('a subscription', () => {
  it('begins with a batch that says where it stands, and brings what happens from then on', async () => {
    const feed = createFeed('a');
    const live = start();
    const reader = follow(live, [createMemorySource('s', [feed])]);
    await reader.until(isCaughtUp);
    expect(reader.ids()).toEqual([]);
    happen(feed, 'new-1');
    happen(feed, 'new-2');
    await reader.until(hasEvents(2));
    expect(reader.ids()).toEqual(['new-1', 'new-2']);
    expect(reader.batches.at(-1)).toMatchObject({ isCaughtUp: true, updated: [], reports: [{ status: 'OK' }] });
  });

  it('goes on from a page without a gap, and without a call besides the polls', async () => {
    const feeds = [createFeed('a'), createFeed('b')];
    const sources = [createMemorySource('s', feeds)];
    const { edges } = await readFirstPage(sources);
    happen(feeds[0] as MemoryFeed, 'between');
    for (const feed of feeds) feed.requests.length = 0;
    const reader = follow(start(), sources, { since: edges[0]?.cursor ?? null });
    await reader.until(hasEvents(1));
    expect(reader.ids()).toEqual(['between']);
    expect(reader.batches).toHaveLength(1);
    expect(feeds.map(({ requests }) => requests.length)).toEqual([1, 1]);
  });

  it('goes on from a fresh page with what is committed late, behind the newest event of the page', async () => {
    const [feed, other] = [createFeed('a'), createFeed('b')];
    const sources = [createMemorySource('s', [feed, other])];
    happen(feed, 'one', 20_000);
    happen(other, 'two', 10_000);
    happen(feed, 'three', 5_000);
    const { edges } = await readFirstPage(sources, 4);
    expect(edges.map(({ event }) => event.id)).toEqual(['three', 'two', 'one', 'a-3']);
    happen(feed, 'late', 15_000);
    happen(feed, 'new');
    const reader = follow(start(), sources, { since: throughText(edges[0]?.cursor) });
    await reader.until(isCaughtUp);
    expect(reader.ids()).toEqual(['late', 'new']);
    const settled = follow(start(), sources, { since: throughText(edges[1]?.cursor) });
    await settled.until(isCaughtUp);
    expect(settled.ids()).toEqual(['three', 'new']);
  });

  it('goes on from amid the events of one millisecond, in several feeds', async () => {
    const time = Date.now() - 130_000;
    const feeds = ['a', 'b', 'c'].map((key) =>
      createMemoryFeed(
        key,
        [3, 2, 1].map((number) => createEvent(key, `${key}${number}`, time)),
      ),
    );
    const sources = [createMemorySource('s', feeds)];
    const { edges } = await readFirstPage(sources, 9);
    for (const [index, edge] of edges.entries()) {
      const reader = follow(start(), sources, { since: edge.cursor });
      await reader.until(isCaughtUp);
      const newer = edges.slice(0, index).map(({ event }) => event.id);
      expect(reader.batches.flatMap((batch) => batch.edges.map(({ event }) => event.id))).toEqual(newer);
      await reader.leave();
    }
  });

  it.for([1, 20, 150, 900])(
    'catches up from %i events ago, the oldest batch first, and then goes live',
    async (count) => {
      const feed = createFeed('a', 1_000);
      const sources = [createMemorySource('s', [feed, createFeed('b', 5)])];
      const all = await readFirstPage([createMemorySource('s', [feed])], 1_000);
      const reader = follow(start(), sources, { since: all.edges[count]?.cursor ?? null });
      await reader.until(isCaughtUp);
      happen(feed, 'new');
      await reader.until(({ ids }) => ids().includes('new'));
      const own = reader.ids().filter((id) => !id.startsWith('b-'));
      expect(own).toEqual([
        ...all.edges
          .slice(0, count)
          .map(({ event }) => event.id)
          .toReversed(),
        'new',
      ]);
      expect(reader.batches.slice(0, -1).every(({ edges }) => edges.length <= 100)).toBe(true);
    },
  );

  it('goes on from the cursor of a batch, with what was committed late', async () => {
    const feed = createFeed('a');
    const sources = [createMemorySource('s', [feed, createFeed('b')])];
    const live = start();
    const first = follow(live, sources);
    await first.until(isCaughtUp);
    happen(feed, 'one');
    await first.until(hasEvents(1));
    await first.leave();
    happen(feed, 'two');
    happen(feed, 'late', 30_000);
    const second = follow(start(), sources, { since: first.cursor() });
    await second.until(hasEvents(2));
    await second.until(isCaughtUp);
    expect(second.ids().toSorted()).toEqual(['late', 'two']);
  });

  it('marks a source as late whose events come behind newer ones', async () => {
    const feed = createFeed('a');
    const reader = follow(start(), [createMemorySource('s', [feed])]);
    await reader.until(isCaughtUp);
    happen(feed, 'newer');
    await reader.until(hasEvents(1));
    happen(feed, 'late', 5_000);
    await reader.until(hasEvents(2));
    expect(reader.batches.map(({ reports }) => reports[0]?.status)).toEqual(['OK', 'OK', 'LATE']);
  });

  it('goes back to pages when its reader is slower than what is kept', async () => {
    const feed = createFeed('a');
    const sources = [createMemorySource('s', [feed])];
    const live = start();
    const slow = follow(live, sources);
    const quick = follow(live, sources);
    await Promise.all([slow.until(isCaughtUp), quick.until(isCaughtUp)]);
    const count = 3 * MAX_ENTRIES;
    for (let number = 0; number < count; number += 1) {
      happen(feed, `n${number}`);
      if (number % 200 === 0) await quick.until(hasEvents(number - 300));
    }
    await Promise.all([slow.until(hasEvents(count)), quick.until(hasEvents(count))]);
    expect(new Set(slow.ids()).size).toBe(count);
    expect(slow.ids().length - count).toBe(0);
    expect(slow.batches.some((batch) => !batch.isCaughtUp)).toBe(true);
    expect(quick.ids()).toHaveLength(count);
  });

  it('tells of a source that fails, once, and once when it answers again, and loses nothing', async () => {
    const [feed, other] = [createFeed('a'), createFeed('b')];
    const reader = follow(start(), [createMemorySource('s', [feed, other])]);
    await reader.until(isCaughtUp);
    feed.isDown = true;
    await reader.until(({ batches }) => batches.length === 2);
    happen(other, 'while');
    happen(feed, 'hidden');
    await reader.until(hasEvents(1));
    await wait(100);
    feed.isDown = false;
    await reader.until(hasEvents(2));
    expect(reader.ids()).toEqual(['while', 'hidden']);
    const states = reader.batches.map(({ edges, reports }) => [edges.length, ...reports.map(({ status }) => status)]);
    expect(states).toEqual([
      [0, 'OK', 'OK'],
      [0, 'FAILED', 'OK'],
      [1, 'FAILED', 'OK'],
      [1, 'OK', 'OK'],
    ]);
  });

  it('owes what a failing source has, through cursors and pages, until it answers again', async () => {
    const [feed, other] = [createFeed('a'), createFeed('b')];
    const sources = [createMemorySource('s', [feed, other])];
    const first = follow(start(), sources);
    await first.until(isCaughtUp);
    feed.isDown = true;
    happen(feed, 'hidden');
    happen(other, 'seen');
    await first.until(hasEvents(1));
    const second = follow(start(), sources, { since: first.cursor() });
    await second.until(isCaughtUp);
    happen(other, 'more');
    await second.until(hasEvents(1));
    feed.isDown = false;
    const third = follow(start(), sources, { since: second.cursor() });
    await third.until(isCaughtUp);
    await second.until(hasEvents(2));
    expect([first.ids(), second.ids(), third.ids()]).toEqual([['seen'], ['more', 'hidden'], ['hidden']]);
  });

  it('brings what is changed of an event as an update, and not as an event', async () => {
    const feed = createFeed('a');
    feed.completion = { withinMs: 600_000, versionOf: ({ type }) => type };
    const reader = follow(start(), [createMemorySource('s', [feed])]);
    await reader.until(isCaughtUp);
    const event = happen(feed, 'one');
    await reader.until(hasEvents(1));
    feed.events[0] = { ...event, type: 'measured' };
    await reader.until(({ batches }) => batches.some(({ updated }) => updated.length > 0));
    expect(reader.batches.map(({ updated }) => updated.map(({ id, type }) => `${id} ${type}`))).toEqual([
      [],
      [],
      ['one measured'],
    ]);
    expect(reader.ids()).toEqual(['one']);
  });

  it('ends amid a pull when its reader leaves, and with a reason when the gateway ends it', async () => {
    const sources = [createMemorySource('s', [createFeed('a')])];
    const live = start();
    const request = { sources, filter: NO_FILTER, since: null, fields: new Set<string>() };
    const left = live.subscribe(request);
    await left.next();
    const pull = left.next();
    await left.return?.();
    expect(await pull).toEqual({ done: true, value: undefined });
    const ended = live.subscribe(request);
    await ended.next();
    const other = ended.next().catch((error: unknown) => (error as EndedError).reason);
    expect(live.subscribers).toBe(1);
    live.shutDown('SHUTTING_DOWN');
    expect(await other).toBe('SHUTTING_DOWN');
    expect(await ended.next()).toEqual({ done: true, value: undefined });
    await expect(live.subscribe(request).next()).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    expect(live.subscribers).toBe(0);
  });
});

describe('the pollers', () => {
  it('read each feed once in an interval, however many follow it, and not at all without anybody', async () => {
    const feed = createFeed('a');
    const sources = [createMemorySource('s', [feed])];
    const live = start({ pollIntervalMs: 100 });
    const readers = Array.from({ length: 1_000 }, () => follow(live, sources));
    await Promise.all(readers.map((reader) => reader.until(isCaughtUp)));
    happen(feed, 'new');
    await Promise.all(readers.map((reader) => reader.until(hasEvents(1))));
    const polls = feed.requests.length;
    const moments = new Set(feed.requests.map(({ now }) => now));
    expect(moments.size).toBe(polls);
    const gaps = [...moments].slice(1).map((moment, index) => moment - ([...moments][index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(95);
    expect(
      feed.requests.every(({ direction, isFresh, start: from }) => direction === 'older' && isFresh && !from),
    ).toBe(true);
    await Promise.all(readers.map((reader) => reader.leave()));
    feed.requests.length = 0;
    await wait(250);
    expect(feed.requests).toEqual([]);
  });

  it('do not read a feed of which every filter lets nothing through', async () => {
    const [feed, other] = [createFeed('a'), createFeed('b')];
    other.canMatch = ({ projects }) => projects?.includes('b') ?? true;
    const reader = follow(start(), [createMemorySource('s', [feed, other])], {
      filter: { ...NO_FILTER, projects: ['a'] },
    });
    await reader.until(isCaughtUp);
    await wait(60);
    expect(feed.requests.length).toBeGreaterThan(1);
    expect(other.requests).toEqual([]);
  });

  it('read a feed for each thing that only its upstream can tell of a row', async () => {
    const feed = createFeed('a');
    feed.pushdown = ({ vendors }) => {
      const key = JSON.stringify(vendors);
      return { key, isWhole: false, isCheckable: key === '{}' };
    };
    const sources = [createMemorySource('s', [feed])];
    const live = start({ pollIntervalMs: 10_000 });
    const filters = [{ text: 'x' }, { text: 'x' }, { text: 'y' }, {}].map((vendors) => ({ ...NO_FILTER, vendors }));
    const readers = filters.map((filter) => follow(live, sources, { filter }));
    await Promise.all(readers.map((reader) => reader.until(isCaughtUp)));
    expect(feed.requests.map(({ filter }) => filter.vendors)).toEqual([{ text: 'x' }, { text: 'y' }, {}]);
  });

  it('look at once when they are nudged, and a few times later, but never more often than once in the gap', async () => {
    const feed = createFeed('a');
    const live = start({ pollIntervalMs: 60_000, minGapMs: 100, nudgeDelaysMs: [0, 250] });
    const reader = follow(live, [createMemorySource('a', [feed])]);
    await reader.until(isCaughtUp);
    await wait(120);
    const begun = Date.now();
    live.nudge('unheard-of');
    for (let storm = 0; storm < 10_000; storm += 1) live.nudge('a', { project: 'p', environment: 'e' });
    happen(feed, 'new');
    await reader.until(hasEvents(1));
    expect(Date.now() - begun).toBeLessThan(1_000);
    await wait(500);
    const moments = feed.requests.map(({ now }) => now);
    expect(moments.length).toBeGreaterThanOrEqual(3);
    expect(moments.length).toBeLessThanOrEqual(5);
    expect(moments.slice(1).every((moment, index) => moment - (moments[index] ?? 0) >= 99)).toBe(true);
  });

  it('of several replicas poll once between them, and another goes on when one has gone', async () => {
    const feed = createFeed('a');
    const sources = [createMemorySource('s', [feed])];
    const [bus, held] = [createMemoryBus(), new Map()];
    const replicas = [1, 2].map(() => start({ pollIntervalMs: 100, bus, lease: createMemoryLease(held) }));
    const readers = replicas.map((replica) => follow(replica, sources));
    await Promise.all(readers.map((reader) => reader.until(isCaughtUp)));
    feed.requests.length = 0;
    happen(feed, 'one');
    await Promise.all(readers.map((reader) => reader.until(hasEvents(1))));
    await wait(1_000);
    expect(feed.requests.length).toBeGreaterThanOrEqual(8);
    expect(feed.requests.length).toBeLessThanOrEqual(13);
    replicas[0]?.shutDown('GONE');
    happen(feed, 'two');
    await readers[1]?.until(hasEvents(2));
    expect(readers.map((reader) => reader.ids())).toEqual([['one'], ['one', 'two']]);
  });

  it('do not wait for a replica that is told of no longer, nor for a lease that cannot be asked for', async () => {
    const feed = createFeed('a');
    const sources = [createMemorySource('s', [feed])];
    const deaf = { publish() {}, subscribe() {} };
    const others = { hold: async () => false, release: async () => {} };
    const broken = { hold: () => Promise.reject(new Error('gone')), release: () => Promise.reject(new Error('gone')) };
    for (const [id, lease] of Object.entries({ others, broken })) {
      const reader = follow(start({ bus: deaf, lease }), sources);
      await reader.until(isCaughtUp);
      happen(feed, id);
      await reader.until(hasEvents(1));
      await reader.leave();
    }
  });

  it('leave a failing feed alone for longer and longer', async () => {
    const feed = createFeed('a');
    feed.isDown = true;
    const failures: string[] = [];
    const live = start({ pollIntervalMs: 10, maxBackoffMs: 10_000, onFailure: (key) => void failures.push(key) });
    const reader = follow(live, [createMemorySource('s', [feed])]);
    await reader.until(({ batches }) => batches.length === 1);
    await wait(300);
    expect(feed.requests.length).toBeLessThanOrEqual(6);
    expect(failures).toEqual(['a']);
  });
});
