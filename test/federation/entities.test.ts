import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSubgraph } from '../../schema/supergraph/subgraph.ts';
import { ask } from '../support/gateway.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on FeatureFlag { key }
    ... on FlagEvent { id title }
    ... on LaunchDarklyFlagEvent { experiments { nodes { key } } }
    ... on User { email }
  }
}`;

const idOf = (typename: string, text: string) => Buffer.from(`${typename}:${text}`).toString('base64');
const flag = (key: unknown) => ({ __typename: 'FeatureFlag', key });

let both: BothSandboxes;
beforeAll(async () => {
  both = await startBoth({ federation: { userType: 'User' } });
});
afterAll(() => both[Symbol.asyncDispose]());
beforeEach(() => {
  both.takeCalls();
});
const resolve = (representations: unknown[]) =>
  both.gateway.query<{ _entities: ({ __typename: string; id?: string } | null)[] | null }>(ENTITIES, {
    representations,
  });

async function events(count: number) {
  const { data } = await both.gateway.query<
    Record<string, { nodes: { __typename: string; id: string; title: string }[] }>
  >(
    `{ a: flagEvents(first: ${count}, filter: { vendors: [UNLEASH] }) { nodes { __typename id title } } b: flagEvents(first: ${count}, filter: { vendors: [LAUNCHDARKLY] }) { nodes { __typename id title } } }`,
  );
  both.takeCalls();
  return Object.values(data ?? {}).flatMap(({ nodes }) => nodes);
}

describe('_entities', () => {
  it('answers in the order of the representations, with the type that each is of', async () => {
    const [unleash, launchDarkly] = await events(1);
    const answer = await resolve([
      flag('b'),
      { __typename: 'FlagEvent', id: launchDarkly?.id },
      { __typename: 'User', email: 'somebody@example.com' },
      { __typename: 'UnleashFlagEvent', id: unleash?.id },
      { __typename: 'FlagEvent', id: unleash?.id },
      flag('a'),
      flag('b'),
    ]);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?._entities).toMatchObject([
      { __typename: 'FeatureFlag', key: 'b' },
      launchDarkly,
      { __typename: 'User', email: 'somebody@example.com' },
      unleash,
      unleash,
      { __typename: 'FeatureFlag', key: 'a' },
      { __typename: 'FeatureFlag', key: 'b' },
    ]);
  });

  it('asks nobody about flags and people by their keys', async () => {
    const answer = await resolve([flag('a'), flag('b'), { __typename: 'User', email: 'somebody@example.com' }]);
    expect(answer.data?._entities).toHaveLength(3);
    expect(both.takeCalls()).toEqual([]);
  });

  it('loads fifty events of each vendor in one call to Unleash and one to each LaunchDarkly feed', async () => {
    const found = await events(50);
    const answer = await resolve([...found, ...found].map(({ __typename, id }) => ({ __typename, id })));
    expect(answer.errors).toBeUndefined();
    expect(answer.data?._entities).toMatchObject([...found, ...found]);
    const calls = both.takeCalls();
    expect(calls.filter((call) => call.startsWith('unleash'))).toHaveLength(1);
    const others = calls.filter((call) => call.startsWith('launchdarkly'));
    expect(new Set(others).size).toBe(others.length);
    expect(others.every((call) => call.endsWith('limit=100 expand=experiments'))).toBe(true);
  });

  it('gives null for an event that does not exist', async () => {
    const id = idOf('UnleashFlagEvent', JSON.stringify(['unleash', '', 1, '2147483647']));
    expect(await resolve([{ __typename: 'FlagEvent', id }])).toEqual({ data: { _entities: [null] } });
  });

  it.for<[string, unknown]>([
    ['of an unknown type', { __typename: 'Unheard', id: '1' }],
    ['of a type that is no entity', { __typename: 'FlagActor', name: 'x' }],
    ['of a type that JavaScript has', { __typename: 'constructor' }],
    ['of no type', { id: '1' }],
    ['of a type that is no text', { __typename: { x: 1 }, key: 'a' }],
    ['that is a text', 'FeatureFlag'],
    ['that is a list', [flag('a')]],
    ['without its key', { __typename: 'FeatureFlag' }],
    ['with a key that is no text', flag({ x: 1 })],
    ['with an endless key', flag('x'.repeat(5_000))],
    ['with an id that is none', { __typename: 'FlagEvent', id: 'junk' }],
    ['with an id that is no text', { __typename: 'FlagEvent', id: 7 }],
    ['with an id of something else', { __typename: 'FlagEvent', id: idOf('FeatureFlag', 'a') }],
    [
      'with the other vendor’s id',
      { __typename: 'LaunchDarklyFlagEvent', id: idOf('UnleashFlagEvent', '["unleash","",1,"1"]') },
    ],
    ['with junk in the id', { __typename: 'UnleashFlagEvent', id: idOf('UnleashFlagEvent', 'junk') }],
  ])('makes one null and one error of a representation %s, and answers the others', async ([, bad]) => {
    const answer = await resolve([flag('a'), bad, flag('b')]);
    expect(answer.data).toEqual({
      _entities: [{ __typename: 'FeatureFlag', key: 'a' }, null, { __typename: 'FeatureFlag', key: 'b' }],
    });
    expect(answer.errors).toEqual([
      expect.objectContaining({
        path: ['_entities', 1],
        extensions: { code: 'BAD_USER_INPUT', argument: 'representations' },
      }),
    ]);
    expect(both.takeCalls()).toEqual([]);
  });

  it('gives one coded error for each event of a source that is down, and the other events', async () => {
    const found = await events(2);
    using outage = both.unleash.faults.always({ kind: 'html', status: 502 });
    const answer = await resolve(found.map(({ __typename, id }) => ({ __typename, id })));
    expect(outage).toBeDefined();
    expect(answer.data?._entities?.map((each) => each?.id)).toEqual([undefined, undefined, found[2]?.id, found[3]?.id]);
    expect(answer.errors).toMatchObject([
      { path: ['_entities', 0], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
      { path: ['_entities', 1], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
  });

  it('takes a thousand representations and no more', async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => flag(`flag-${index}`));
    expect((await resolve(many.slice(1))).data?._entities).toHaveLength(1_000);
    const answer = await resolve(many);
    expect(answer.data).toBeNull();
    expect(answer.errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', argument: 'representations', max: 1_000 } },
    ]);
  });

  it('never ends the process, whatever anybody sends', async () => {
    await using subgraph = await startSubgraph({ PATH: process.env.PATH });
    const lists = [
      [flag('a'), { __typename: 'UnleashFlagEvent', id: 'junk' }, { __typename: 'Unheard' }],
      [
        { __typename: 'FlagEvent', id: idOf('UnleashFlagEvent', '["unleash","",1,"1"]') },
        { __typename: 'Unheard' },
        null,
      ],
      [{ __typename: 'UnleashFlagEvent', id: 1 }, { __typename: '__proto__' }, 7],
    ];
    for (const representations of lists) {
      await ask(subgraph.url, 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
        r: representations,
      });
    }
    // An unhandled rejection ends a process one turn later.
    await new Promise((done) => setTimeout(done, 200));
    expect(subgraph.isAlive()).toBe(true);
    expect(await ask(subgraph.url, '{ flag(key: "a") { key } }')).toEqual({ data: { flag: { key: 'a' } } });
  });
});

describe('User.flagEvents', () => {
  it('are those of the address alone, whatever the filter says and however it is written', async () => {
    const query = `query ($representations: [_Any!]!, $filter: FlagEventFilter) {
      _entities(representations: $representations) {
        ... on User { flagEvents(first: 5, filter: $filter) { nodes { actor { email } } } }
      }
    }`;
    const emailsFor = async (filter: Record<string, unknown>) => {
      const { data } = await both.gateway.query<{
        _entities: { flagEvents: { nodes: { actor: { email: string } }[] } }[];
      }>(query, { representations: [{ __typename: 'User', email: 'Product.Owner@example.com' }], filter });
      return data?._entities[0]?.flagEvents.nodes.map(({ actor }) => actor.email);
    };
    const own = Array.from({ length: 5 }, () => 'product.owner@example.com');
    expect(await emailsFor({})).toEqual(own);
    expect(await emailsFor({ actors: ['PRODUCT.OWNER@example.com', 'release.manager@example.com'] })).toEqual(own);
    expect(await emailsFor({ actors: ['release.manager@example.com'] })).toEqual([]);
  });
});
