/**
 * What every feed of every vendor has to hold to, as one table. A row is a promise of `timeline/feed.ts`; the feeds it is held
 * against are in `feed-kinds.ts`. A new vendor joins by adding its feeds there.
 */
import { expect } from 'vitest';
import { UpstreamError } from '../../src/errors.ts';
import type { Budget } from '../../src/model.ts';
import type { Direction, Feed, FeedRow, Start } from '../../src/timeline/feed.ts';
import { NO_FILTER } from '../../src/timeline/filter.ts';
import { createEndlessBudget } from './budget.ts';
import type { FeedKind, Subject } from './feed-kinds.ts';
import { shuffledTies } from './shuffled-ties.ts';

export interface Must {
  name: string;
  /** @default every kind of feed */
  appliesTo?(kind: FeedKind): boolean;
  run(kind: FeedKind): Promise<void>;
}

const NOW = Date.now();
const MINUTE = 60_000;
/** Ties at every fourth event, and a gap of days. */
const SCATTERED = Array.from({ length: 36 }, (_, index) => NOW - Math.floor(index / 4) * 7 * 60 * MINUTE - MINUTE);
const DISTINCT = Array.from({ length: 20 }, (_, index) => NOW - (index + 1) * 17 * MINUTE);
const WAYS: readonly Direction[] = ['older', 'newer'];
const SIZES = [1, 3, 7, 50];

