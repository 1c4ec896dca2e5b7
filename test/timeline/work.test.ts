import { describe, expect, it } from 'vitest';
import { toConfig } from '../../src/settings/config.ts';
import { definitions } from '../../src/sources/index.ts';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { NO_FILTER } from '../../src/timeline/filter.ts';
import { readTimeline } from '../../src/timeline/timeline.ts';
import { createEndlessBudget } from '../support/budget.ts';
import { createFlagEvent } from '../support/flag-event.ts';

describe('a page that is narrowed to 200 actors', () => {
  it('looks at each of their names as often for a thousand rows as for ten, in either vendor', async () => {
    const [few, many] = [await readsOfNames(10), await readsOfNames(1_000)];
    expect(many.rows).toBeGreaterThan(10 * few.rows);
    // Some more for each read of a feed, of which there are at most ten; none for a row.
    expect(few.reads).toBeLessThanOrEqual(200 * 10);
    expect(many.reads).toBeLessThanOrEqual(200 * 10 * 2);
  });
});

/** How often one of 200 names was looked at, for a page that none of the rows gets on. */
async function readsOfNames(count: number): Promise<{ reads: number; rows: number }> {
  const now = Date.now();
  const times = Array.from({ length: count }, (_, index) => now - (index + 1) * 60_000);
  const events = times.map((time, index) => createFlagEvent(index, time));
  await using launchDarkly = await startLaunchDarklySandbox({ events });
  await using unleash = await startUnleashSandbox({ events: [] });
  for (const time of times.toReversed()) unleash.insert({ type: 'feature-created', createdAtMicros: time * 1000 });
  const sources = toConfig(
    {},
    {
      sources: [
        {
          vendor: 'launchdarkly',
          accessToken: launchDarkly.token,
          url: launchDarkly.url,
          projects: ['default/production'],
        },
        { vendor: 'unleash', url: unleash.url, apiToken: unleash.token },
      ],
    },
    definitions,
  ).sources.map(({ definition, settings }) => definition.connect(settings, { pageCacheMs: 0 }));
  let reads = 0;
  const actors = new Proxy(Array<string>(200).fill('İ'.repeat(240)), {
    get(names, property) {
      if (/^\d+$/.test(String(property))) reads += 1;
      return Reflect.get(names, property);
    },
  });
  let rows = 0;
  const page = await readTimeline(
    sources.flatMap(({ parts }) => parts),
    {
      direction: 'older',
      limit: 100,
      cursor: null,
      filter: { ...NO_FILTER, actors },
      fields: new Set(),
      now,
      budget: { ...createEndlessBudget(), deadline: now + 60_000 },
      async read(feed, request) {
        const answered = await feed.read(request);
        rows += answered.rows.length;
        return answered;
      },
    },
  );
  await Promise.all(sources.map((source) => source.close()));
  expect(page.edges).toEqual([]);
  return { reads, rows };
}
