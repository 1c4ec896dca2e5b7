import { describe, expect, it } from 'vitest';
import { type SandboxEvent, startUnleashSandbox, type UnleashSandbox } from '../../../src/sources/unleash/sandbox.ts';
import { startGateway } from '../../support/gateway.ts';
import { idsOf, readPage, walk } from '../../support/walk.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.UTC(2026, 2, 1);

describe('an Unleash before 7.0.5, which has no order inside a moment', () => {
  /** Ties of all sizes, some of one microsecond and some of the milliseconds' others, over ten days. */
  const events = eventsAt(
    Array.from({ length: 60 }, (_, index) => {
      const time = START + index * 4 * 60 * MINUTE;
      return Array.from(
        { length: 1 + (index % 8) * (index % 5) },
        (_, tie) => time * 1_000 + (tie % 3 === 2 ? tie : 0),
      );
    }).flat(),
  );

  it.for([3, 7, 20])('gives every event once and always in the same order, older, %i a page', async (size) => {
    await using sandbox = await startOld(events);
    await using gateway = await startGateway([entryOf(sandbox)]);
    expect(idsOf(await walk(gateway, { size }))).toEqual(inOrder(events));
  });

  it.for([3, 7, 20])('gives the same walked backwards, %i a page', async (size) => {
    await using sandbox = await startOld(events);
    await using gateway = await startGateway([entryOf(sandbox)]);
    expect(idsOf(await walk(gateway, { size, way: 'newer' }), 'newer')).toEqual(inOrder(events));
  });

  it.for([3, 7, 20])('is asked once a page while its ties are pairs, %i a page', async (size) => {
    const pairs = eventsAt(Array.from({ length: 300 }, (_, index) => (START + Math.floor(index / 2) * MINUTE) * 1_000));
    await using sandbox = await startOld(pairs);
    await using gateway = await startGateway([entryOf(sandbox)]);
    await readPage(gateway, { first: 1 });
    sandbox.requests.length = 0;
    const pages = await walk(gateway, { size });
    expect(sandbox.requests).toHaveLength(pages.length);
  });

  it.for(['older', 'newer'] as const)(
    'gives 900 events of one microsecond and what is around them, %s',
    async (way) => {
      const moment = (START + DAY) * 1_000;
      const crowd = eventsAt([
        moment - 2_000,
        ...Array.from({ length: 900 }, () => moment),
        moment + 1_000,
        moment + 2_000,
      ]);
      await using sandbox = await startOld(crowd);
      await using gateway = await startGateway([entryOf(sandbox)]);
      expect(idsOf(await walk(gateway, { size: 50, way }), way)).toEqual(inOrder(crowd));
    },
  );

  it.for(['older', 'newer'] as const)(
    'gives exactly what a filter on time leaves of a crowded day, %s',
    async (way) => {
      const noon = START + 5 * DAY + DAY / 2;
      // Each a microsecond of 37 events: wherever a page ends, it ends inside of one.
      const day = eventsAt(
        Array.from({ length: 2_000 }, (_, index) => (noon + Math.floor(index / 37) * MINUTE) * 1_000),
      );
      await using sandbox = await startOld(day);
      await using gateway = await startGateway([entryOf(sandbox)]);
      for (const minutes of [27, 40]) {
        const to = noon + minutes * MINUTE;
        const filter = { from: new Date(noon).toISOString(), to: new Date(to).toISOString() };
        const expected = inOrder(day.filter(({ createdAtMicros }) => (createdAtMicros ?? 0) < to * 1_000));
        expect(idsOf(await walk(gateway, { size: 100, way, filter }), way)).toEqual(expected);
      }
    },
  );
});

describe('an Unleash that gives 50 rows whatever is asked', () => {
  const events = eventsAt(
    Array.from({ length: 3_000 }, (_, index) => (START + Math.floor(index / 3) * 7 * MINUTE) * 1_000 + (index % 2)),
  );

  it.for(['older', 'newer'] as const)('gives all of 3,000 events, %s', async (way) => {
    await using sandbox = await startUnleashSandbox({ events });
    sandbox.faults.always({ kind: 'short', rows: 50 });
    await using gateway = await startGateway([entryOf(sandbox)]);
    expect(idsOf(await walk(gateway, { size: 100, way }), way)).toEqual(sandbox.events().map(({ id }) => String(id)));
  });
});

describe('an Unleash whose newest events cannot be read', () => {
  it.for([1, 2, 3, 30])('gives all others when those are %i, a page of one at a time', async (count) => {
    const events = eventsAt(Array.from({ length: 60 }, (_, index) => (START + index * MINUTE) * 1_000));
    await using sandbox = await startUnleashSandbox({ events });
    const all = sandbox.events().map(({ id }) => id);
    for (const id of all.slice(0, count)) sandbox.faults.always({ kind: 'poison', id });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const readable = all.slice(count).map(String);
    expect(idsOf(await walk(gateway, { size: 1 }))).toEqual(readable);
    expect(idsOf(await walk(gateway, { size: 7, way: 'newer' }), 'newer')).toEqual(readable);
    expect((await readPage(gateway, { first: 5 })).sources).toMatchObject([{ status: 'OK' }]);
  });

  it('counts them all the same', async () => {
    await using sandbox = await startUnleashSandbox({ events: eventsAt([1_000, 2_000, 3_000]) });
    sandbox.faults.always({ kind: 'poison', id: sandbox.events()[0]?.id ?? 0 });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const { data } = await gateway.query('{ flagEvents(first: 0) { totalCount } }');
    expect(data).toEqual({ flagEvents: { totalCount: 3 } });
  });
});

async function startOld(events: readonly SandboxEvent[]): Promise<UnleashSandbox> {
  const sandbox = await startUnleashSandbox({ events, version: '6.10.1' });
  sandbox.faults.always({ kind: 'shuffled-ties' });
  return sandbox;
}

function entryOf({ token, url }: UnleashSandbox) {
  return { vendor: 'unleash', url, apiToken: token };
}

/** Ids newest first, and inside one millisecond, as the gateway then orders it, the greatest first. */
function inOrder(events: readonly SandboxEvent[]): string[] {
  const millis = ({ createdAtMicros }: SandboxEvent) => Math.floor((createdAtMicros ?? 0) / 1_000);
  return events.toSorted((a, b) => millis(b) - millis(a) || b.id - a.id).map(({ id }) => String(id));
}

function eventsAt(micros: readonly number[]): SandboxEvent[] {
  return micros.map((createdAtMicros, index) => ({
    id: index + 1,
    type: 'feature-environment-enabled',
    createdBy: 'admin',
    createdByUserId: 1,
    createdAtMicros,
    data: null,
    preData: null,
    tags: [],
    featureName: 'odd',
    project: 'default',
    environment: 'production',
  }));
}
