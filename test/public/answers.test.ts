import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const APP = 'https://app.example.com';
const LARGE = '{ flagEvents(first: 50) { nodes { id title occurredAt } } }';
const SMALL = '{ __typename }';
const HTML = { accept: 'text/html' };

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
  gzip: gunzipSync,
};

let gateway: PublicGateway;
beforeAll(async () => {
  gateway = await startPublicGateway({ env: { CORS_ORIGINS: APP } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** With the body as it was sent. */
async function send(path: string, headers: Record<string, string> = {}, query?: string) {
  const method = query === undefined ? 'GET' : 'POST';
  const type = query === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request({ host: '127.0.0.1', port: gateway.port, path, method, headers: { ...type, ...headers } });
  sent.end(query && JSON.stringify({ query }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await buffer(response);
  const encoding = response.headers['content-encoding'];
  const decoded = (encoding ? DECODERS[encoding]?.(body) : body)?.toString() ?? '';
  return { status: response.statusCode, headers: response.headers, bytes: body.length, encoding, decoded };
}

const ask = (query: string, headers: Record<string, string> = {}) => send('/graphql', headers, query);

describe('an answer', () => {
  it.for([
    ['zstd, of equal ones', 'gzip, deflate, br, zstd', 'zstd'],
    ['br', 'gzip, br', 'br'],
    ['gzip', 'gzip', 'gzip'],
    ['what the client prefers', 'zstd;q=0.5, gzip;q=0.9, br;q=0', 'gzip'],
    ['anything', '*', 'zstd'],
    ['anything but this', 'zstd;q=0, *', 'br'],
    ['no other than these', 'deflate, compress', undefined],
    ['none, as it is preferred', 'identity, gzip;q=0.5', undefined],
    ['none, as nothing is said', '', undefined],
  ] as const)('is compressed: %s', async ([, accepted, encoding]) => {
    const whole = await ask(LARGE);
    const sent = await ask(LARGE, { 'accept-encoding': accepted });
    expect([sent.encoding, sent.decoded]).toEqual([encoding, whole.decoded]);
    expect(sent.headers.vary).toMatch(/accept-encoding/);
    if (encoding) expect(sent.bytes).toBeLessThan(whole.bytes / 3);
    expect(Number(sent.headers['content-length'])).toBe(sent.bytes);
  });

  it('is sent as it is if it is small', async () => {
    expect(await ask(SMALL, { 'accept-encoding': 'zstd, br, gzip' })).toMatchObject({ encoding: undefined });
  });

  it('is sent part by part, not compressed, if it has several', async () => {
    const query = '{ flagEvents(first: 50) { nodes { id ... @defer { title occurredAt } } } }';
    const sent = await ask(query, { accept: 'multipart/mixed', 'accept-encoding': 'zstd, br, gzip' });
    expect([sent.encoding, sent.bytes > 2_000]).toEqual([undefined, true]);
  });

  it('is kept by no cache, whatever it says', async () => {
    const answers = [
      await ask(SMALL),
      await ask('{'),
      await ask('{ flagEvents(first: 1) { nodes { ... @defer { id } } } }', { accept: 'text/event-stream' }),
      await ask(SMALL, { accept: 'image/png' }),
      await send('/graphql?query=%7B__typename%7D', { 'graphql-require-preflight': '1' }),
      await send('/graphql?query=%7B__typename%7D'),
      await send('/live'),
    ];
    const isKept = ({ headers }: (typeof answers)[number]) =>
      !/private, no-store$/.test(headers['cache-control'] ?? '');
    expect(answers.filter(isKept)).toEqual([]);
  });

  it('differs by origin, and says so to whoever asks', async () => {
    for (const origin of [APP, 'https://stranger.example.com', undefined]) {
      const { headers } = await ask(SMALL, origin ? { origin } : {});
      expect(headers.vary?.toLowerCase().split(', ')).toContain('origin');
      expect(headers['access-control-allow-origin']).toBe(origin === APP ? APP : undefined);
    }
    await using closed = await startPublicGateway();
    expect((await closed.ask(SMALL)).headers.vary).toBeUndefined();
  });
});

describe('a page', () => {
  it.for([
    ['GraphiQL', '/graphql', 'query WhatChanged'],
    ['the schema reference', '/schema', 'LaunchDarklyFlagEvent'],
  ] as const)('is sent compressed, and a second time not at all: %s', async ([, path, content]) => {
    const first = await send(path, { ...HTML, 'accept-encoding': 'gzip, br, zstd' });
    expect(first).toMatchObject({ status: 200, encoding: 'zstd', decoded: expect.stringContaining(content) });
    expect(first.bytes).toBeLessThan(first.decoded.length / 3);
    expect(first.headers).toMatchObject({ 'cache-control': 'no-cache', etag: expect.any(String) });
    expect(first.headers.vary?.toLowerCase().split(', ')).toEqual(['accept', 'accept-encoding', 'origin']);
    const etag = String(first.headers.etag);
    for (const tags of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const second = await send(path, { ...HTML, 'accept-encoding': 'br', 'if-none-match': tags });
      expect([second.status, second.bytes, second.headers.etag]).toEqual([304, 0, etag]);
    }
    const changed = await send(path, { ...HTML, 'accept-encoding': 'br', 'if-none-match': '"other"' });
    expect([changed.status, changed.encoding, changed.decoded]).toEqual([200, 'br', first.decoded]);
    expect((await send(path, HTML)).decoded).toBe(first.decoded);
  });
});

describe('GET /', () => {
  it.for([
    ['GraphiQL', { TIMELINE: 'off' }, 302, './graphql'],
    ['the reference', { TIMELINE: 'off', GRAPHIQL: 'off' }, 302, './schema'],
    ['GraphiQL, in production', { NODE_ENV: 'production', GRAPHIQL: 'on' }, 302, './graphql'],
    ['what is there without a page', { NODE_ENV: 'production' }, 404, undefined],
  ] as const)('leads a browser to %s', async ([, env, status, location]) => {
    await using each = await startPublicGateway({ env });
    const sent = await each.request({ path: '/', headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect([sent.status, sent.headers.location]).toEqual([status, location]);
    expect(sent.body).toBe(location ? '' : 'Send GraphQL to /graphql by POST.\n');
  });

  it('is nothing to others', async () => {
    expect(await send('/')).toMatchObject({ status: 404, decoded: '' });
  });
});
