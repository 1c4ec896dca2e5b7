import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../src/edge/body.ts';
import { LIMITS } from '../../src/edge/limits.ts';
import { defaultTabs } from '../../src/edge/pages/graphiql.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

let gateway: PublicGateway;
beforeAll(async () => {
  gateway = await startPublicGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const repeat = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

/** Fields of an event inside fields, `depth` of them. */
const nested = (depth: number): string =>
  SHALLOW[depth] ?? `flag { events(first: 1) { nodes { ${nested(depth - 3)} } } }`;
const SHALLOW = ['', '__typename', 'source { __typename }', 'environment { project { __typename } }'];
const EXPERIMENTS = '... on LaunchDarklyFlagEvent { experiments { edges { node { iteration { id } } } } }';

const accepted: [what: string, query: string, variables?: unknown][] = [
  [
    'what GraphiQL asks of the schema',
    getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }),
  ],
  ...defaultTabs.map(({ query, variables = '{}' }): [string, string, unknown] => [
    'a tab of GraphiQL',
    query,
    JSON.parse(variables),
  ]),
  [
    'the experiments behind the events of a flag of an event',
    `{ flagEvents(first: 5) { edges { node { flag { events(first: 5) { edges { node { ${EXPERIMENTS} } } } } } } } }`,
  ],
  ['a batch of flags by key', `{ ${repeat(LIMITS.aliases, (index) => `f${index}: flag(key: "k${index}") { key }`)} }`],
  [
    'the last events of thirty flags',
    `{ ${repeat(30, (index) => `f${index}: flag(key: "k${index}") { events(first: 5) { nodes { title occurredAt } } }`)} }`,
  ],
  ['500 ids that are written out', `{ nodes(ids: [${repeat(500, () => '"RmVhdHVyZUZsYWc6YQ=="')}]) { id } }`],
  [
    'a full page of everything about an event',
    `query ($size: Int) { flagEvents(first: $size) { totalCount edges { cursor node {
      id occurredAt kind type title url flag { id key } project { key source { name } } environment { key project { key } }
      actor { name email kind } source { id name vendor url }
      ... on LaunchDarklyFlagEvent { impact { size percentage reason } ${EXPERIMENTS} }
      ... on UnleashFlagEvent { data preData changes { path before after } tags { type value } }
    } } pageInfo { hasNextPage endCursor } sources { source { name } status failure { code message } } } }`,
    { size: 100 },
  ],
];

