import { describe, expect, it } from 'vitest';
import { pollSchema } from '../../src/live/told.ts';
import { LATEST } from '../../src/model.ts';
import { NO_FILTER } from '../../src/timeline/filter.ts';
import { createEndlessBudget } from '../support/budget.ts';
import { connectBoth } from '../support/in-process.ts';
import { createEvent } from '../support/memory-feed.ts';
import { startBoth } from '../support/sandboxes.ts';

const event = createEvent('a', 'e', 1_000);
const found = { part: 'a', channel: 'a', events: [event], reached: null, floor: null, at: 2_000, skipped: 0 };

describe('what a poll has found', () => {
  it('is the same to another replica, for every event of both vendors', async () => {
    await using both = await startBoth();
    await using own = connectBoth(both);
    const budget = createEndlessBudget();
    const now = Date.now();
    let count = 0;
    for (const part of own.sources.flatMap(({ parts }) => parts)) {
      for (const feed of await part.feeds(budget)) {
        const asked = { start: null, limit: 100, filter: NO_FILTER, fields: new Set<string>(), hint: undefined };
        const { reached, rows, skipped } = await feed.read({ direction: 'older', ...asked, asOf: now, now, budget });
        const events = rows.map((row) => row.event);
        const polled = { events, reached, skipped, floor: null, at: now, part: part.key, channel: feed.key };
        const told = pollSchema.parse(JSON.parse(JSON.stringify({ by: 'another', found: polled })));
        expect(told.found).toEqual(polled);
        if (feed.completion)
          expect(told.found.events.map(feed.completion.versionOf)).toEqual(events.map(feed.completion.versionOf));
        count += events.length;
      }
    }
    expect(count).toBeGreaterThan(200);
  });

  it.for([
    null,
    found,
    { by: 'another', found: { ...found, events: null } },
    { by: 'another', found: { ...found, at: '2026-11-25' } },
    { by: 'another', found: { ...found, at: LATEST + 1 } },
    { by: 'another', found: { ...found, reached: { time: 'now' } } },
    { by: 'another', found: { ...found, events: [{ ...event, occurredAt: null }] } },
    { by: 'another', found: { ...found, events: [{ ...event, kind: 'OF_ANOTHER_VERSION' }] } },
    { by: 'another', found: { ...found, events: [{ ...event, actor: 'ann' }] } },
  ])('is left out where it is something else: %j', (message) => {
    expect(pollSchema.safeParse(message).success).toBe(false);
  });
});
