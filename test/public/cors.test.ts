import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PublicGateway, type RequestOptions, startPublicGateway } from '../support/public-gateway.ts';

const APP = 'https://app.example.com';
const OTHER_APP = 'https://other-app.example.com';
const STRANGERS = [
  'https://stranger.example.com',
  `${APP}.stranger.com`,
  'http://app.example.com',
  `${APP}:8443`,
  'null',
];
const QUERY = '{ __typename }';
const GET = `/graphql?query=${encodeURIComponent(QUERY)}`;

/** Says whether a browser would let a page of this origin send the request, and read the answer. */
async function allows(gateway: PublicGateway, origin: string): Promise<{ send: boolean; read: boolean }> {
  const preflight = await gateway.request({
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-api-key',
    },
  });
  const answer = await gateway.ask(QUERY, { headers: { origin } });
  for (const { headers } of [preflight, answer]) expect(headers).not.toHaveProperty('access-control-allow-credentials');
  const named = ({ headers }: typeof answer) => headers['access-control-allow-origin'];
  expect(named(answer)).not.toBe('*');
  const asked = String(preflight.headers['access-control-allow-headers']).split(/, ?/);
  const isAllowed = ['content-type', 'x-api-key'].every((name) => asked.includes(name));
  return { send: preflight.status < 300 && named(preflight) === origin && isAllowed, read: named(answer) === origin };
}

describe('CORS_ORIGINS', () => {
  it.for([
    ['nobody unless it is set', {}, [], [APP, ...STRANGERS]],
    ['one origin', { CORS_ORIGINS: APP }, [APP], [OTHER_APP, ...STRANGERS]],
    ['several', { CORS_ORIGINS: `${APP}, ${OTHER_APP}` }, [APP, OTHER_APP], STRANGERS],
  ] as const)('lets the pages of these origins in: %s', async ([, env, allowed, refused]) => {
    await using gateway = await startPublicGateway({ env });
    for (const origin of allowed) expect(await allows(gateway, origin)).toEqual({ send: true, read: true });
    for (const origin of refused) expect(await allows(gateway, origin)).toEqual({ send: false, read: false });
  });

  it('lets them read a refusal too, and when to come back', async () => {
    await using gateway = await startPublicGateway({
      env: { CORS_ORIGINS: APP, API_KEYS: 'canary-key-of-the-first', RATE_LIMIT_PER_MINUTE: '1' },
    });
    const [refused, limited] = [
      await gateway.ask(QUERY, { headers: { origin: APP } }),
      await gateway.ask(QUERY, { headers: { origin: APP } }),
    ];
    for (const { headers } of [refused, limited]) expect(headers['access-control-allow-origin']).toBe(APP);
    expect([refused.status, limited.status]).toEqual([401, 429]);
    expect(limited.headers['access-control-expose-headers']).toContain('retry-after');
  });
});

const form = `query=${encodeURIComponent(QUERY)}`;
const json = JSON.stringify({ query: QUERY });
const bare: [what: string, request: RequestOptions][] = [
  ['a link or an image', { path: GET }],
  ['a form', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form }],
  [
    'a form that says it is JSON below',
    { method: 'POST', headers: { 'content-type': 'text/plain; application/json' }, body: json },
  ],
  ['a form of plain text', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: json }],
  [
    'a form with files',
    { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' },
  ],
  ['a beacon', { method: 'POST', headers: { 'content-type': 'TEXT/PLAIN;charset=UTF-8' }, body: json }],
  ['a body of no type', { method: 'POST', body: json }],
];
const asked: [what: string, request: RequestOptions][] = [
  ...['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name', 'x-graphql-yoga-csrf'].map(
    (name): [string, RequestOptions] => [`a GET with ${name}`, { path: GET, headers: { [name]: '1' } }],
  ),
  ['a GET with a content type', { path: GET, headers: { 'content-type': 'application/json' } }],
  ['JSON', { method: 'POST', headers: { 'content-type': 'application/json' }, body: json }],
  [
    'a form with a header',
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'graphql-require-preflight': '1' },
      body: form,
    },
  ],
];

describe('without authentication, on this machine,', () => {
  let gateway: PublicGateway;
  beforeAll(async () => {
    gateway = await startPublicGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.for(bare)('what any web page can send unasked is refused: %s', async ([, request]) => {
    const refused = await gateway.request(request);
    expect([refused.status, refused.code]).toEqual([403, 'FORBIDDEN']);
  });

  it.for(asked)('what a browser asks for first is answered: %s', async ([, request]) => {
    expect(await gateway.request(request)).toMatchObject({ status: 200, answer: { data: { __typename: 'Query' } } });
  });

  it('a page that made its own host name point here is refused', async () => {
    for (const host of ['stranger.example.com', `localhost.stranger.com:${gateway.port}`, '127.0.0.1.stranger.com']) {
      const refused = await gateway.ask(QUERY, { headers: { host } });
      expect([host, refused.status, refused.code]).toEqual([host, 403, 'FORBIDDEN']);
    }
    for (const host of [`localhost:${gateway.port}`, 'LOCALHOST', '127.0.0.1', `[::1]:${gateway.port}`]) {
      expect((await gateway.ask(QUERY, { headers: { host } })).status).toBe(200);
    }
  });
});

describe('with authentication', () => {
  it('a GET needs no more than the credentials, which are a header of their own, by any host name', async () => {
    const key = 'canary-key-of-the-first';
    await using gateway = await startPublicGateway({ env: { API_KEYS: key } });
    const headers = { 'x-api-key': key, host: 'gateway.example.com' };
    expect(await gateway.request({ path: GET, headers })).toMatchObject({ status: 200 });
    expect(await gateway.request({ path: GET })).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('with ALLOW_ANONYMOUS', () => {
  it('any host name is answered, and what a page can send unasked is refused as ever', async () => {
    await using gateway = await startPublicGateway({ env: { ALLOW_ANONYMOUS: 'true', HOST: '0.0.0.0' } });
    const headers = { host: 'gateway.example.com' };
    expect((await gateway.ask(QUERY, { headers })).status).toBe(200);
    expect((await gateway.request({ path: GET, headers })).status).toBe(403);
  });
});
