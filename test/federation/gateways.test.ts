import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GraphQLAnswer } from '../support/gateway.ts';
import { type GatewayName, gatewayNames, type Supergraph, startSupergraph } from '../support/supergraph.ts';
import { idsOf, walk } from '../support/walk.ts';

const EXPERIMENTS = '... on LaunchDarklyFlagEvent { experiments { nodes { key } } }';

interface FoundEvent {
  id: string;
  title: string;
  discussionUrl: string;
  experiments?: { nodes: { key: string }[] };
}
interface Walked {
  edges: { node: { eventId: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}
const WALK = `query Walk($after: String, $filter: FlagEventFilter) {
  flagEvents(first: 30, after: $after, filter: $filter) {
    edges { node { ... on LaunchDarklyFlagEvent { eventId } ... on UnleashFlagEvent { eventId } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Nodes {
  nodes: FoundEvent[];
}

/** In what the routers differ, as `docs/federate.md` says. */
interface Ways {
  /** Where the code of an error of ours is. */
  codeOf(extensions: Record<string, unknown> | undefined): unknown;
  /** What becomes of `@defer`. */
  defer: 'refused' | 'answered in one piece';
  /** Whether a neighbour with `@interfaceObject` can hand out events: see `routers-own.test.ts`. */
  handsOutEvents: boolean;
}

const ways = (own: Partial<Ways>): Ways => ({
  codeOf: (extensions) => extensions?.code,
  defer: 'refused',
  handsOutEvents: true,
  ...own,
});

const WAYS: Readonly<Record<GatewayName, Ways>> = {
  apollo: ways({}),
  hive: ways({}),
  'hive on the planner of its router': ways({}),
  grafbase: ways({
    codeOf: (extensions) => (extensions?.upstream_extensions as { code?: unknown } | undefined)?.code,
    defer: 'answered in one piece',
    handsOutEvents: false,
  }),
};

describe.for(gatewayNames)('behind the gateway of %s', (name) => {
  let supergraph: Supergraph;
  beforeAll(async () => {
    supergraph = await startSupergraph(name);
  });
  afterAll(() => supergraph[Symbol.asyncDispose]());
  beforeEach(() => {
    supergraph.both.takeCalls();
    for (const { requests } of [supergraph, supergraph.services, supergraph.users]) requests.length = 0;
  });
  const feeds = () => ['unleash events', ...supergraph.both.environments.map((each) => `launchdarkly ${each}`)];

  it('a neighbour’s flags gain their events, asked for in one request and read together', async () => {
    const { data, errors } = await supergraph.query<{ services: { flags: { key: string; events: Nodes }[] }[] }>(
      `{ services { flags { key events(first: 3) { nodes { title ${EXPERIMENTS} } } } } }`,
    );
    expect(errors).toBeUndefined();
    const flags = data?.services.flatMap((service) => service.flags) ?? [];
    expect(flags.length).toBeGreaterThanOrEqual(7);
    expect(flags.every(({ events }) => events.nodes.length === 3)).toBe(true);
    const refunds = flags.find(({ key }) => key === 'instant-refunds')?.events.nodes[0];
    expect(refunds?.experiments?.nodes).toEqual([{ key: 'refund-speed' }]);

    expect(supergraph.requests).toHaveLength(1);
    const calls = supergraph.both.takeCalls();
    for (const feed of feeds()) {
      const own = calls.filter((call) => call.startsWith(feed));
      expect(own.length).toBeGreaterThanOrEqual(1);
      expect(own.length).toBeLessThanOrEqual(3);
    }
    expect(calls.filter((call) => call.startsWith('launchdarkly')).every((call) => call.endsWith('experiments'))).toBe(
      true,
    );
  });

  it('a neighbour’s flags cost no request as long as only their keys are asked for', async () => {
    const { data } = await supergraph.query<{ services: { flags: { key: string }[] }[] }>(
      '{ services { flags { key } } }',
    );
    expect(data?.services[0]?.flags[0]).toEqual({ key: 'instant-refunds' });
    expect(supergraph.requests).toEqual([]);
  });

  it('events of the timeline gain a neighbour’s field, asked for in one request', async () => {
    const { data, errors } = await supergraph.query<{ flagEvents: Nodes }>(
      '{ flagEvents(first: 20) { nodes { id title discussionUrl } } }',
    );
    expect(errors).toBeUndefined();
    const nodes = data?.flagEvents.nodes ?? [];
    expect(nodes).toHaveLength(20);
    for (const { discussionUrl, id } of nodes) expect(discussionUrl).toContain(encodeURIComponent(id));
    expect(supergraph.services.requests).toHaveLength(1);
    expect(supergraph.both.takeCalls()).toHaveLength(feeds().length);
  });

  it('the timeline can be walked to its end, one request to us for each page and one call to each feed', async () => {
    const filter = { kinds: ['ENABLED', 'DISABLED'], environments: ['production'] };
    const expected = idsOf(await walk(supergraph.both.gateway, { size: 100, filter }));
    supergraph.both.takeCalls();
    const ids: string[] = [];
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const answer: GraphQLAnswer<{ flagEvents: Walked }> = await supergraph.query(WALK, { after, filter });
      expect(answer.errors).toBeUndefined();
      const page = answer.data?.flagEvents;
      ids.push(...(page?.edges.map(({ node }) => node.eventId) ?? []));
      after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
    }
    expect(ids).toEqual(expected);
    expect(ids.length).toBeGreaterThan(60);
    expect(supergraph.requests).toHaveLength(Math.ceil(ids.length / 30));
  });

  it('a neighbour can hand out events by their ids, which are fetched in one batch', async ({ skip }) => {
    skip(!WAYS[name].handsOutEvents, 'The router fails at that with any subgraph.');
    const page = await supergraph.query<Record<string, Nodes>>(
      '{ a: flagEvents(first: 10, filter: { vendors: [UNLEASH] }) { nodes { id title } } b: flagEvents(first: 10, filter: { vendors: [LAUNCHDARKLY] }) { nodes { id title } } }',
    );
    const nodes = Object.values(page.data ?? {}).flatMap((each) => each.nodes);
    expect(nodes).toHaveLength(20);
    supergraph.both.takeCalls();
    supergraph.requests.length = 0;
    const { data, errors } = await supergraph.query<{ discussedEvents: FoundEvent[] }>(
      'query ($ids: [ID!]!) { discussedEvents(ids: $ids) { id title } }',
      { ids: nodes.map(({ id }) => id) },
    );
    expect(errors).toBeUndefined();
    expect(data?.discussedEvents).toEqual(nodes);
    expect(supergraph.requests).toHaveLength(1);
    const calls = supergraph.both.takeCalls();
    expect(calls.filter((call) => call.startsWith('unleash'))).toHaveLength(1);
    expect(new Set(calls).size).toBe(calls.length);
  });

  it('a neighbour’s users gain what they did, in one request and one read of each feed', async () => {
    const { data, errors } = await supergraph.query<{
      users: { email: string; flagEvents: { nodes: { actor: { email: string } }[] } }[];
    }>('{ users { email flagEvents(first: 2) { nodes { actor { email } } } } }');
    expect(errors).toBeUndefined();
    for (const { email, flagEvents } of data?.users ?? []) {
      const actors = flagEvents.nodes.map(({ actor }) => actor.email);
      expect(actors).toEqual(email.startsWith('office') ? [] : [email, email]);
    }
    expect(data?.users).toHaveLength(3);
    expect(supergraph.requests).toHaveLength(1);
    expect(supergraph.both.takeCalls()).toHaveLength(feeds().length);
  });

  it('a source that is down leaves the other one’s events, and says so as data', async () => {
    using outage = supergraph.both.unleash.faults.always({ kind: 'html', status: 502 });
    const REPORT = 'sources { source { name } status failure { code } }';
    const { data, errors } = await supergraph.query(
      `{ services { name flags { key } } flagEvents(first: 2) { nodes { id discussionUrl } ${REPORT} } }`,
    );
    expect(outage).toBeDefined();
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      services: [{ name: 'payments' }, { name: 'storefront' }],
      flagEvents: {
        nodes: [{ discussionUrl: expect.any(String) }, { discussionUrl: expect.any(String) }],
        sources: [
          { source: { name: 'launchdarkly' }, status: 'OK', failure: null },
          { source: { name: 'unleash' }, status: 'FAILED', failure: { code: 'UPSTREAM_UNAVAILABLE' } },
        ],
      },
    });
  });

  it('a timeline whose every source is down is null with a code, and the neighbours’ data is there', async () => {
    using outage = supergraph.both.unleash.faults.always({ kind: 'html', status: 502 });
    const other = supergraph.both.launchDarkly.faults.add({ type: 'unavailable' });
    const { data, errors } = await supergraph.query('{ services { name } flagEvents(first: 2) { nodes { id } } }');
    other();
    expect(outage).toBeDefined();
    expect(data).toEqual({ services: [{ name: 'payments' }, { name: 'storefront' }], flagEvents: null });
    expect(errors?.map(({ extensions, path }) => [path, WAYS[name].codeOf(extensions)])).toEqual([
      [['flagEvents'], 'UPSTREAM_UNAVAILABLE'],
    ]);
  });

  it('what is refused has its code, and says which argument is at fault', async () => {
    const { data, errors } = await supergraph.query('{ flagEvents(first: 500) { nodes { id } } }');
    expect(data).toEqual({ flagEvents: null });
    expect(errors?.map(({ extensions }) => WAYS[name].codeOf(extensions))).toEqual(['BAD_USER_INPUT']);
    expect(JSON.stringify(errors)).toContain('"argument":"first"');
  });

  it('`node` finds what is ours', async () => {
    const id = Buffer.from('FeatureFlag:dark-mode').toString('base64');
    const { data } = await supergraph.query(`{ node(id: "${id}") { __typename ... on FeatureFlag { key } } }`);
    expect(data).toEqual({ node: { __typename: 'FeatureFlag', key: 'dark-mode' } });
  });

  it('`@defer` is refused, or answered in one piece', async () => {
    const { data, errors } = await supergraph.query<{ flagEvents: Nodes }>(
      '{ flagEvents(first: 1) { nodes { id ... @defer { title } } } }',
    );
    if (WAYS[name].defer === 'answered in one piece') {
      expect(data?.flagEvents.nodes).toEqual([{ id: expect.any(String), title: expect.any(String) }]);
      return;
    }
    expect(data ?? null).toBeNull();
    expect(errors?.map(({ message }) => message)).toEqual(['Unknown directive "@defer".']);
    expect(supergraph.requests).toEqual([]);
  });

  it('the secret goes to nobody else', () => {
    for (const { requests } of [supergraph.services, supergraph.users]) {
      expect(requests.filter((headers) => headers.has('x-subgraph-secret'))).toEqual([]);
    }
  });
});
