import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BothSandboxes, startBoth } from './support/sandboxes.ts';
import { walk } from './support/walk.ts';

const HOUR_MS = 3_600_000;
const COUNTS = `query ($filter: FlagEventFilter!, $buckets: Int! = 60) { flagEventCounts(filter: $filter, buckets: $buckets) {
  total isComplete
  buckets { from to total kinds { kind count } environments { environment count } }
  sources { source { name } status failure { code } reachesBackTo }
} }`;

interface Counts {
  total: number;
  isComplete: boolean;
  buckets: { from: string; to: string; total: number; kinds: { kind: string; count: number }[] }[];
  sources: { status: string; failure: { code: string } | null }[];
}

let both: BothSandboxes;
/** All events, newest first. */
let events: { id: string; occurredAt: string; kind: string }[];
beforeAll(async () => {
  both = await startBoth({ historyCacheMb: 16 });
  events = (await walk(both.gateway, { size: 100 })).flatMap(({ nodes }) => nodes);
  expect(events.length).toBeGreaterThan(300);
});
afterAll(() => both[Symbol.asyncDispose]());

async function count(filter: object, buckets?: number) {
  const { data, errors } = await both.gateway.query<{ flagEventCounts: Counts | null }>(COUNTS, { filter, buckets });
  return { counts: data?.flagEventCounts, error: errors?.[0] };
}

const windowOf = (hours: number) => {
  const to = Math.ceil(Date.parse(events[0]?.occurredAt ?? '') / HOUR_MS) * HOUR_MS;
  return { from: new Date(to - hours * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
};

describe('Query.flagEventCounts', () => {
  it.for([
    ['all sources', {}],
    ['one vendor', { vendors: ['UNLEASH'] }],
    ['one kind', { kinds: ['ENABLED'] }],
    ['an environment', { environments: ['production'] }],
    ['impact', { launchDarkly: { impactSizes: ['LARGE'] }, vendors: ['LAUNCHDARKLY'] }],
  ] as const)('has as many events as the list: %s', async ([, filter]) => {
    const own = { ...windowOf(24 * 14), ...filter };
    const { counts } = await count(own, 24);
    const listed = (await walk(both.gateway, { size: 100, filter: own })).flatMap(({ nodes }) => nodes);
    expect([counts?.total, counts?.isComplete]).toEqual([listed.length, true]);
    for (const bucket of counts?.buckets ?? []) {
      const inside = listed.filter(({ occurredAt }) => occurredAt >= bucket.from && occurredAt < bucket.to);
      expect(bucket.total).toBe(inside.length);
      expect(bucket.kinds.reduce((sum, each) => sum + each.count, 0)).toBe(bucket.total);
    }
  });

  it('costs few calls, and what is remembered none', async () => {
    const filter = { from: new Date(0).toISOString(), to: new Date(Date.now() - HOUR_MS).toISOString() };
    await count(filter);
    both.takeCalls();
    const { counts } = await count(filter);
    expect(counts?.isComplete).toBe(true);
    expect(both.takeCalls()).toEqual([]);
  });

  it('is not complete without a source, says which, and marks the answer', async () => {
    using _down = both.unleash.faults.always({ kind: 'status', status: 503 });
    const filter = { from: new Date(Date.now() - HOUR_MS).toISOString(), to: new Date().toISOString() };
    const answer = await both.gateway.query<{ flagEventCounts: Counts }>(COUNTS, { filter });
    expect(answer.data?.flagEventCounts.isComplete).toBe(false);
    expect(answer.data?.flagEventCounts.sources.map(({ failure, status }) => failure?.code ?? status)).toEqual([
      'OK',
      'UPSTREAM_UNAVAILABLE',
    ]);
    expect(answer.extensions).toEqual({ partial: true });
  });

  it.for<[string, object, number, string]>([
    ['no beginning', { to: '2026-11-25T00:00:00Z' }, 60, 'filter.from'],
    ['no end', { from: '2026-11-25T00:00:00Z' }, 60, 'filter.to'],
    ['an end before the beginning', { from: '2026-11-25T00:00:00Z', to: '2026-11-24T00:00:00Z' }, 60, 'filter.to'],
    ['no span', { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' }, 0, 'buckets'],
    ['too many', { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' }, 201, 'buckets'],
  ])('refuses %s, naming the argument', async ([, filter, buckets, argument]) => {
    const { counts, error } = await count(filter, buckets);
    expect(counts).toBeNull();
    expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('weighs as much as it costs: four of them are one answer, five are refused', async () => {
    const one = 'flagEventCounts(filter: { from: "2026-11-24T00:00:00Z", to: "2026-11-24T00:00:01Z" }) { total }';
    const many = (number: number) =>
      `{ ${Array.from({ length: number }, (_, index) => `a${index}: ${one}`).join(' ')} }`;
    expect((await both.gateway.query(many(4))).errors).toBeUndefined();
    expect((await both.gateway.query(many(5))).errors?.[0]?.extensions?.code).toBe('QUERY_TOO_COMPLEX');
  });
});
