import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PublicGateway, type RequestOptions, startPublicGateway } from '../support/public-gateway.ts';

const KEY = 'canary-key-of-the-first';
const HEADERS = { 'x-api-key': KEY, 'content-type': 'application/json', accept: 'application/graphql-response+json' };

let gateway: PublicGateway;
const unhandled = vi.fn<(reason: unknown) => void>();
beforeAll(async () => {
  process.on('unhandledRejection', unhandled);
  gateway = await startPublicGateway({ env: { API_KEYS: KEY, RATE_LIMIT_PER_MINUTE: '0' } });
});
afterAll(async () => {
  process.off('unhandledRejection', unhandled);
  await gateway[Symbol.asyncDispose]();
});
afterEach(async () => {
  const { answer, status } = await gateway.ask('{ flagEvents(first: 2) { nodes { __typename } } }', {
    headers: HEADERS,
  });
  expect([status, answer]).toEqual([
    200,
    { data: { flagEvents: { nodes: [{ __typename: 'UnleashFlagEvent' }, { __typename: 'UnleashFlagEvent' }] } } },
  ]);
  expect(gateway.lines().filter(({ level }) => level !== 'info')).toEqual([]);
  expect(unhandled).not.toHaveBeenCalled();
});

/** One of several codes, where it depends on the state of the process which limit is met first. */
type Case = [what: string, status: number, code: string | readonly string[] | undefined, request: RequestOptions];

const post = (body: string, headers: Record<string, string> = {}): RequestOptions => ({
  method: 'POST',
  headers: { ...HEADERS, ...headers },
  body,
});
const query = (document: string, variables?: unknown) => post(JSON.stringify({ query: document, variables }));
const get = (search: string): RequestOptions => ({ path: `/graphql?${search}`, headers: HEADERS });
const field = (name: string, value: string): Case => [
  `a ${name} that is none`,
  200,
  'BAD_USER_INPUT',
  query(`{ flagEvents(${name}: ${JSON.stringify(value)}) { nodes { id } } }`),
];
const deep = (open: string, close: string, count = 50_000) => open.repeat(count) + close.repeat(count);

const bodies: Case[] = [
  ['nothing', 400, 'BAD_REQUEST', post('')],
  ['no JSON', 400, 'BAD_REQUEST', post('{"query": "{ __typename }"')],
  ['null', 400, 'BAD_REQUEST', post('null')],
  ['a number', 400, 'BAD_REQUEST', post('4')],
  ['an empty list', 400, 'BAD_REQUEST', post('[]')],
  ['a batch', 400, 'BAD_REQUEST', post('[{"query":"{ __typename }"},{"query":"{ __typename }"}]')],
  ['an empty object', 400, 'BAD_REQUEST', post('{}')],
  ['a query that is a list', 400, 'BAD_REQUEST', post('{"query":["{ __typename }"]}')],
  ['a query that is empty', 400, 'GRAPHQL_PARSE_FAILED', post('{"query":""}')],
  ['variables that are a list', 400, 'BAD_REQUEST', post('{"query":"{ __typename }","variables":[1]}')],
  ['variables that are text', 400, 'BAD_REQUEST', post('{"query":"{ __typename }","variables":"{}"}')],
  ['extensions that are text', 400, 'BAD_REQUEST', post('{"query":"{ __typename }","extensions":"x"}')],
  ['a parameter nobody knows', 400, 'BAD_REQUEST', post('{"query":"{ __typename }","canary":1}')],
  ['a prototype', 400, 'BAD_REQUEST', post('{"query":"{ __typename }","__proto__":{"query":"x"}}')],
  ['bytes that are no UTF-8', 400, 'BAD_REQUEST', post('\u00ff\u00fe{}', { 'content-type': 'application/json' })],
  ['lists in lists', 400, 'BAD_REQUEST', post(deep('[', ']'))],
  ['variables that are deep', 200, undefined, post(`{"query":"{ __typename }","variables":{"a":${deep('[', ']')}}}`)],
  ['much of it', 413, 'REQUEST_ENTITY_TOO_LARGE', post(`{"query":"${'a'.repeat(300_000)}"}`)],
  ['a compressed body', 400, 'BAD_REQUEST', post('\u001f\u008b', { 'content-encoding': 'gzip' })],
];

