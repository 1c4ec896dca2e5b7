import { createServer, request as send } from 'node:http';
import { connect } from 'node:net';
import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../src/edge/authentication.ts';
import { listen } from '../support/gateway.ts';
import { AUDIENCE, bearer, claims, ISSUER, jwtSettings, type KeyPair, startKeyServer } from '../support/issuer.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const QUERY = '{ flagEvents(first: 1) { nodes { __typename } } }';
const KEYS = ['canary-key-of-the-first', 'canary-key-of-the-second'];
/** A forward proxy that takes every host for the one behind `target`, so that no name has to be known to DNS. */
async function startForwardProxy(target: string) {
  const { hostname, port } = new URL(target);
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const path = new URL(incoming.url ?? '').pathname;
    send({ hostname, port, path, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on('connect', ({ method, url }, socket) => {
    asked.push(`${method} ${url}`);
    const tunnel = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const end of [socket, tunnel]) end.on('error', () => {});
    socket.pipe(tunnel).pipe(socket);
  });
  const url = await listen(server);
  return {
    url,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe('with API_KEYS', () => {
  let gateway: PublicGateway;
  beforeAll(async () => {
    gateway = await startPublicGateway({ env: { API_KEYS: KEYS.join(', ') } });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.for<[string, Record<string, string>]>([
    ['as a bearer', bearer(KEYS[0] ?? '')],
    ['as a bearer, however it is spelled', { authorization: `bearer  ${KEYS[1]}` }],
    ['in its own header', { 'x-api-key': KEYS[1] ?? '' }],
    ['beside something else', { 'x-api-key': KEYS[0] ?? '', authorization: 'Basic dTpw' }],
  ])('a key admits: %s', async ([, headers]) => {
    expect((await gateway.ask(QUERY, { headers })).status).toBe(200);
  });

  it.for<[string, Record<string, string>]>([
    ['none', {}],
    ['an empty one', { 'x-api-key': '' }],
    ['an unknown one', { 'x-api-key': 'canary-key-of-nobody' }],
    ['the beginning of one', { 'x-api-key': KEYS[0]?.slice(0, -1) ?? '' }],
    ['one with more behind it', bearer(`${KEYS[0]}x`)],
    ['both in one', { 'x-api-key': KEYS.join(', ') }],
    ['one in capitals', { 'x-api-key': KEYS[0]?.toUpperCase() ?? '' }],
    ['one as basic credentials', { authorization: `Basic ${Buffer.from(`${KEYS[0]}:`).toString('base64')}` }],
    ['no scheme', { authorization: KEYS[0] ?? '' }],
    ['a token, where no issuer is configured', bearer('e30.e30.e30')],
  ])('anything else does not, before the body is read: %s', async ([, headers]) => {
    gateway.unleash.requests.length = 0;
    const refused = await gateway.request({
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{',
    });
    expect([refused.status, refused.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(gateway.unleash.requests).toEqual([]);
  });

  it('a key is needed for the schema too, but not for health or the page of GraphiQL', async () => {
    expect((await gateway.ask('{ __schema { queryType { name } } }')).status).toBe(401);
    for (const [path, accept] of [
      ['/live', '*/*'],
      ['/ready', '*/*'],
      ['/graphql', 'text/html'],
    ] as const) {
      expect((await gateway.request({ path, headers: { accept } })).status).toBe(200);
    }
  });

  it('no key in the query string admits', async () => {
    const path = `/graphql?query=${encodeURIComponent(QUERY)}&api_key=${KEYS[0]}&x-api-key=${KEYS[0]}`;
    expect((await gateway.request({ path })).status).toBe(401);
  });
});

describe('with an issuer of tokens', () => {
  const pairs: Record<string, [string, KeyPair]> = {};
  let keyServer: Awaited<ReturnType<typeof startKeyServer>>;
  let gateway: PublicGateway;
  beforeAll(async () => {
    for (const [kid, alg] of [
      ['rsa', 'RS256'],
      ['ec', 'ES256'],
      ['ed', 'EdDSA'],
    ] as const) {
      pairs[kid] = [alg, await generateKeyPair(alg, { extractable: true })];
    }
    keyServer = await startKeyServer(pairs);
    gateway = await startPublicGateway({ env: { ...jwtSettings(keyServer.url), API_KEYS: KEYS.join() } });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await keyServer[Symbol.asyncDispose]();
  });

  function sign(payload: JWTPayload, kid = 'rsa'): Promise<string> {
    const [alg, pair] = pairs[kid] ?? [];
    if (!alg || !pair) throw new Error(`There is no key ${kid}`);
    return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(pair.privateKey);
  }

  it.for(['rsa', 'ec', 'ed'])('a token signed by one of its keys admits: %s', async (kid) => {
    expect((await gateway.ask(QUERY, { headers: bearer(await sign(claims(), kid)) })).status).toBe(200);
  });

  it('a token for several audiences admits if this is one of them', async () => {
    const token = await sign(claims({ aud: ['elsewhere', AUDIENCE] }));
    expect((await gateway.ask(QUERY, { headers: bearer(token) })).status).toBe(200);
  });

  it('an API key admits as well', async () => {
    expect((await gateway.ask(QUERY, { headers: { 'x-api-key': KEYS[0] ?? '' } })).status).toBe(200);
  });

  const ago = Math.floor(Date.now() / 1000) - 3600;
  it.for<[string, () => Promise<string>]>([
    ['expired', () => sign(claims({ exp: ago }))],
    ['not valid yet', () => sign(claims({ nbf: ago + 7200 }))],
    ['that never expires', () => sign(claims({ exp: undefined }))],
    ['of nobody', () => sign(claims({ sub: undefined }))],
    ['of somebody without a name', () => sign(claims({ sub: '' }))],
    ['of somebody whose name is blank', () => sign(claims({ sub: ' ' }))],
    ['of somebody whose name is no text', () => sign(claims({ sub: {} as never }))],
    ['of another issuer', () => sign(claims({ iss: 'https://other.example.com/' }))],
    ['for another audience', () => sign(claims({ aud: 'elsewhere' }))],
    ['for no audience', () => sign(claims({ aud: undefined }))],
    [
      'signed by a key that is not published',
      async () =>
        new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
          .sign((await generateKeyPair('RS256')).privateKey),
    ],
    [
      'that names a key nobody knows',
      async () =>
        new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256', kid: 'other' })
          .sign((await generateKeyPair('RS256')).privateKey),
    ],
    [
      'signed with the public key as a shared secret',
      async () => {
        const [, pair] = pairs.rsa ?? [];
        if (!pair) throw new Error('There is no key');
        const secret = new TextEncoder().encode(await exportSPKI(pair.publicKey));
        return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(secret);
      },
    ],
    ['without a signature', async () => `${encode({ alg: 'none' })}.${encode(claims())}.`],
    [
      'whose claims were changed',
      async () => (await sign(claims())).replace(/\.[^.]+\./, `.${encode(claims({ sub: 'admin' }))}.`),
    ],
    ['that is none', async () => 'a.b.c'],
    ['of enormous length', async () => `${'a'.repeat(6_000)}.b.c`],
  ])('a token does not admit: one %s', async ([, make]) => {
    const refused = await gateway.ask(QUERY, { headers: bearer(await make()) });
    expect([refused.status, refused.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('the keys are fetched once for all tokens', () => {
    expect(keyServer.state.requests).toBe(1);
  });
});

describe('with an issuer whose keys cannot be fetched', () => {
  it('a token is not called wrong: 503, and in the log; an API key admits as ever', async () => {
    await using keyServer = await startKeyServer({});
    keyServer.state.status = 500;
    await using gateway = await startPublicGateway({ env: { ...jwtSettings(keyServer.url), API_KEYS: KEYS.join() } });
    const pair = await generateKeyPair('RS256');
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(pair.privateKey);
    const refused = await gateway.ask(QUERY, { headers: bearer(token) });
    expect([refused.status, refused.code]).toEqual([503, 'AUTHENTICATION_UNAVAILABLE']);
    expect(gateway.lines().filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({
        msg: 'the keys to verify tokens cannot be fetched',
        requestId: refused.headers['x-request-id'],
      }),
    ]);
    expect((await gateway.ask(QUERY, { headers: { 'x-api-key': KEYS[0] ?? '' } })).status).toBe(200);
  });
});

describe('an outage of the issuer', () => {
  const keyPair = generateKeyPair('RS256');
  const bad = async () => {
    const { privateKey } = await keyPair;
    return new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(privateKey);
  };

  it('is remembered: eighty tokens ask for the keys once, and are counted by address', async () => {
    await using keyServer = await startKeyServer({});
    keyServer.state.status = 500;
    await using gateway = await startPublicGateway({
      env: { ...jwtSettings(keyServer.url), API_KEYS: KEYS.join(), RATE_LIMIT_PER_MINUTE: '60' },
    });
    const headers = bearer(await bad());
    const statuses: number[] = [];
    while (statuses.length < 80) statuses.push((await gateway.ask(QUERY, { headers })).status);
    expect(statuses).toEqual([...Array(60).fill(503), ...Array(20).fill(429)]);
    expect(keyServer.state.requests).toBe(1);
    expect(gateway.lines().filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect((await gateway.ask(QUERY, { headers: { 'x-api-key': KEYS[0] ?? '' } })).status).toBe(200);
  });

  it('costs a good token nothing of what its address may try', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    await using keyServer = await startKeyServer({ rsa: ['RS256', pair] });
    await using gateway = await startPublicGateway({
      env: { ...jwtSettings(keyServer.url), RATE_LIMIT_PER_MINUTE: '2' },
    });
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(pair.privateKey);
    const tries = [token, 'a.b.c', 'a.b.c', 'a.b.c', token, token];
    const statuses = [];
    for (const each of tries) statuses.push((await gateway.ask(QUERY, { headers: bearer(each) })).status);
    expect(statuses).toEqual([200, 401, 401, 429, 200, 429]);
  });
});

describe('behind a proxy', () => {
  it('the keys of an issuer are fetched through it, once', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    await using keyServer = await startKeyServer({ rsa: ['RS256', pair] });
    await using proxy = await startForwardProxy(keyServer.url);
    const jwksUrl = new URL('http://issuer.example.com/jwks.json');
    const authenticate = createAuthenticator({
      apiKeys: [],
      jwt: { issuer: ISSUER, audience: AUDIENCE, jwksUrl },
      proxy: { httpsProxy: '', httpProxy: proxy.url, noProxy: 'localhost' },
    });
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(pair.privateKey);
    for (const _time of [1, 2]) {
      expect(await authenticate?.(new Headers(bearer(token)))).toMatchObject({ name: 'subject canary-subject' });
    }
    expect(proxy.asked).toEqual([`GET ${jwksUrl}`]);
  });

  it('HTTPS_PROXY is what the gateway asks for the host of JWT_JWKS_URL', async () => {
    await using keyServer = await startKeyServer({});
    await using proxy = await startForwardProxy(keyServer.url);
    await using gateway = await startPublicGateway({
      env: { ...jwtSettings('https://issuer.example.com/jwks.json'), HTTPS_PROXY: proxy.url },
    });
    const pair = await generateKeyPair('RS256');
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(pair.privateKey);
    // What is behind the tunnel speaks no TLS.
    expect((await gateway.ask(QUERY, { headers: bearer(token) })).code).toBe('AUTHENTICATION_UNAVAILABLE');
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT issuer.example.com:443']));
  });
});

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
