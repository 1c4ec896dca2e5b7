/** Every way into the graph, for five callers, over events of four projects and of none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessGateway,
  EVENT,
  readPage,
  type SeenEvent,
  type SeenPage,
  startAccessGateway,
  type TestCaller,
  walk,
} from '../support/access-gateway.ts';
import type { GraphQLAnswer } from '../support/gateway.ts';

const NAMES = ['admin', 'shop', 'payments', 'mixed', 'stranger'] as const;

/** Sources, and projects with their environments. */
const SOURCES: Record<string, string[]> = {
  admin: [
    'launchdarkly',
    'launchdarkly/web-shop: production staging',
    'launchdarkly/mobile-app: production staging',
    'launchdarkly/payments: production staging',
    'unleash',
    'unleash/web-shop: production staging',
    'unleash/mobile-app: production staging',
    'unleash/payments: production staging',
  ],
  shop: [
    'launchdarkly',
    'launchdarkly/web-shop: production staging',
    'unleash',
    'unleash/web-shop: production staging',
  ],
  payments: ['launchdarkly', 'launchdarkly/payments: production', 'unleash', 'unleash/payments: production'],
  mixed: ['launchdarkly', 'launchdarkly/web-shop: ', 'launchdarkly/mobile-app: staging', 'unleash'],
  stranger: [],
};

/** Of one page. */
const CALLS: Record<string, Record<string, number>> = {
  admin: {
    'launchdarkly mobile-app/production': 1,
    'launchdarkly mobile-app/staging': 1,
    'launchdarkly payments/production': 1,
    'launchdarkly payments/staging': 1,
    'launchdarkly web-shop/production': 1,
    'launchdarkly web-shop/staging': 1,
    'unleash events': 1,
  },
  shop: {
    'launchdarkly web-shop/production': 1,
    'launchdarkly web-shop/staging': 1,
    'unleash events IS_ANY_OF:web-shop': 1,
  },
  // Events of no project cannot be searched for, so Unleash is asked for all of them.
  payments: { 'launchdarkly payments/production': 1, 'unleash events': 1 },
  // Changes to every environment stand in the log of any of them.
  mixed: {
    'launchdarkly mobile-app/staging': 1,
    'launchdarkly web-shop/production': 1,
    'unleash events IS_ANY_OF:growth': 1,
  },
  stranger: {},
};

let gateway: AccessGateway;
let everything: SeenEvent[];
const callerOf = (name: string): TestCaller => gateway.callers[name] as TestCaller;
const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);
const seenBy = (caller: TestCaller) => everything.filter(caller.sees);

beforeAll(async () => {
  gateway = await startAccessGateway();
  everything = await walk(gateway, callerOf('admin'), { size: 100 });
}, 60_000);
afterAll(() => gateway[Symbol.asyncDispose]());

interface OfFlag {
  flag: { events: SeenPage };
}

interface SeenCounts {
  total: number;
  isComplete: boolean;
  buckets: { environments: { environment: string | null; count: number }[] }[];
  sources: { source: { name: string } }[];
}

/** Names and addresses of people, as the sandboxes have them. */
const PEOPLE =
  /@example|release\.manager|Release Manager|Product Owner|Reliability Engineer|Mobile Developer|Payments Developer|Growth Analyst/i;

function expectNoNames(caller: TestCaller, events: readonly SeenEvent[]): void {
  for (const event of events) if (!caller.seesNames(event)) expect(JSON.stringify(event)).not.toMatch(PEOPLE);
}

describe('the story', () => {
  it('has events of every kind that the rules tell apart', () => {
    const places = new Set(
      everything.map(({ environment, project, source }) => [source.name, project?.key, environment?.key].join('/')),
    );
    expect([...places].toSorted()).toMatchInlineSnapshot(`
      [
        "launchdarkly/mobile-app/",
        "launchdarkly/mobile-app/production",
        "launchdarkly/mobile-app/staging",
        "launchdarkly/payments/",
        "launchdarkly/payments/production",
        "launchdarkly/payments/staging",
        "launchdarkly/web-shop/",
        "launchdarkly/web-shop/production",
        "launchdarkly/web-shop/staging",
        "unleash/*/*",
        "unleash//",
        "unleash/growth/",
        "unleash/growth/production",
        "unleash/mobile-app/",
        "unleash/mobile-app/production",
        "unleash/mobile-app/staging",
        "unleash/payments/",
        "unleash/payments/production",
        "unleash/payments/staging",
        "unleash/web-shop/",
        "unleash/web-shop/production",
        "unleash/web-shop/staging",
      ]
    `);
    for (const name of NAMES) if (name !== 'stranger') expect(seenBy(callerOf(name)).length).toBeGreaterThan(20);
  });
});

