import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import { connect as connectTo, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProxiedFetch, proxyFor } from '../../src/http/proxy.ts';
import { selfSigned } from './self-signed.ts';
import { ask, budget, close, connect, failureOf, json, listen, startVendor } from './vendor.ts';

// Node trusts this one for the time of this file.
const trusted = getCACertificates();
beforeAll(() => setDefaultCACertificates([...trusted, selfSigned.cert]));
afterAll(() => setDefaultCACertificates(trusted));

describe('a URL', () => {
  const HTTP = 'http://proxy.example:3128';
  const HTTPS = 'http://secure.example:3129';

  it.for<[string, string, string | undefined]>([
    ['https://app.launchdarkly.com', '', HTTPS],
    ['http://unleash.example', '', HTTP],
    ['https://unleash.example', 'other.example', HTTPS],
    ['https://unleash.example', 'other.example, unleash.example', undefined],
    ['https://unleash.example', 'UNLEASH.example', undefined],
    ['https://eu.unleash.example', 'unleash.example', undefined],
    ['https://eu.unleash.example', '.unleash.example other.example', undefined],
    ['https://eu.unleash.example', '*.unleash.example', undefined],
    ['https://myunleash.example', 'unleash.example', HTTPS],
    ['https://unleash.example', '*', undefined],
    ['https://unleash.example', 'unleash.example:443', undefined],
    ['https://unleash.example:4242', 'unleash.example:443', HTTPS],
    ['http://[fd00::1]:4242', 'fd00::1', undefined],
    ['http://[fd00::1]:4242', '[fd00::1]:4242', undefined],
    ['http://10.0.0.1:4242', '10.0.0.1', undefined],
    ['http://localhost:4242', '', undefined],
    ['http://127.0.0.1:4242', '', undefined],
    ['https://[::1]:4242', '', undefined],
  ])('%s with NO_PROXY=%s goes by %s', ([url, noProxy, proxy]) => {
    const settings = { httpProxy: HTTP, httpsProxy: HTTPS, noProxy };
    expect(proxyFor(new URL(url), settings)?.origin).toBe(proxy);
  });

  it('goes directly without a proxy for its protocol', () => {
    expect(proxyFor(new URL('https://unleash.example'), { httpProxy: HTTP })).toBeUndefined();
    expect(proxyFor(new URL('https://unleash.example'), {})).toBeUndefined();
  });

  it('goes by a proxy that is written without http://', () => {
    expect(proxyFor(new URL('http://unleash.example'), { httpProxy: 'proxy:3128' })?.href).toBe('http://proxy:3128/');
  });
});

// A name that only the proxy knows: what arrives came through it.
describe('a vendor behind a proxy', () => {
  it('is reached by http:// as a whole URL', async () => {
    await using vendor = await startVendor();
    await using proxy = await startProxy(vendor.url);
    await using upstream = connect(new URL('http://vendor.test/base'), { proxy: { httpProxy: proxy.href } });
    expect(await ask(upstream, { query: new URLSearchParams({ a: '1' }) })).toEqual({ ok: true });
    expect(proxy.seen).toEqual(['GET http://vendor.test/base/events?a=1 Basic dXNlcjpwYXNz']);
  });

  it('is reached by https:// through a tunnel, of which the proxy sees no more than the host', async () => {
    await using vendor = await startVendor(json({ ok: true }), { isSecure: true });
    await using proxy = await startProxy(vendor.url);
    await using upstream = connect(new URL('https://vendor.test'), { proxy: { httpsProxy: proxy.href } });
    expect(await ask(upstream)).toEqual({ ok: true });
    expect(proxy.seen).toEqual(['CONNECT vendor.test:443 Basic dXNlcjpwYXNz']);
  });

  it.for(['http', 'https'] as const)('that does not let %s through is told apart', async (protocol) => {
    await using proxy = await startProxy(new URL('http://127.0.0.1:9'), { isClosed: true });
    const settings = { httpProxy: proxy.href, httpsProxy: proxy.href };
    await using upstream = connect(new URL(`${protocol}://vendor.test`), { proxy: settings });
    const failure = await failureOf(ask(upstream, { isProbe: true }));
    expect(failure.message).toBe('A vendor could not be reached: the proxy did not let the gateway through.');
  });

  it('is waited for until the deadline, and keeps no connection of the pool then', async () => {
    await using vendor = await startVendor(json({ ok: true }), { isSecure: true });
    await using proxy = await startProxy(vendor.url, { silentFor: 1 });
    const settings = { httpsProxy: proxy.href };
    await using upstream = connect(new URL('https://vendor.test'), { proxy: settings, connections: 1 });
    expect(await failureOf(ask(upstream, { budget: budget({ ms: 100 }) }))).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    await expect.poll(() => proxy.open()).toBe(0);
    expect(await ask(upstream)).toEqual({ ok: true });
  });

  it('is reached by fetch too', async () => {
    await using vendor = await startVendor(json({ keys: [] }), { isSecure: true });
    await using proxy = await startProxy(vendor.url);
    const proxied = createProxiedFetch({ httpsProxy: proxy.href });
    const response = await proxied('https://vendor.test/jwks', {
      headers: new Headers({ accept: 'application/json' }),
      redirect: 'manual',
      signal: AbortSignal.timeout(5_000),
    });
    expect([response.status, await response.json()]).toEqual([200, { keys: [] }]);
    expect(proxy.seen).toHaveLength(1);
  });
});

interface StartedProxy extends AsyncDisposable {
  href: string;
  seen: string[];
  open(): number;
}

/** Whatever it is asked for, it asks `target`. */
async function startProxy(target: URL, { isClosed = false, silentFor = 0 } = {}): Promise<StartedProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const note = (method = '', url = '', authorization = '') => seen.push(`${method} ${url} ${authorization}`);
  const server = createServer(({ headers, method, url = '' }, response) => {
    note(method, url, headers['proxy-authorization']);
    if (isClosed) return void response.writeHead(407).end();
    const { pathname, search } = new URL(url);
    send(new URL(pathname + search, target), { headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on('connect', async ({ headers, method, url }, socket: Socket) => {
    note(method, url, headers['proxy-authorization']);
    if (isClosed) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    if (seen.length <= silentFor) return void socket.resume().on('end', () => socket.destroy());
    const tunnel = connectTo(Number(target.port), target.hostname);
    tunnel.on('error', () => socket.destroy());
    socket.on('close', () => tunnel.destroy());
    await once(tunnel, 'connect');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    tunnel.pipe(socket).pipe(tunnel);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    href: `http://user:pass@127.0.0.1:${port}`,
    seen,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await close(server);
    },
  };
}