export const MUSTS: readonly Must[] = [
  {
    name: 'MUST give every event exactly once, newest first, whatever the page size and the direction',
    async run(kind) {
      await using subject = await kind.start(SCATTERED);
      for (const way of WAYS) {
        for (const size of SIZES) {
          const { rows } = await walk(await subject.feed(createEndlessBudget()), size, way);
          expect(idsOf(rows).toSorted()).toEqual(subject.ids.toSorted());
          expect(timesOf(rows)).toEqual(timesOf(rows).toSorted((a, b) => b - a));
        }
      }
    },
  },
  {
    name: 'MUST keep one order inside a millisecond, whichever way it is read',
    async run(kind) {
      await using subject = await kind.start(SCATTERED);
      const feed = await subject.feed(createEndlessBudget());
      const orders = await Promise.all([
        walk(feed, 1, 'older'),
        walk(feed, 7, 'older'),
        walk(feed, 3, 'newer'),
        walk(feed, 50, 'newer'),
      ]);
      expect(new Set(orders.map(({ rows }) => idsOf(rows).join()))).toHaveProperty('size', 1);
    },
  },
  {
    name: 'MUST move nothing when events appear during a walk',
    async run(kind) {
      await using subject = await kind.start(SCATTERED);
      const feed = await subject.feed(createEndlessBudget());
      const { rows } = await walk(feed, 3, 'older', () => subject.insert(Date.now() + MINUTE));
      expect(
        idsOf(rows)
          .filter((id) => subject.ids.includes(id))
          .toSorted(),
      ).toEqual(subject.ids.toSorted());
      expect(new Set(idsOf(rows)).size).toBe(rows.length);
    },
  },
  {
    name: 'MUST go on past rows that cannot be read, and tell of them both ways',
    appliesTo: isTamperable,
    async run(kind) {
      await using subject = await kind.start(DISTINCT);
      const unreadable = subject.ids.slice(2, 8);
      subject.proxy?.tamper({
        rows: (rows) => rows.map((row) => (unreadable.includes(String(row.id ?? row._id)) ? {} : row)),
      });
      for (const way of WAYS) {
        const { rows, skipped } = await walk(await subject.feed(createEndlessBudget()), 3, way);
        expect(idsOf(rows).toSorted()).toEqual(subject.ids.filter((id) => !unreadable.includes(id)).toSorted());
        // What is read twice is told twice, and changes to every environment are told by an environment's feed.
        if (kind.tellsSkipped) expect(skipped).toBeGreaterThanOrEqual(unreadable.length);
      }
    },
  },
  {
    name: 'MUST believe in an end only where the upstream’s own total agrees: short pages are none',
    appliesTo: isPaged,
    async run(kind) {
      await using subject = await kind.start(times(300, 1));
      const { shortPage = 25 } = kind;
      const shorten = (query: URLSearchParams) =>
        query.set('limit', String(Math.min(Number(query.get('limit')), shortPage)));
      subject.proxy?.tamper({ ask: ({ query }) => shorten(query) });
      for (const way of WAYS) {
        const { rows } = await walk(await subject.feed(createEndlessBudget()), 40, way);
        expect(idsOf(rows).toSorted()).toEqual(subject.ids.toSorted());
      }
    },
  },
  {
    name: 'MUST end where the upstream gives the same page again and again',
    appliesTo: isPaged,
    async run(kind) {
      await using subject = await kind.start(times(30, 3));
      subject.proxy?.tamper({
        ask({ query }) {
          query.delete('after');
          query.delete('before');
          if (query.has('offset')) query.set('offset', '0');
        },
        body: (body) => ('items' in body ? { ...body, _links: { next: { href: '/?after=again' } } } : body),
      });
      for (const way of WAYS) {
        const before = subject.proxy?.calls.length ?? 0;
        await walk(await subject.feed(createEndlessBudget()), 10, way);
        expect((subject.proxy?.calls.length ?? 0) - before).toBeLessThan(60);
      }
    },
  },
  {
    name: 'MUST read a millisecond with more events than any page holds, in a bounded number of calls',
    appliesTo: isPaged,
    async run(kind) {
      const tied = Math.min(1_200, kind.largestTie ?? 1_200);
      await using subject = await kind.start(times(tied, tied));
      for (const way of WAYS) {
        const before = subject.proxy?.calls.length ?? 0;
        const { reads, rows } = await walk(await subject.feed(createEndlessBudget()), 400, way);
        expect(idsOf(rows).toSorted()).toEqual(subject.ids.toSorted());
        expect((subject.proxy?.calls.length ?? 0) - before).toBeLessThan(reads * 64);
      }
    },
  },
  {
    name: 'MUST lose and double nothing where events of one millisecond come in another sequence at every call',
    appliesTo: (kind) => isPaged(kind) && !kind.isOrdered,
    async run(kind) {
      await using subject = await kind.start(times(90, 9), { shufflesTies: true });
      if (!kind.canShuffle) subject.proxy?.tamper(shuffledTies());
      for (const way of WAYS) {
        for (const size of [1, 5, 20]) {
          const { rows } = await walk(await subject.feed(createEndlessBudget()), size, way);
          expect(idsOf(rows).toSorted()).toEqual(subject.ids.toSorted());
        }
      }
    },
  },
  {
    name: 'MUST end with the budget on first contact, when the upstream accepts and never answers',
    appliesTo: isTamperable,
    async run(kind) {
      await using subject = await kind.start(DISTINCT);
      subject.proxy?.tamper({ answer: () => 'nothing' });
      await using budget = createBriefBudget(150);
      await expect(readNewest(subject, budget)).rejects.toMatchObject({
        name: expect.stringMatching(/Timeout|Upstream/),
      });
    },
  },
  {
    name: 'MUST stop at the budget’s calls, and say so',
    appliesTo: isPaged,
    async run(kind) {
      await using subject = await kind.start(times(1_200, 1_200));
      const feed = await subject.feed(createEndlessBudget());
      const before = subject.proxy?.calls.length ?? 0;
      const budget: Budget = { ...createEndlessBudget(), calls: { made: 0, limit: 1 } };
      const spent = { code: 'UPSTREAM_CALLS_SPENT' };
      await expect(walk(feed, 7, 'newer', undefined, budget)).rejects.toSatisfy((error) => isLike(error, spent));
      expect((subject.proxy?.calls.length ?? 0) - before).toBe(1);
    },
  },
  {
    name: 'MUST call the same pushdown by the same key, whatever the window',
    async run(kind) {
      await using subject = await kind.start(DISTINCT);
      const feed = await subject.feed(createEndlessBudget());
      const inWindow = { ...NO_FILTER, window: { from: NOW - 5 * MINUTE, to: NOW } };
      expect(feed.pushdown(inWindow).key).toBe(feed.pushdown(NO_FILTER).key);
      expect(feed.pushdown(inWindow).isWhole).toBe(false);
    },
  },
  {
    name: 'MUST give only what lies in a window, its beginning included and its end not',
    async run(kind) {
      await using subject = await kind.start(SCATTERED);
      const feed = await subject.feed(createEndlessBudget());
      const [from, to] = [SCATTERED[30] ?? 0, SCATTERED[5] ?? 0];
      const expected = subject.ids.filter(
        (_, index) => (SCATTERED[index] ?? 0) >= from && (SCATTERED[index] ?? 0) < to,
      );
      for (const way of WAYS) {
        const { rows } = await walk(feed, 4, way, undefined, createEndlessBudget(), { from, to });
        const inside = rows.filter(({ event }) => event.occurredAt >= from && event.occurredAt < to);
        expect(idsOf(inside).toSorted()).toEqual(expected.toSorted());
      }
    },
  },
];

