import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startGateway, type TestGateway } from '../support/gateway.ts';

const SECRET = 'known-to-the-supergraph-only';
const ASKED_BY_GATEWAYS: [string, string][] = [
  ['_service', '{ _service { sdl } }'],
  ['_entities', '{ _entities(representations: [{ __typename: "FeatureFlag", key: "a" }]) { __typename } }'],
  ['an alias', '{ harmless: _service { sdl } }'],
  ['a fragment', '{ ...Some } fragment Some on Query { ... { ...More } } fragment More on Query { _service { sdl } }'],
  ['one field among others', '{ flagSources { name } _service { sdl } }'],
];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway([], { federation: { secret: SECRET } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('with a secret, what only gateways ask', () => {
  it.for(ASKED_BY_GATEWAYS)('is refused as a whole without it: %s', async ([, query]) => {
    const answer = await gateway.query(query);
    expect(answer.data ?? null).toBeNull();
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['FORBIDDEN']);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  it.for<[string, Record<string, string>]>([
    ['x-subgraph-secret', { 'x-subgraph-secret': SECRET }],
    ['authorization', { authorization: `Bearer ${SECRET}` }],
    ['x-subgraph-secret beside somebody’s authorization', { 'x-subgraph-secret': SECRET, authorization: 'Bearer x' }],
  ])('is answered to who shows it as %s', async ([, headers]) => {
    for (const [, query] of ASKED_BY_GATEWAYS) {
      expect((await ask(gateway.url, query, {}, headers)).errors).toBeUndefined();
    }
  });

  it.for<[string, Record<string, string>]>([
    ['half of it', { 'x-subgraph-secret': SECRET.slice(0, -1) }],
    ['more than it', { 'x-subgraph-secret': `${SECRET}x` }],
    ['nothing', { 'x-subgraph-secret': '' }],
    ['it, by another scheme', { authorization: `Basic ${SECRET}` }],
    ['it, with no scheme', { authorization: SECRET }],
  ])('is refused to who shows %s', async ([, headers]) => {
    const answer = await ask(gateway.url, '{ _service { sdl } }', {}, headers);
    expect(answer.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('has the HTTP status that says so', async () => {
    const { status } = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
    });
    expect(status).toBe(403);
  });

  it('is all that is kept from others', async () => {
    expect(await gateway.query('{ flag(key: "a") { key } }')).toEqual({ data: { flag: { key: 'a' } } });
  });
});

describe('without a secret, what only gateways ask', () => {
  it('is answered to anyone', async () => {
    await using open = await startGateway([]);
    for (const [, query] of ASKED_BY_GATEWAYS) expect((await open.query(query)).errors).toBeUndefined();
  });
});