const pageOfPages = 'nodes { flag { events(first: $size) { nodes { id title kind type occurredAt } } } }';
const refused: [what: string, code: string, query: string, variables?: unknown][] = [
  ['too many levels', 'QUERY_TOO_DEEP', `{ flagEvents { nodes { ${nested(LIMITS.depth - 1)} } } }`],
  [
    'too many levels in fragments',
    'QUERY_TOO_DEEP',
    `{ flagEvents { nodes { ...A } } } fragment A on FlagEvent { ${nested(6).replace('__typename', '...B')} } fragment B on FlagEvent { ${nested(6)} }`,
  ],
  [
    'too many aliases',
    'TOO_MANY_ALIASES',
    `{ ${repeat(LIMITS.aliases + 1, (index) => `f${index}: flag(key: "a") { id }`)} }`,
  ],
  [
    'too many aliases in fragments',
    'TOO_MANY_ALIASES',
    `{ ...A ...B } ${['A', 'B'].map((name) => `fragment ${name} on Query { ${repeat(30, (index) => `${name}${index}: flagSources { id }`)} }`).join(' ')}`,
  ],
  [
    'too many directives',
    'TOO_MANY_DIRECTIVES',
    `{ flagEvents { nodes { ${repeat(LIMITS.directives + 1, () => 'id @include(if: true)')} } } }`,
  ],
  ['too many words', 'TOO_MANY_TOKENS', `{ ${repeat(LIMITS.tokens, () => '__typename')} }`],
  ['pages of pages', 'QUERY_TOO_COMPLEX', `{ flagEvents(first: 100) { ${pageOfPages.replace('$size', '100')} } }`],
  [
    'pages of pages, by a variable',
    'QUERY_TOO_COMPLEX',
    `query ($size: Int) { flagEvents(first: $size) { ${pageOfPages} } }`,
    { size: 100 },
  ],
  [
    'pages of pages, by a default',
    'QUERY_TOO_COMPLEX',
    `query ($size: Int = 100) { flagEvents(first: $size) { ${pageOfPages} } }`,
  ],
  [
    'pages of pages, backwards',
    'QUERY_TOO_COMPLEX',
    `{ flagEvents(last: 100) { ${pageOfPages.replace('first: $size', 'last: 100')} } }`,
  ],
  [
    'pages of pages, in fragments',
    'QUERY_TOO_COMPLEX',
    `{ ...A } fragment A on Query { flagEvents(first: 100) { ...B } } fragment B on FlagEventConnection { ${pageOfPages.replace('$size', '100')} }`,
  ],
  [
    'lists of a source inside of lists',
    'QUERY_TOO_COMPLEX',
    '{ flagSources { projects { environments { project { source { projects { environments { key } } } } } } } }',
  ],
  [
    'fragments that multiply',
    'QUERY_TOO_COMPLEX',
    `{ ...A0 } ${repeat(20, (index) => `fragment A${index} on Query { ${repeat(20, () => `...A${index + 1}`)} }`)} fragment A20 on Query { flagSources { id } }`,
  ],
  [
    'parts in a long list',
    'QUERY_TOO_COMPLEX',
    `query ($f: [_Any!]!) { _entities(representations: $f) { ${repeat(49, () => '... on FeatureFlag @defer { key }')} } }`,
    { f: Array(1_000).fill({ __typename: 'FeatureFlag', key: 'a' }) },
  ],
  [
    'parts in a long list, in fragments that share one',
    'QUERY_TOO_COMPLEX',
    `query ($f: [_Any!]!) { _entities(representations: $f) { ${repeat(24, (index) => `...F${index}`)} } }
      ${repeat(24, (index) => `fragment F${index} on FeatureFlag { ...G @defer }`)} fragment G on FeatureFlag { key }`,
    { f: Array(1_000).fill({ __typename: 'FeatureFlag', key: 'a' }) },
  ],
  [
    'streams of long lists',
    'QUERY_TOO_COMPLEX',
    `query ($ids: [ID!]!) { ${repeat(3, (index) => `n${index}: nodes(ids: $ids) @stream { id }`)} }`,
    { ids: Array(500).fill('RmVhdHVyZUZsYWc6YQ==') },
  ],
  ['a schema many times', 'QUERY_TOO_COMPLEX', introspectedTimes(30)],
  ['equal fields many times, nested', 'QUERY_TOO_COMPLEX', `{ ${repeat(190, () => 'flagEvents { nodes { id } }')} }`],
  [
    'equal fields many times, in fragments',
    'QUERY_TOO_COMPLEX',
    `{ ${repeat(120, (index) => `...F${index}`)} } ${repeat(120, (index) => `fragment F${index} on Query { flagEvents { nodes { id } } }`)}`,
  ],
  ['a long alias', 'QUERY_TOO_COMPLEX', `{ flagEvents(first: 100) { nodes { ${'a'.repeat(101)}: id } } }`],
  [
    'long cursors in many edges',
    'ANSWER_TOO_LARGE',
    `query ($c: String) { ${repeat(50, (index) => `a${index}: flagEvents(first: 100, after: $c) { edges { cursor } }`)} }`,
    { c: 'e'.repeat(16_000) },
  ],
  [
    'long cursors in many edges, written out',
    'ANSWER_TOO_LARGE',
    `{ ${repeat(8, (index) => `a${index}: flagEvents(first: 100, after: "${'e'.repeat(16_000)}") { edges { cursor } }`)} }`,
  ],
  [
    'values of any size in many rows',
    'ANSWER_TOO_LARGE',
    `{ ${repeat(40, (index) => `a${index}: flagEvents(first: 100) { nodes { ... on UnleashFlagEvent { data preData } } }`)} }`,
  ],
  [
    'labels of parts, again and again',
    'ANSWER_TOO_LARGE',
    `{ flagEvents(first: 100) { nodes { ... @defer(label: "${'a'.repeat(200_000)}") { id } } } }`,
  ],
  [
    'empty pages of many objects',
    'QUERY_TOO_COMPLEX',
    `query ($f: [_Any!]!) { _entities(representations: $f) { ... on FeatureFlag { ${repeat(49, (index) => `a${index}: events(first: 0) { __typename }`)} } } }`,
    { f: Array(1_000).fill({ __typename: 'FeatureFlag', key: 'a' }) },
  ],
];

function introspectedTimes(count: number): string {
  const fields = 'types { ...FullType }';
  const fragments = getIntrospectionQuery().slice(getIntrospectionQuery().indexOf('fragment'));
  return `{ ${repeat(count, (index) => `a${index}: __schema { ${fields} }`)} } ${fragments}`;
}