describe.for(NAMES)('%s', (name) => {
  it.for([25, 100])(
    'sees what is allowed and nothing else, page by page, both ways: %i',
    { timeout: 60_000 },
    async (size) => {
      const caller = callerOf(name);
      for (const way of ['older', 'newer'] as const) {
        const seen = await walk(gateway, caller, { size, way });
        expect(idsOf(seen)).toEqual(idsOf(seenBy(caller)));
        expectNoNames(caller, seen);
      }
    },
  );

  it('sees as much in the events of a flag', async () => {
    const caller = callerOf(name);
    const keys = [...new Set(everything.flatMap(({ flag }) => flag?.key ?? []))].slice(0, 6);
    const document = `query ($key: String!, $after: String) {
      flag(key: $key) { events(first: 100, after: $after) { nodes { ${EVENT} } pageInfo { hasNextPage endCursor } } }
    }`;
    for (const key of keys) {
      const seen: SeenEvent[] = [];
      for (let after: string | null = null, isMore = true; isMore; ) {
        const answer: GraphQLAnswer<OfFlag> = await gateway.query(caller, document, { key, after });
        expect(answer.errors).toBeUndefined();
        const page = answer.data?.flag.events;
        seen.push(...(page?.nodes ?? []));
        after = page?.pageInfo.endCursor ?? null;
        isMore = page?.pageInfo.hasNextPage === true;
      }
      expect(idsOf(seen)).toEqual(idsOf(seenBy(caller).filter(({ flag }) => flag?.key === key)));
      expectNoNames(caller, seen);
    }
  });

  it('gets null for the id of anything else, by `nodes` and by `_entities`', async () => {
    const caller = callerOf(name);
    const asked = everything.filter((_, index) => index % 5 === 0).slice(0, 200);
    const wanted = asked.map((event) => (caller.sees(event) ? event.id : null));
    const nodes = await gateway.query<{ nodes: (SeenEvent | null)[] }>(
      caller,
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on FlagEvent { ${EVENT} } } }`,
      { ids: idsOf(asked) },
    );
    expect(nodes.errors).toBeUndefined();
    expect(nodes.data?.nodes.map((node) => node?.id ?? null)).toEqual(wanted);
    expectNoNames(caller, nodes.data?.nodes.flatMap((node) => node ?? []) ?? []);
    const entities = await gateway.query<{ _entities: (SeenEvent | null)[] }>(
      caller,
      `query ($all: [_Any!]!) { _entities(representations: $all) { ... on FlagEvent { ${EVENT} } } }`,
      { all: asked.map(({ id }) => ({ __typename: 'FlagEvent', id })) },
    );
    expect(entities.errors).toBeUndefined();
    expect(entities.data?._entities.map((node) => node?.id ?? null)).toEqual(wanted);
    expectNoNames(caller, entities.data?._entities.flatMap((node) => node ?? []) ?? []);
  });

  it('never has a total that counts anything else', async () => {
    const caller = callerOf(name);
    const filters = [{}, { projects: ['web-shop'] }, { vendors: ['UNLEASH'] }, { vendors: ['LAUNCHDARKLY'] }];
    for (const filter of filters) {
      const { sources, totalCount } = await readPage(gateway, caller, { first: 1, filter });
      const own = await walk(gateway, caller, { size: 100, filter });
      expect([own.length, null]).toContain(totalCount);
      for (const report of sources) {
        const ofSource = own.filter(({ source }) => source.name === report.source.name);
        expect([ofSource.length, null]).toContain(report.totalCount);
      }
    }
  });

  it('is told of as many events as it may see, by kind and environment', async () => {
    const caller = callerOf(name);
    const times = everything.map(({ occurredAt }) => Date.parse(occurredAt)).toSorted((a, b) => a - b);
    const [from, to] = [times.at(-200) ?? 0, (times.at(-1) ?? 0) + 1];
    const { data, errors } = await gateway.query<{ flagEventCounts: SeenCounts | null }>(
      caller,
      `query ($from: DateTime!, $to: DateTime!) { flagEventCounts(filter: { from: $from, to: $to }, buckets: 1) {
        total isComplete buckets { environments { environment count } } sources { source { name } }
      } }`,
      { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    );
    expect(errors).toBeUndefined();
    const own = seenBy(caller).filter(({ occurredAt }) => Date.parse(occurredAt) >= from);
    const counts = data?.flagEventCounts;
    expect([counts?.total, counts?.isComplete]).toEqual([own.length, true]);
    const environments = Map.groupBy(own, ({ environment }) => environment?.key ?? null);
    const seen = counts?.buckets[0]?.environments.map(({ count, environment }) => [environment, count]);
    expect(seen?.toSorted()).toEqual([...environments].map(([key, events]) => [key, events.length]).toSorted());
    expect(counts?.sources.map(({ source }) => source.name)).toEqual(
      SOURCES[name]?.filter((line) => !line.includes('/')),
    );
  });

  it('is told of the sources, projects and environments of which something is allowed', async () => {
    const caller = callerOf(name);
    const { data } = await gateway.query<{
      flagSources: { id: string; name: string; projects: { key: string; environments: { key: string }[] | null }[] }[];
    }>(caller, '{ flagSources { id name projects { key environments { key } } } }');
    const lines = data?.flagSources.flatMap(({ name: source, projects }) => [
      source,
      ...projects.map(
        ({ environments, key }) => `${source}/${key}: ${environments?.map((each) => each.key).join(' ')}`,
      ),
    ]);
    expect(lines).toEqual(SOURCES[name]);
    const admin = await gateway.query<{ flagSources: { id: string; name: string }[] }>(
      callerOf('admin'),
      '{ flagSources { id name } }',
    );
    const ids = idsOf(admin.data?.flagSources ?? []);
    const nodes = await gateway.query<{ nodes: ({ name: string } | null)[] }>(
      caller,
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on FlagSource { name } } }',
      { ids },
    );
    const own = data?.flagSources.map((source) => source.name);
    expect(nodes.data?.nodes.flatMap((node) => node?.name ?? [])).toEqual(own);
    const page = await readPage(gateway, caller, { first: 1 });
    expect(page.sources.map(({ source }) => source.name)).toEqual(own);
  });

  it('asks the upstreams for no more than that', async () => {
    gateway.takeCalls();
    await readPage(gateway, callerOf(name), { first: 5 });
    expect(gateway.takeCalls()).toEqual(CALLS[name]);
  });
});
