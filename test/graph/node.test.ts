import { describe, expect, inject, it } from 'vitest';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { startGateway } from '../support/gateway.ts';
import { startBoth } from '../support/sandboxes.ts';
import { control } from '../support/unleash-admin.ts';

const id = (typename: string, ...parts: unknown[]) =>
  Buffer.from(`${typename}:${JSON.stringify(parts)}`).toString('base64');

describe('node', () => {
  it('gives back what every id of a page stands for', async () => {
    await using both = await startBoth();
    const FIELDS = '__typename id ... on FlagEvent { occurredAt type title flag { id key } actor { name } }';
    type Nodes = { nodes: { id: string; flag: { id: string } | null }[] };
    const { data } = await both.gateway.query<{ flagEvents: Nodes }>(
      `{ flagEvents(first: 60) { nodes { ${FIELDS} } } }`,
    );
    const nodes = data?.flagEvents.nodes ?? [];
    const again = await both.gateway.query<Nodes>(`query ($ids: [ID!]!) { nodes(ids: $ids) { ${FIELDS} } }`, {
      ids: nodes.map((node) => node.id),
    });
    expect(again.data?.nodes).toEqual(nodes);
    const flag = nodes.find((node) => node.flag)?.flag;
    const one = await both.gateway.query(`{ node(id: "${flag?.id}") { __typename id ... on FeatureFlag { key } } }`);
    expect(one.data).toEqual({ node: { __typename: 'FeatureFlag', ...flag } });
  });

  it.for<[string, string]>([
    ['an event that never was', id('UnleashFlagEvent', 'unleash', '', 1, '2147483647')],
    ['an event with a number that cannot be', id('UnleashFlagEvent', 'unleash', '', 1, '1 or 1=1')],
    ['an event of another source', id('UnleashFlagEvent', 'unleash-eu', '', 1, '1')],
    ['an event of a feed that is not read', id('LaunchDarklyFlagEvent', 'launchdarkly', '/x/y', 1, 'z')],
    ['an event at another moment', id('LaunchDarklyFlagEvent', 'launchdarkly', '/payments/production', 1, 'z')],
    ['one vendor’s event under the other’s name', id('LaunchDarklyFlagEvent', 'unleash', '', 1, '1')],
  ])('is null for %s', async ([, unknown]) => {
    await using both = await startBoth();
    expect(await both.gateway.query(`{ node(id: "${unknown}") { id } }`)).toEqual({ data: { node: null } });
  });

  it.for<[string, string]>([
    ['empty', ''],
    ['not base64', '%%%'],
    ['of an unknown type', id('Unheard', 'x')],
    ['of the right type with junk in it', Buffer.from('UnleashFlagEvent:junk').toString('base64')],
    ['with parts of the wrong types', id('UnleashFlagEvent', 1, 2, 'x', 3)],
    ['endless', 'A'.repeat(5_000)],
  ])('refuses an id that is %s, and asks nobody', async ([, malformed]) => {
    await using both = await startBoth();
    const answer = await both.gateway.query('query ($id: ID!) { node(id: $id) { id } }', { id: malformed });
    expect(answer.data).toEqual({ node: null });
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', argument: 'id' }]);
    expect(both.takeCalls()).toEqual([]);
  });
});

describe('nodes', () => {
  it('answers in the order of the ids, one bad id being one null and one error', async () => {
    await using both = await startBoth();
    const flag = Buffer.from('FeatureFlag:dark-mode').toString('base64');
    const answer = await both.gateway.query('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }', {
      ids: [flag, 'junk', flag],
    });
    expect(answer.data).toEqual({ nodes: [{ __typename: 'FeatureFlag' }, null, { __typename: 'FeatureFlag' }] });
    expect(answer.errors).toMatchObject([
      { path: ['nodes', 1], extensions: { code: 'BAD_USER_INPUT', argument: 'ids' } },
    ]);
  });

  it('takes no more than five hundred', async () => {
    await using both = await startBoth();
    const ids = Array.from({ length: 501 }, (_, index) => Buffer.from(`FeatureFlag:${index}`).toString('base64'));
    const answer = await both.gateway.query('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }', { ids });
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'ids', max: 500 });
  });

  it('gives null for the events of a source that is down, with one coded error each, and the others all the same', async () => {
    await using both = await startBoth();
    const { data } = await both.gateway.query<Record<string, { nodes: { id: string }[] }>>(
      '{ a: flagEvents(first: 2, filter: { vendors: [UNLEASH] }) { nodes { id } } b: flagEvents(first: 2, filter: { vendors: [LAUNCHDARKLY] }) { nodes { id } } }',
    );
    const ids = Object.values(data ?? {}).flatMap(({ nodes }) => nodes.map((node) => node.id));
    both.unleash.faults.always({ kind: 'html', status: 502 });
    const answer = await both.gateway.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect(answer.data).toEqual({ nodes: [null, null, { id: ids[2] }, { id: ids[3] }] });
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual([
      'UPSTREAM_UNAVAILABLE',
      'UPSTREAM_UNAVAILABLE',
    ]);
  });

  it.for(['6.10.1', '6.0.0'])('finds events on an Unleash %s, which cannot be asked for ids', async (version) => {
    await using sandbox = await startUnleashSandbox({ version });
    await using gateway = await startGateway([{ vendor: 'unleash', url: sandbox.url, apiToken: sandbox.token }]);
    const { data } = await gateway.query<{ flagEvents: { nodes: { id: string }[] } }>(
      '{ flagEvents(first: 30) { nodes { id } } }',
    );
    const nodes = data?.flagEvents.nodes ?? [];
    const again = await gateway.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: nodes.map((node) => node.id),
    });
    expect([nodes.length, again.data]).toEqual([30, { nodes }]);
  });
});

describe('an actor of a real Unleash', () => {
  const unleash = inject('unleash');
  const project = 'gateway-actors';
  const row = { project, type: 'feature-created', feature_name: 'actors', created_at: '2026-01-05T10:00:00Z' };

  it('goes by the name people know, can be filtered by it, and is told apart from tokens and the system', async () => {
    await control(unleash).createProject({ id: project });
    await control(unleash).insertEvents({
      rows: [
        { ...row, created_by: 'admin@example.com', created_by_user_id: 1 },
        { ...row, created_by: 'some-token', created_by_user_id: -42 },
        { ...row, created_by: 'unleash_system_user', created_by_user_id: -1337 },
      ],
    });
    await using gateway = await startGateway([
      { vendor: 'unleash', url: unleash.url, apiToken: unleash.adminToken, projects: [project] },
    ]);
    const query = (filter: string) =>
      gateway.query(
        `{ flagEvents(filter: { flagKeys: ["actors"] ${filter} }) { nodes { actor { name email kind } } } }`,
      );
    expect((await query('')).data).toEqual({
      flagEvents: {
        nodes: [
          { actor: { name: 'unleash_system_user', email: null, kind: 'SYSTEM' } },
          { actor: { name: 'some-token', email: null, kind: 'TOKEN' } },
          { actor: { name: 'admin', email: 'admin@example.com', kind: 'PERSON' } },
        ],
      },
    });
    const byName = await query('actors: ["Admin"]');
    expect(byName.data).toEqual({
      flagEvents: { nodes: [{ actor: { name: 'admin', email: 'admin@example.com', kind: 'PERSON' } }] },
    });
  });
});
