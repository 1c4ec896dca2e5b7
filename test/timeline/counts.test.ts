import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlagEvent } from '../../src/model.ts';
import { type CountsRequest, countEvents } from '../../src/timeline/counts.ts';
import { NO_FILTER } from '../../src/timeline/filter.ts';
import { createEndlessBudget } from '../support/budget.ts';
import { createEvent, createMemoryFeed, type MemoryFeed, toParts } from '../support/memory-feed.ts';

const FROM = Date.UTC(2026, 10, 25);
const KINDS = ['CREATED', 'ENABLED', 'DISABLED'] as const;
const ENVIRONMENTS = ['production', 'test', null];

const request = (rest: Partial<CountsRequest> = {}): CountsRequest => ({
  from: FROM,
  to: FROM + 60_000,
  buckets: 6,
  filter: NO_FILTER,
  now: FROM + 120_000,
  budget: createEndlessBudget(),
  ...rest,
});

function feedOf(key: string, times: readonly number[]): MemoryFeed {
  const events = times.map(
    (time, index): FlagEvent => ({
      ...createEvent(key, `${key}${index}`, FROM + time),
      kind: KINDS[index % 3] ?? 'OTHER',
      environment: ENVIRONMENTS[index % 2] ?? null,
    }),
  );
  return createMemoryFeed(
    key,
    events.toSorted((a, b) => b.occurredAt - a.occurredAt),
  );
}

const countsOf = (events: readonly FlagEvent[], by: (event: FlagEvent) => unknown) =>
  [...Map.groupBy(events, by)].map(([key, own]) => [key, own.length]).toSorted();

describe('the counts of events', () => {
  it('are those of the events themselves, in spans that leave nothing out', async () => {
    const times = fc.array(fc.integer({ min: -2_000, max: 70_000 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        times,
        times,
        fc.integer({ min: 1, max: 70_000 }),
        fc.integer({ min: 1, max: 50 }),
        async (a, b, length, buckets) => {
          const feeds = [feedOf('a', a), feedOf('b', b)];
          const counted = await countEvents(toParts(feeds), request({ to: FROM + length, buckets }));
          const events = feeds
            .flatMap((feed) => feed.events)
            .filter(({ occurredAt }) => occurredAt >= FROM && occurredAt < FROM + length);
          expect([counted.total, counted.isComplete]).toEqual([events.length, true]);
          expect(counted.buckets[0]?.from).toBe(FROM);
          expect(counted.buckets.at(-1)?.to).toBe(FROM + length);
          for (const [index, bucket] of counted.buckets.entries()) {
            expect(bucket.from).toBe(counted.buckets[index - 1]?.to ?? FROM);
            const own = events.filter(({ occurredAt }) => occurredAt >= bucket.from && occurredAt < bucket.to);
            expect(bucket.total).toBe(own.length);
            expect([...bucket.kinds].toSorted()).toEqual(countsOf(own, ({ kind }) => kind));
            expect([...bucket.environments].toSorted()).toEqual(countsOf(own, ({ environment }) => environment));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('count so many events and no more, the newest', async () => {
    const feed = feedOf(
      'a',
      Array.from({ length: 300 }, (_, index) => index * 100),
    );
    const counted = await countEvents(toParts([feed]), request({ maxEvents: 150, buckets: 1 }));
    expect([counted.total, counted.isComplete]).toEqual([150, false]);
    expect((await countEvents(toParts([feed]), request({ maxEvents: 301, buckets: 1 }))).isComplete).toBe(true);
  });

  it('are not complete without a feed, and have those of all others', async () => {
    const [feed, down] = [feedOf('a', [1, 2, 3]), feedOf('b', [1])];
    down.isDown = true;
    const counted = await countEvents(toParts([feed, down]), request());
    expect([counted.total, counted.isComplete]).toEqual([3, false]);
    expect(counted.reports.map(({ status }) => status)).toEqual(['OK', 'FAILED']);
    feed.isDown = true;
    await expect(countEvents(toParts([feed, down]), request())).rejects.toThrow();
  });

  it('are complete if a feed fails in between and answers again', async () => {
    const feeds = [
      feedOf(
        'a',
        Array.from({ length: 2_500 }, (_, index) => index),
      ),
      feedOf('b', [1, 2, 3]),
    ];
    const [, flaky] = feeds as [MemoryFeed, MemoryFeed];
    const { read } = flaky;
    let reads = 0;
    flaky.read = async (asked) => {
      reads += 1;
      if (reads === 1) throw new Error('down');
      return read(asked);
    };
    const counted = await countEvents(toParts(feeds), request());
    expect([counted.total, counted.isComplete]).toEqual([2_503, true]);
    expect(counted.reports.every(({ status }) => status === 'OK')).toBe(true);
  });
});