const types: Case[] = [
  ['text', 415, 'UNSUPPORTED_MEDIA_TYPE', post('{ __typename }', { 'content-type': 'text/plain' })],
  ['XML', 415, 'UNSUPPORTED_MEDIA_TYPE', post('<a/>', { 'content-type': 'application/xml' })],
  ['files', 415, 'UNSUPPORTED_MEDIA_TYPE', post('--x--', { 'content-type': 'multipart/form-data; boundary=x' })],
  [
    'something that begins like JSON',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    post('{}', { 'content-type': 'application/jsonp' }),
  ],
  ['an answer nobody can give', 406, undefined, post('{"query":"{ __typename }"}', { accept: 'image/png' })],
  ['PUT', 405, 'BAD_REQUEST', { method: 'PUT', headers: HEADERS, body: '{}' }],
  ['DELETE', 405, 'BAD_REQUEST', { method: 'DELETE', headers: HEADERS }],
  ['TRACE', 405, 'BAD_REQUEST', { method: 'PATCH', headers: HEADERS, body: '{}' }],
  ['another path', 404, undefined, { path: '/graphql/../../etc/passwd', headers: HEADERS }],
  ['a path below', 404, undefined, { path: '/graphql/canary', headers: HEADERS }],
  ['a path with a NUL', 404, undefined, { path: '/%00', headers: HEADERS }],
  ['a path that is malformed', 404, undefined, { path: '/%E0%A4%A', headers: HEADERS }],
];

const documents: Case[] = [
  ['cut short', 400, 'GRAPHQL_PARSE_FAILED', query('{ flagEvents')],
  ['with a NUL', 400, 'GRAPHQL_PARSE_FAILED', query('{ __typename\u0000 }')],
  ['of half a surrogate pair', 400, 'GRAPHQL_PARSE_FAILED', query('{ \ud800 }')],
  ['of a string without end', 400, 'GRAPHQL_PARSE_FAILED', query(`{ flag(key: "${'canary'.repeat(1_000)}`)],
  ['of braces', 400, 'GRAPHQL_PARSE_FAILED', query('{'.repeat(100_000))],
  // The parser runs out of stack before or after it has counted the tokens, as it has been optimised or not.
  ['of lists in lists', 400, ['QUERY_TOO_DEEP', 'TOO_MANY_TOKENS'], query(`{ flag(key: ${deep('[', ']')}) { id } }`)],
  [
    'of hundreds of aliases',
    400,
    'TOO_MANY_ALIASES',
    query(`{ ${many(300, (index) => `a${index}: __schema { __typename }`)} }`),
  ],
  ['of ten thousand fields', 400, 'TOO_MANY_TOKENS', query(`{ ${many(10_000, () => '__typename')} }`)],
  [
    'nested deeply',
    400,
    'QUERY_TOO_DEEP',
    query(`{ flag(key: "a") { ${'events { nodes { flag { '.repeat(100)} id ${'} } } '.repeat(100)} } }`),
  ],
  [
    'nested as deeply as words allow',
    400,
    'QUERY_TOO_DEEP',
    query(`{ flag(key: "a") { ${'events { nodes { flag { '.repeat(210)} id ${'} } } '.repeat(210)} } }`),
  ],
  [
    'of the schema, nested deeply',
    400,
    'GRAPHQL_VALIDATION_FAILED',
    query(`{ __schema { types { ${'fields { type { '.repeat(50)} name ${'} } '.repeat(50)} } } }`),
  ],
  [
    'of fragments in circles',
    400,
    'GRAPHQL_VALIDATION_FAILED',
    query('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
  ],
  [
    'of a field that is not there, of great length',
    400,
    'GRAPHQL_VALIDATION_FAILED',
    query(`{ ${'canary'.repeat(30_000)} }`),
  ],
  ['without an operation', 400, 'OPERATION_RESOLUTION_FAILURE', query('fragment A on Query { __typename }')],
  ['of two operations', 400, 'OPERATION_RESOLUTION_FAILURE', query('query A { __typename } query B { __typename }')],
  ['of a mutation', 400, 'GRAPHQL_VALIDATION_FAILED', query('mutation { drop }')],
  ['of a subscription', 400, 'GRAPHQL_VALIDATION_FAILED', query('subscription { flagEvents { id } }')],
  ['of a type definition', 400, 'GRAPHQL_VALIDATION_FAILED', query('{ __typename } type Query { canary: ID }')],
  ['that defers without end', 400, 'TOO_MANY_DIRECTIVES', query(`{ ${many(60, () => '... @defer { __typename }')} }`)],
];

const values: Case[] = [
  field('after', 'canary'),
  field('before', 'e30'),
  field('after', 'a'.repeat(100_000)),
  ['an id that is none', 200, 'BAD_USER_INPUT', query('{ node(id: "canary") { id } }')],
  ['an id that is empty', 200, 'BAD_USER_INPUT', query('{ node(id: "") { id } }')],
  [
    'an id of great length',
    200,
    'BAD_USER_INPUT',
    query('query ($id: ID!) { node(id: $id) { id } }', { id: 'a'.repeat(200_000) }),
  ],
  [
    'too many ids',
    200,
    'BAD_USER_INPUT',
    query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(501).fill('a') }),
  ],
  ['a page that is too large', 200, 'BAD_USER_INPUT', query('{ flagEvents(first: 2147483647) { nodes { id } } }')],
  [
    'a variable of the wrong type',
    400,
    'BAD_USER_INPUT',
    query('query ($n: Int) { flagEvents(first: $n) { nodes { id } } }', { n: 'canary'.repeat(20) }),
  ],
  ['a variable that is missing', 400, 'BAD_USER_INPUT', query('query ($id: ID!) { node(id: $id) { id } }')],
  [
    'a hundred bad variables',
    400,
    'BAD_USER_INPUT',
    query('query ($f: FlagEventFilter) { flagEvents(filter: $f) { nodes { id } } }', {
      f: { kinds: Array(100).fill('canary'.repeat(20)) },
    }),
  ],
  [
    'a filter that nests its own prototype',
    400,
    'BAD_USER_INPUT',
    post(
      '{"query":"query ($f: FlagEventFilter) { flagEvents(filter: $f) { nodes { id } } }","variables":{"f":{"__proto__":{"flagKeys":["a"]},"constructor":1}}}',
    ),
  ],
  [
    'entities of types nobody knows',
    200,
    expect.any(String),
    query('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
      r: [{ __typename: 'FeatureFlag', id: 'canary' }, { __typename: 'Canary' }, { __typename: '__proto__' }],
    }),
  ],
  [
    'an entity without a type',
    200,
    expect.any(String),
    query('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', { r: [{}] }),
  ],
];