function isTamperable(kind: FeedKind): boolean {
  return kind.isTamperable;
}

function isPaged(kind: FeedKind): boolean {
  return kind.isTamperable && kind.isPaged;
}

/** So many events, in groups of one millisecond each, an hour apart. */
function times(count: number, tied: number): number[] {
  return Array.from({ length: count }, (_, index) => NOW - (Math.floor(index / tied) + 1) * 60 * MINUTE);
}

function isLike(error: unknown, expected: { code: string }): boolean {
  return error instanceof UpstreamError && error.code === expected.code;
}

function createBriefBudget(ms: number): Budget & AsyncDisposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(Object.assign(new Error('late'), { name: 'TimeoutError' })), ms);
  return {
    signal: controller.signal,
    deadline: Date.now() + ms,
    calls: { made: 0, limit: 100 },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
    },
  };
}

async function readNewest(subject: Subject, budget: Budget): Promise<unknown> {
  const feed = await subject.feed(budget);
  return feed.read(requestOf('older', null, undefined, 3, budget));
}

function requestOf(
  direction: Direction,
  start: Start | null,
  hint: unknown,
  limit: number,
  budget: Budget,
  window = NO_FILTER.window,
) {
  const filter = { ...NO_FILTER, window };
  return {
    direction,
    start,
    hint,
    limit,
    filter,
    fields: new Set<string>(),
    asOf: NOW,
    now: Date.now() + 5 * MINUTE,
    budget,
  };
}

interface FeedWalk {
  /** Newest first. */
  rows: FeedRow[];
  skipped: number;
  reads: number;
}

/** As the timeline does: takes so many rows of a page, and goes on after the last of them, or from where the page ended. */
async function walk(
  feed: Feed,
  size: number,
  way: Direction,
  between?: () => void,
  budget = createEndlessBudget(),
  window?: { from: number; to: number },
): Promise<FeedWalk> {
  const result: FeedWalk = { rows: [], skipped: 0, reads: 0 };
  let place: { start: Start | null; hint: unknown } = { start: null, hint: undefined };
  for (;;) {
    if (result.reads > 0) between?.();
    const page = await feed.read(requestOf(way, place.start, place.hint, size, budget, window));
    result.reads += 1;
    result.skipped += page.skipped;
    const nearestFirst = way === 'older' ? page.rows : page.rows.toReversed();
    const taken = nearestFirst.slice(0, size);
    result.rows.push(...taken);
    const last = taken.at(-1);
    if (last && taken.length < nearestFirst.length) {
      place = { start: { time: last.event.occurredAt, id: last.event.id }, hint: last.hint };
    } else if (page.reached === null) {
      return way === 'older' ? result : { ...result, rows: result.rows.toReversed() };
    } else {
      const isAfterLast = last !== undefined && page.reached.id === last.event.id;
      place = { start: page.reached, hint: page.hint ?? (isAfterLast ? last.hint : undefined) };
    }
    if (result.reads > 5_000) throw new Error('The walk does not end.');
  }
}

function idsOf(rows: readonly FeedRow[]): string[] {
  return rows.map(({ event }) => event.id);
}

function timesOf(rows: readonly FeedRow[]): number[] {
  return rows.map(({ event }) => event.occurredAt);
}