describe('a query within bounds', () => {
  it.for(accepted)('is answered: %s', async ([, query, variables]) => {
    const { answer, code, status } = await gateway.ask(query, { variables });
    // Within bounds, but this client takes one answer only.
    if (query.includes('subscription ')) expect([status, code]).toEqual([406, 'NOT_ACCEPTABLE']);
    else expect([status, answer.errors]).toEqual([200, undefined]);
  });

  it('may be as deep as documented, and no deeper', async () => {
    const depths = await Promise.all(
      [LIMITS.depth, LIMITS.depth + 1].map((depth) =>
        gateway.ask(`{ flagEvents(first: 1) { nodes { ${nested(depth - 2)} } } }`),
      ),
    );
    expect(depths.map(({ code }) => code)).toEqual([undefined, 'QUERY_TOO_DEEP']);
  });
});

describe('a query out of bounds', () => {
  it.for(refused)(
    'is refused with one code and none of its words, and asks no upstream: %s',
    async ([, code, query, variables]) => {
      gateway.unleash.requests.length = 0;
      const { answer, status } = await gateway.ask(query, { variables });
      expect(status).toBe(400);
      expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual([code]);
      expect(answer.errors?.[0]?.message).toMatch(/^[A-Z][\w ,:]+\.$/);
      expect(answer.errors?.[0]?.message).not.toMatch(/flag[A-Z]|nodes|fragment/);
      expect(gateway.unleash.requests).toEqual([]);
    },
  );

  it('has the same code, and the status of old, for a client that knows only application/json', async () => {
    const { code, status } = await gateway.ask(refused[0]?.[2] ?? '', { headers: { accept: 'application/json' } });
    expect([status, code]).toEqual([200, 'QUERY_TOO_DEEP']);
  });

  it('names the limit of an answer’s size', async () => {
    const [, , query = '', variables] = refused.find(([, code]) => code === 'ANSWER_TOO_LARGE') ?? [];
    const { answer } = await gateway.ask(query, { variables });
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'ANSWER_TOO_LARGE', limit: LIMITS.answerBytes });
  });

  it('is judged anew for other variables', async () => {
    const query = `query Sized($size: Int) { flagEvents(first: $size) { ${pageOfPages} } }`;
    const codes = [];
    for (const size of [1, 100, 2, 99]) codes.push((await gateway.ask(query, { variables: { size } })).code);
    expect(codes).toEqual([undefined, 'QUERY_TOO_COMPLEX', undefined, 'QUERY_TOO_COMPLEX']);
  });

  it('is not hidden by a mistake beside it', async () => {
    const query = (first: number) =>
      `query ($key: String = "a") { flag(key: $key) { id } flagEvents(first: ${first}) { ${pageOfPages.replace('$size', '100')} } }`;
    const codes = [];
    for (const [first, variables] of [
      [100, {}],
      [100, { key: null }],
      [1, { key: null }],
      [1, {}],
    ] as const) {
      codes.push((await gateway.ask(query(first), { variables })).code);
    }
    expect(codes).toEqual(['QUERY_TOO_COMPLEX', 'BAD_USER_INPUT', 'BAD_USER_INPUT', undefined]);
  });

  it('leaves it to the argument to say that a page is too large', async () => {
    const { answer } = await gateway.ask('{ flagEvents(first: 2147483647) { nodes { id } } }');
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'first' });
  });
});

describe('a body', () => {
  const padded = (bytes: number) => JSON.stringify({ query: '{ __typename }' }).padEnd(bytes);
  const headers = { 'content-type': 'application/json' };

  it('may be as large as documented', async () => {
    const { status } = await gateway.request({ method: 'POST', headers, body: padded(MAX_BODY_BYTES) });
    expect(status).toBe(200);
  });

  it.for([
    ['with a length', headers],
    ['in chunks', { ...headers, 'transfer-encoding': 'chunked' }],
  ] as const)('is refused beyond that, %s', async ([, sent]) => {
    const { code, status } = await gateway.request({ method: 'POST', headers: sent, body: padded(MAX_BODY_BYTES + 1) });
    expect([status, code]).toEqual([413, 'REQUEST_ENTITY_TOO_LARGE']);
  });
});

