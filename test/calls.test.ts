import { describe, expect, inject, it } from 'vitest';
import { startGateway } from './support/gateway.ts';
import { startRecordingProxy } from './support/recording-proxy.ts';
import { type BothSandboxes, startBoth } from './support/sandboxes.ts';
import { control } from './support/unleash-admin.ts';

/** One call to each of LaunchDarkly's feeds. */
const each = (both: BothSandboxes, parameters: string) =>
  both.environments.map((feed) => `launchdarkly ${feed} ${parameters}`);

const EXPERIMENTS = '... on LaunchDarklyFlagEvent { experiments { nodes { key } } }';
const DEFERRED = '... on LaunchDarklyFlagEvent @defer { experiments { nodes { key } } }';

describe('the upstream calls of a query', () => {
  it.for<[string, string, (both: BothSandboxes) => string[]]>([
    [
      'a plain page',
      'flagEvents(first: 5) { nodes { id title } }',
      (both) => [...each(both, 'limit=6'), 'unleash events limit=6'],
    ],
    [
      'a page with experiments',
      `flagEvents(first: 5) { nodes { ${EXPERIMENTS} } }`,
      (both) => [...each(both, 'limit=6 expand=experiments'), 'unleash events limit=6'],
    ],
    [
      'experiments behind an alias, in a fragment in a fragment',
      `flagEvents(first: 5) { edges { node { ... { ...Deep } } } } } fragment Deep on FlagEvent { ... on LaunchDarklyFlagEvent { it: experiments { nodes { key } } }`,
      (both) => [...each(both, 'limit=6 expand=experiments'), 'unleash events limit=6'],
    ],
    [
      'experiments that are skipped',
      `flagEvents(first: 5) { nodes { ... on LaunchDarklyFlagEvent @skip(if: true) { experiments { nodes { key } } } } }`,
      (both) => [...each(both, 'limit=6'), 'unleash events limit=6'],
    ],
    [
      'experiments that are not included',
      `flagEvents(first: 5) { nodes { ... on LaunchDarklyFlagEvent { experiments @include(if: false) { nodes { key } } } } }`,
      (both) => [...each(both, 'limit=6'), 'unleash events limit=6'],
    ],
    [
      'deferred, for a client that takes one part only',
      `flagEvents(first: 5) { nodes { ${DEFERRED} } }`,
      (both) => [...each(both, 'limit=6 expand=experiments'), 'unleash events limit=6'],
    ],
    [
      'two aliases of one page',
      'a: flagEvents(first: 5) { nodes { id } } b: flagEvents(first: 5) { nodes { title } }',
      (both) => [...each(both, 'limit=6'), 'unleash events limit=6'],
    ],
    [
      'two aliases of one page, one with experiments',
      `a: flagEvents(first: 5) { nodes { id } } b: flagEvents(first: 5) { nodes { ${EXPERIMENTS} } }`,
      (both) => [...each(both, 'limit=6 expand=experiments'), 'unleash events limit=6'],
    ],
    [
      'two aliases of other filters',
      'a: flagEvents(first: 5) { nodes { id } } b: flagEvents(first: 5, filter: { vendors: [UNLEASH], kinds: [CREATED] }) { nodes { id } }',
      (both) => [
        ...each(both, 'limit=6'),
        'unleash events limit=6',
        'unleash events limit=6 type=IS_ANY_OF:feature-created',
      ],
    ],
    [
      'a filter that rules a source out',
      'flagEvents(first: 5, filter: { vendors: [UNLEASH] }) { nodes { id } }',
      () => ['unleash events limit=6'],
    ],
    [
      'a filter that rules all but one feed out',
      'flagEvents(first: 5, filter: { vendors: [LAUNCHDARKLY], projects: ["payments"], environments: ["production"] }) { nodes { id } }',
      () => ['launchdarkly payments/production limit=6'],
    ],
    ['a filter that nothing passes', 'flagEvents(filter: { kinds: [] }) { nodes { id } }', () => []],
    ['the sources', 'flagSources { name vendor url }', () => []],
    ['a flag without its events', 'flag(key: "dark-mode") { id key }', () => []],
    [
      'a flag with its events',
      'flag(key: "dark-mode") { events(first: 5) { nodes { id } } }',
      (both) => [...each(both, 'limit=6 query=dark-mode'), 'unleash events limit=6 feature=IS_ANY_OF:dark-mode'],
    ],
    [
      'flags by id',
      'nodes(ids: ["RmVhdHVyZUZsYWc6YQ==", "RmVhdHVyZUZsYWc6Yg=="]) { ... on FeatureFlag { key } }',
      () => [],
    ],
  ])('is exactly what it needs: %s', async ([, query, expected]) => {
    await using both = await startBoth();
    const answer = await both.gateway.query(`{ ${query} }`);
    expect(answer.errors).toBeUndefined();
    expect(both.takeCalls()).toEqual(expected(both).map(inOrder).toSorted());
  });

  it('fetches fifty events of both vendors by id in one call to Unleash and one to each LaunchDarkly feed', async () => {
    await using both = await startBoth();
    const ids = await idsOf(both, 25);
    both.takeCalls();
    const { data } = await both.gateway.query<{ nodes: ({ id: string } | null)[] }>(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { id ${EXPERIMENTS} } }`,
      { ids: [...ids, ...ids] },
    );
    expect(data?.nodes.map((node) => node?.id)).toEqual([...ids, ...ids]);
    const calls = both.takeCalls();
    expect(calls.filter((call) => call.startsWith('unleash'))).toEqual([
      expect.stringMatching(/^unleash events limit=\d+ id=IS_ANY_OF:[\d,]+$/),
    ]);
    const asked = calls.filter((call) => call.startsWith('launchdarkly'));
    expect(asked.every((call) => call.endsWith('limit=100 expand=experiments'))).toBe(true);
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('reads twenty flags together: once at each feed, however many flags', async () => {
    await using both = await startBoth();
    const keys = await flagKeys(both);
    expect(keys.length).toBeGreaterThanOrEqual(15);
    both.takeCalls();
    const fields = keys.map(
      (key, index) => `f${index}: flag(key: "${key}") { events(first: 1) { nodes { flag { key } } } }`,
    );
    const answer = await both.gateway.query<Record<string, { events: { nodes: { flag: { key: string } }[] } }>>(
      `{ ${fields.join(' ')} }`,
    );
    for (const [index, key] of keys.entries()) {
      expect(answer.data?.[`f${index}`]?.events.nodes.map(({ flag }) => flag.key)).toEqual([key]);
    }
    const calls = both.takeCalls();
    for (const feed of ['unleash events', ...both.environments.map((each) => `launchdarkly ${each}`)]) {
      expect(calls.filter((call) => call.startsWith(feed)).length).toBeLessThanOrEqual(3);
    }
  });

  it('keeps the events of the flags of a page of events within its bound', async () => {
    await using both = await startBoth();
    await both.gateway.query(
      '{ flagEvents(first: 20) { nodes { flag { events(first: 3) { nodes { id } pageInfo { hasNextPage } } } } } }',
    );
    const calls = both.takeCalls();
    const feeds = both.environments.length + 1;
    expect(calls.length).toBeLessThanOrEqual(feeds + 9 * feeds);
    expect(calls.length).toBeLessThanOrEqual(4 * feeds);
  });

  it('asks once for ten clients who ask the same at the same time', async () => {
    const now = Date.now();
    await using both = await startBoth({ now: () => now });
    const slow = both.launchDarkly.faults.add({ type: 'slow', delayMs: 1_000 });
    const slowToo = both.unleash.faults.always({ kind: 'slow', ms: 1_000 });
    const query = '{ flagEvents(first: 5) { nodes { id } } }';
    const answers = await Promise.all(Array.from({ length: 10 }, () => both.gateway.query(query)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(both.takeCalls()).toHaveLength(both.environments.length + 1);
    slow();
    slowToo[Symbol.dispose]();
  });

  it('is none at all for a page that was just read, unless remembering is off', async () => {
    const now = Date.now();
    for (const [pageCacheMs, calls] of [
      [60_000, 0],
      [0, 7],
    ] as const) {
      await using both = await startBoth({ now: () => now, pageCacheMs });
      const query = '{ flagEvents(first: 5) { nodes { id } } }';
      await both.gateway.query(query);
      both.takeCalls();
      await both.gateway.query(query);
      expect(both.takeCalls()).toHaveLength(calls);
    }
  });

  it('is made again after a failure: nothing is remembered of it', async () => {
    const now = Date.now();
    await using both = await startBoth({ now: () => now, pageCacheMs: 60_000 });
    const query = '{ flagEvents(first: 3) { sources { status } } }';
    const outage = both.unleash.faults.next(1, { kind: 'swallowed' });
    const statuses = async () =>
      (await both.gateway.query<{ flagEvents: { sources: { status: string }[] } }>(query)).data?.flagEvents.sources.map(
        ({ status }) => status,
      );
    expect(await statuses()).toEqual(['OK', 'FAILED']);
    outage[Symbol.dispose]();
    expect(await statuses()).toEqual(['OK', 'OK']);
  });
});

describe('the upstream calls to a real Unleash', () => {
  const unleash = inject('unleash');
  const project = 'gateway-calls';

  it('are one for fifty events by id, one for twenty flags, one for two aliases, one for many clients', async () => {
    await control(unleash).createProject({ id: project });
    const rows = Array.from({ length: 60 }, (_, index) => ({
      project,
      type: 'feature-created',
      feature_name: `calls-${index % 20}`,
      created_at: new Date(Date.UTC(2026, 1, 1) + index * 3_600_000).toISOString(),
    }));
    await control(unleash).insertEvents({ rows });
    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([
      { vendor: 'unleash', url: proxy.url, apiToken: unleash.adminToken, projects: [project] },
    ]);
    const { data } = await gateway.query<{ flagEvents: { nodes: { id: string }[] } }>(
      '{ flagEvents(first: 50) { nodes { id } } }',
    );
    const ids = data?.flagEvents.nodes.map(({ id }) => id) ?? [];
    const callsOf = async (query: string, variables = {}) => {
      proxy.requests.length = 0;
      const answer = await gateway.query(query, variables);
      expect(answer.errors).toBeUndefined();
      return { ...answer, calls: proxy.requests.length };
    };
    expect(await callsOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })).toMatchObject({
      calls: 1,
      data: { nodes: ids.map((id) => ({ id })) },
    });
    const flags = Array.from(
      { length: 20 },
      (_, index) =>
        `f${index}: flag(key: "calls-${index}") { events(first: 2) { nodes { id } pageInfo { hasNextPage } } }`,
    );
    const shared = await callsOf(`{ ${flags.join(' ')} }`);
    expect(shared.calls).toBe(1);
    expect(Object.values(shared.data ?? {})).toEqual(
      Array.from({ length: 20 }, () => ({
        events: { nodes: [expect.anything(), expect.anything()], pageInfo: { hasNextPage: true } },
      })),
    );
    expect(
      await callsOf('{ a: flagEvents(first: 5) { nodes { id } } b: flagEvents(first: 5) { nodes { title } } }'),
    ).toMatchObject({ calls: 1 });
  });
});

/** Ids of the newest events of each vendor. */
async function idsOf(both: BothSandboxes, count: number): Promise<string[]> {
  type Answer = Record<string, { nodes: { id: string }[] }>;
  const { data } = await both.gateway.query<Answer>(
    `{ a: flagEvents(first: ${count}, filter: { vendors: [LAUNCHDARKLY] }) { nodes { id } } b: flagEvents(first: ${count}, filter: { vendors: [UNLEASH] }) { nodes { id } } }`,
  );
  return Object.values(data ?? {}).flatMap(({ nodes }) => nodes.map(({ id }) => id));
}

async function flagKeys(both: BothSandboxes): Promise<string[]> {
  const { data } = await both.gateway.query<{ flagEvents: { nodes: { flag: { key: string } | null }[] } }>(
    '{ flagEvents(first: 100) { nodes { flag { key } } } }',
  );
  return [...new Set(data?.flagEvents.nodes.flatMap(({ flag }) => flag?.key ?? []))];
}

/** Parameters come in the order in which a vendor's client writes them. */
function inOrder(call: string): string {
  const [vendor, place, ...parameters] = call.split(' ');
  const rank = ['query', 'limit', 'expand', 'type', 'feature'];
  const sorted = parameters.toSorted(
    (a, b) => rank.indexOf(a.split('=')[0] ?? '') - rank.indexOf(b.split('=')[0] ?? ''),
  );
  return [vendor, place, ...sorted].join(' ');
}