const searches: Case[] = [
  ['nothing', 400, 'BAD_REQUEST', get('')],
  ['variables that are no JSON', 400, 'BAD_REQUEST', get('query={__typename}&variables={canary')],
  ['extensions that are no JSON', 400, 'BAD_REQUEST', get('query={__typename}&extensions=canary')],
  ['a mutation', 405, 'BAD_REQUEST', get('query=mutation{drop}')],
  ['a malformed escape', 400, 'GRAPHQL_PARSE_FAILED', get('query=%E0%A4%A')],
];

const credentials: Case[] = [
  ['none', 401, 'UNAUTHENTICATED', { ...post('{}'), headers: { 'content-type': 'application/json' } }],
  ['a wrong key', 401, 'UNAUTHENTICATED', post('{}', { 'x-api-key': 'canary-key' })],
  [
    'a token without a signature',
    401,
    'UNAUTHENTICATED',
    post('{}', { 'x-api-key': '', authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }),
  ],
  ['a key of ten thousand characters', 401, 'UNAUTHENTICATED', post('{}', { 'x-api-key': 'a'.repeat(10_000) })],
  ['a malformed scheme', 401, 'UNAUTHENTICATED', post('{}', { 'x-api-key': '', authorization: 'Bearer' })],
];

const groups = {
  body: bodies,
  kind: types,
  document: documents,
  value: values,
  search: searches,
  credential: credentials,
};
const all = Object.entries(groups).flatMap(([group, cases]) =>
  cases.map((each) => [`${group}: ${each[0]}`, each] as const),
);

describe('a hostile request', () => {
  it.for(all)('gets its status and its code, and the process goes on: %s', async ([, [, status, code, request]]) => {
    const answered = await gateway.request(request);
    expect(answered.status).toBe(status);
    if (Array.isArray(code)) expect(code).toContain(answered.code);
    else expect(answered.code).toEqual(code);
    expect(answered.body).not.toMatch(/node_modules|\.ts:|\.js:|\\n +at /);
    expect(answered.body.length).toBeLessThan(20_000);
  });

  it.for<[string, string, RegExp]>([
    ['no HTTP at all', '\u0016\u0003\u0001', /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a length and chunks',
      'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
      /^HTTP\/1\.1 400 /,
    ],
    ['headers of great length', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['no host', 'GET /live HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
  ])('is ended by the server when it is no HTTP: %s', async ([, sent, expected]) => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(sent);
    expect(await text(socket)).toMatch(expected);
  });

  it('costs no upstream call if nobody could read the answer', async () => {
    gateway.unleash.requests.length = 0;
    const query = JSON.stringify({ query: '{ flagEvents { nodes { id } } }' });
    expect((await gateway.request(post(query, { accept: 'text/html' }))).status).toBe(406);
    expect(gateway.unleash.requests).toEqual([]);
  });

  it('does no harm when a thousand come at once', async () => {
    const requests = Array.from({ length: 1_000 }, (_, index) => all[index % all.length]?.[1] as Case);
    const answered = await Promise.all(
      requests.map(async ([, status, , request]) => [status, (await gateway.request(request)).status]),
    );
    expect(answered.filter(([expected, status]) => expected !== status)).toEqual([]);
  });
});

function many(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(' ');
}