describe('INTROSPECTION=off', () => {
  let closed: PublicGateway;
  beforeAll(async () => {
    closed = await startPublicGateway({ env: { INTROSPECTION: 'off' } });
  });
  afterAll(() => closed[Symbol.asyncDispose]());

  it.for<[string, string, unknown?]>([
    ['a field', '{ flagEvent { nodes { id } } }'],
    ['a field of a type', '{ flagEvents(first: 1) { nodes { titel } } }'],
    ['a field of one type among several', '{ flagEvents(first: 1) { nodes { data } } }'],
    ['a field without a selection', '{ flagEvents(first: 1) }'],
    ['an argument', '{ flagEvents(frist: 1) { nodes { id } } }'],
    ['a type', '{ flagEvents(first: 1) { nodes { ... on UnleashEvent { id } } } }'],
    ['a type of a variable', 'query ($f: FlagEventFilters) { flagEvents(filter: $f) { nodes { id } } }'],
    ['a value of an enum', '{ flagEvents(filter: { kinds: [CREATEDD] }) { nodes { id } } }'],
    ['a value of an enum, as text', '{ flagEvents(filter: { kinds: ["CREATED"] }) { nodes { id } } }'],
    ['a field of an input', '{ flagEvents(filter: { flagKey: "a" }) { nodes { id } } }'],
    ['a directive', '{ flagEvents(first: 1) @skipp(if: true) { nodes { id } } }'],
    [
      'a value of an enum, in a variable',
      'query ($f: FlagEventFilter) { flagEvents(filter: $f) { nodes { id } } }',
      { f: { kinds: ['CREATEDD'] } },
    ],
    [
      'a field of an input, in a variable',
      'query ($f: FlagEventFilter) { flagEvents(filter: $f) { nodes { id } } }',
      { f: { flagKey: 'a' } },
    ],
  ])('suggests nothing to who mistypes %s', async ([, query, variables]) => {
    const mistyped = await closed.ask(query, { variables });
    expect([mistyped.status, mistyped.body]).toEqual([400, expect.not.stringMatching(/did you mean/i)]);
    for (const { message } of mistyped.answer.errors ?? []) expect(message).toMatch(/[.!]$/);
  });

  it('hides the schema from everybody, in `_service`, too', async () => {
    const introspection = await closed.ask(getIntrospectionQuery());
    expect([introspection.status, introspection.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    for (const query of ['{ _service { sdl } }', '{ ...A } fragment A on Query { s: _service { sdl } }']) {
      const sdl = await closed.ask(query);
      expect([sdl.status, sdl.code]).toEqual([403, 'FORBIDDEN']);
    }
    expect((await closed.ask('{ flagEvents(first: 1) { nodes { __typename } } }')).status).toBe(200);
  });

  it('is the default in production only', async () => {
    for (const [env, status] of [
      [{}, 200],
      [{ NODE_ENV: 'production' }, 400],
      [{ NODE_ENV: 'production', INTROSPECTION: 'on' }, 200],
    ] as const) {
      await using each = await startPublicGateway({ env });
      expect((await each.ask('{ __schema { queryType { name } } }')).status).toBe(status);
    }
  });
});

describe('a message', () => {
  it('keeps its sentence when it holds several quotations', async () => {
    const { answer } = await gateway.ask('{ flagEvents { nodes { data } } }');
    expect(answer.errors?.[0]?.message).toBe(
      'Cannot query field "data" on type "FlagEvent". Did you mean to use an inline fragment on "UnleashFlagEvent"?',
    );
  });

  it('shortens each quotation that is long, and only those', async () => {
    const long = 'a'.repeat(41);
    const { answer } = await gateway.ask(`{ flagEvents { nodes { id(b: 1, ${long}: 2) } } }`);
    expect(answer.errors?.map(({ message }) => message)).toEqual([
      'Unknown argument "b" on field "FlagEvent.id".',
      'Unknown argument "…" on field "FlagEvent.id".',
    ]);
  });
});

describe('GRAPHIQL', () => {
  it.for([
    ['on by default', {}, 200],
    ['off on request', { GRAPHIQL: 'off' }, 406],
    ['off in production', { NODE_ENV: 'production' }, 406],
    ['on in production on request', { NODE_ENV: 'production', GRAPHIQL: 'on' }, 200],
  ] as const)('is %s', async ([, env, status]) => {
    await using each = await startPublicGateway({ env });
    const accept = { accept: 'text/html', 'graphql-require-preflight': '1' };
    expect((await each.request({ headers: accept, path: '/graphql?query=%7B__typename%7D' })).status).toBe(status);
  });
});
