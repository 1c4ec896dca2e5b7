import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type FlagEventRep,
  type LaunchDarklySandbox,
  startLaunchDarklySandbox,
} from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { LAUNCHDARKLY_FAULTS, UNLEASH_FAULTS } from '../support/call-faults.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

const MINUTE = 60_000;
const NEWEST = Date.now() - MINUTE;

let launchDarkly: LaunchDarklySandbox;
let unleash: UnleashSandbox;
let gateway: TestGateway;
let everything: string[];

beforeAll(async () => {
  const production = Array.from({ length: 40 }, (_, index) => flagEvent(index, 'production'));
  const staging = Array.from({ length: 25 }, (_, index) => flagEvent(100 + index, 'staging'));
  launchDarkly = await startLaunchDarklySandbox({
    events: [...production, ...staging],
    rateLimit: { global: 1e9, route: 1e9 },
  });
  unleash = await startUnleashSandbox({ events: [] });
  for (let index = 0; index < 50; index += 1) {
    unleash.insert({ type: 'feature-created', featureName: `flag-${index}`, createdAtMicros: timeOf(index) * 1000 });
  }
  gateway = await startGateway(
    [
      {
        vendor: 'launchdarkly',
        accessToken: launchDarkly.token,
        url: launchDarkly.url,
        projects: ['default/production', 'default/staging'],
      },
      { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
    ],
    { breakerMs: 1 },
  );
  everything = (await walkThrough(100)).ids.toSorted();
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await launchDarkly.close();
  await unleash.close();
});

describe('a walk through chaos', () => {
  it('has something to lose', () => {
    expect([everything.length, new Set(everything).size]).toEqual([115, 115]);
  });

  it('gives every event exactly once, whatever befalls any call', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.nat({ max: 99 })), async (size, dice) => {
        const roll = () => dice.next().value ?? 0;
        const { ids } = await walkThrough(size, () => befall(roll));
        expect(ids.toSorted()).toEqual(everything);
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  it('gives exactly the others’ events when a source stays down, and says so to the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.boolean(), async (size, isUnleash) => {
        if (isUnleash) unleash.faults.always({ kind: 'status', status: 503 });
        else launchDarkly.faults.add({ type: 'unavailable' });
        const { ids, statuses } = await walkThrough(size);
        calm();
        const own = (id: string) => /^\d+$/.test(id) === isUnleash;
        expect(ids.toSorted()).toEqual(everything.filter((id) => !own(id)));
        expect(statuses.every((status) => status[isUnleash ? 'unleash' : 'launchdarkly'] === 'FAILED')).toBe(true);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

interface Walk {
  ids: string[];
  statuses: Record<string, string>[];
}

/** To the end, or, in calm weather, to where only sources that are down have anything left. */
async function walkThrough(size: number, beforePage?: () => void): Promise<Walk> {
  const walk: Walk = { ids: [], statuses: [] };
  let cursor: string | null = null;
  for (let page = 0; page < 3_000; page += 1) {
    // The weather has to clear up some time, or no walk ends.
    if (page < 150) beforePage?.();
    else calm();
    const answer: Answer = await gateway.query(QUERY, { size, cursor });
    if (beforePage) calm();
    const connection = answer.data?.flagEvents;
    if (!connection && !beforePage) return walk;
    // Many 429s in a row, and the vendors are left alone for up to ten seconds.
    if (!connection) {
      await wait(10);
      continue;
    }
    walk.ids.push(...connection.nodes.map(({ eventId }) => eventId));
    walk.statuses.push(Object.fromEntries(connection.sources.map(({ source, status }) => [source.name, status])));
    if (!connection.pageInfo.hasNextPage) return walk;
    cursor = connection.pageInfo.endCursor;
  }
  throw new Error('the walk does not end');
}

const QUERY = `query ($size: Int!, $cursor: String) { flagEvents(first: $size, after: $cursor) {
  nodes { ... on LaunchDarklyFlagEvent { eventId } ... on UnleashFlagEvent { eventId } }
  pageInfo { hasNextPage endCursor } sources { source { name } status } } }`;

interface Answer {
  data?: {
    flagEvents: {
      nodes: { eventId: string }[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
      sources: { source: { name: string }; status: string }[];
    } | null;
  } | null;
}

/** Up to four faults, each for one call. */
function befall(roll: () => number): void {
  for (let index = roll() % 5; index > 0; index -= 1) {
    if (roll() % 2 === 0) {
      const fault = LAUNCHDARKLY_FAULTS[roll() % LAUNCHDARKLY_FAULTS.length];
      // Several 429s in a row that do not say how long to wait hold the account back for seconds.
      const isBare = fault?.type === 'rate-limited-without-reset' || fault?.type === 'rate-limited-reset-in-past';
      if (fault) launchDarkly.faults.add(fault, { times: 1 + (roll() % (isBare ? 1 : 4)) });
    } else {
      const fault = UNLEASH_FAULTS[roll() % UNLEASH_FAULTS.length];
      // A 500 that stays is one bad event's, and that event is left out.
      const isPoison = fault?.kind === 'status' && fault.status === 500;
      if (fault) unleash.faults.next(1 + (roll() % (isPoison ? 2 : 4)), fault);
    }
  }
}

function calm(): void {
  launchDarkly.faults.clear();
  unleash.faults.clear();
}

/** Few milliseconds, many events: ties inside and across the feeds. */
function timeOf(index: number): number {
  return NEWEST - Math.floor(index / 4) * MINUTE;
}

function flagEvent(number: number, environmentKey: string): FlagEventRep {
  return createFlagEvent(number, timeOf(number % 100), { environmentKey });
}
