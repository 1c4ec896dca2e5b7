import { createServer as createNetServer } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { CallReport } from '../../src/http/upstream.ts';
import { type Cache, createMemoryCache } from '../../src/store/cache.ts';
import {
  ask,
  budget,
  close,
  connect,
  createTestClock,
  failureOf,
  json,
  listen,
  type Respond,
  startVendor,
} from './vendor.ts';

const FOREVER = () => Number.POSITIVE_INFINITY;

describe('a budget', () => {
  it('is spent by every HTTP request, tries included, and then nothing is asked', async () => {
    await using vendor = await startVendor(json({}, { status: 500 }));
    await using upstream = connect(vendor.url);
    const own = budget({ calls: 3 });
    expect(await failureOf(ask(upstream, { budget: own }))).toMatchObject({ status: 500 });
    expect(await failureOf(ask(upstream, { budget: own }))).toMatchObject({ status: 500 });
    expect(await failureOf(ask(upstream, { budget: own }))).toMatchObject({
      code: 'UPSTREAM_CALLS_SPENT',
      message: 'A vendor was not asked: this request has used up its upstream calls.',
    });
    expect([own.calls.made, vendor.requests.length, upstream.isHealthy()]).toEqual([3, 3, true]);
  });

  it('says how long an answer may take: nothing ends sooner', { timeout: 15_000 }, async () => {
    await using vendor = await startVendor((response) => setTimeout(() => json({ ok: true })(response), 10_500));
    await using upstream = connect(vendor.url);
    expect(await ask(upstream, { budget: budget({ ms: 14_000 }) })).toEqual({ ok: true });
  });

  it('ends a connection that is not made in time, which keeps no place in the pool', async () => {
    let open = 0;
    const silent = createNetServer((socket) => {
      open += 1;
      socket.resume().on('close', () => {
        open -= 1;
      });
    });
    const url = new URL(`https://127.0.0.1:${await listen(silent)}`);
    await using upstream = connect(url, { connections: 1 });
    for (let call = 0; call < 3; call += 1) {
      const startedAt = performance.now();
      const failure = await failureOf(ask(upstream, { path: `/${call}`, budget: budget({ ms: 100 }) }));
      expect(failure).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
      expect(performance.now() - startedAt).toBeLessThan(400);
      await expect.poll(() => open).toBe(0);
    }
    await close(silent);
  });

  it('ends a body that drips', async () => {
    await using vendor = await startVendor((response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
    });
    await using upstream = connect(vendor.url);
    expect(await failureOf(ask(upstream, { budget: budget({ ms: 100 }) }))).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  });

  it('of a caller who has gone ends with that, not with a failure of the vendor', async () => {
    await using vendor = await startVendor(() => {});
    await using upstream = connect(vendor.url);
    const own = budget();
    const failure = failureOf(ask(upstream, { budget: own }));
    own.leave();
    expect((await failure).name).toBe('AbortError');
  });
});

describe('what cannot be reached', () => {
  const closedPort = async () => {
    const server = createNetServer();
    const port = await listen(server);
    await close(server);
    return new URL(`http://127.0.0.1:${port}`);
  };

  it.for<[string, () => Promise<URL>, string, RegExp]>([
    ['because nobody listens', closedPort, 'the connection was refused', /ECONNREFUSED/],
    [
      'because there is no such host',
      async () => new URL('http://nowhere.invalid'),
      'its name was not found',
      /ENOTFOUND|EAI_AGAIN/,
    ],
  ])('%s is told apart, with nothing secret', async ([, find, reason, code]) => {
    const url = await find();
    await using upstream = connect(url);
    const failure = await failureOf(ask(upstream, { isProbe: true }));
    expect(failure).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: `A vendor could not be reached: ${reason}.`,
      status: undefined,
    });
    expect((failure.cause as NodeJS.ErrnoException).code).toMatch(code);
    expect(failure.message).not.toContain(url.hostname);
  });

  it('because its certificate is nobody’s is told apart', async () => {
    await using vendor = await startVendor(json({}), { isSecure: true });
    await using upstream = connect(vendor.url);
    const failure = await failureOf(ask(upstream, { isProbe: true }));
    expect(failure.message).toBe('A vendor could not be reached: its certificate was not accepted.');
    expect(failure.cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('because it speaks no TLS is told apart', async () => {
    await using vendor = await startVendor();
    await using upstream = connect(new URL(vendor.url.href.replace('http:', 'https:')));
    expect((await failureOf(ask(upstream, { isProbe: true }))).message).toBe(
      'A vendor could not be reached: no secure connection could be made.',
    );
  });

  it.for<[string, Respond, string]>([
    ['hangs up', (response) => response.socket?.destroy(), 'could not be reached: the connection was closed.'],
    [
      'hangs up in the middle',
      (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
        setTimeout(() => response.socket?.destroy(), 20);
      },
      'could not be reached: the connection was closed.',
    ],
    [
      'speaks no HTTP',
      (response) => response.socket?.end('SSH-2.0\r\n'),
      'could not be reached: it does not speak HTTP.',
    ],
  ])('because it %s is told apart', async ([, respond, message]) => {
    await using vendor = await startVendor(respond);
    await using upstream = connect(vendor.url);
    expect(await failureOf(ask(upstream, { isProbe: true }))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: `A vendor ${message}`,
    });
  });
});

describe('an answer that is no use', () => {
  it.for<[string, Respond, object]>([
    [
      '401',
      json({}, { status: 401 }),
      { code: 'UPSTREAM_REJECTED', message: "A vendor refused the gateway's credentials (401).", status: 401 },
    ],
    [
      '403',
      json({}, { status: 403 }),
      { code: 'UPSTREAM_REJECTED', message: "A vendor does not let the gateway's token read this (403).", status: 403 },
    ],
    [
      '302',
      json({}, { status: 302, headers: { location: 'http://127.0.0.1:9/' } }),
      { code: 'UPSTREAM_UNAVAILABLE', message: 'A vendor answered with status 302.' },
    ],
    [
      'of another shape',
      json('text'),
      {
        code: 'UPSTREAM_UNAVAILABLE',
        status: 200,
        message: "A vendor answered with something that is not its API's JSON.",
      },
    ],
    [
      'no JSON',
      (response) => response.end('<html>'),
      { status: 200, message: "A vendor answered with something that is not its API's JSON." },
    ],
  ])('%s is said as what it is', async ([, respond, failure]) => {
    await using vendor = await startVendor(respond);
    await using upstream = connect(vendor.url);
    expect(await failureOf(ask(upstream))).toMatchObject(failure);
    expect(vendor.requests).toHaveLength(1);
  });
});

describe('an answer that is too large', () => {
  const large = JSON.stringify({ text: 'x'.repeat(10_000) });

  it.for<[string, Respond]>([
    ['and says so', (response) => response.writeHead(200, { 'content-length': large.length }).end(large)],
    [
      'and does not say so',
      (response) => {
        for (let part = 0; part < large.length; part += 1_000) response.write(large.slice(part, part + 1_000));
        response.end();
      },
    ],
    [
      'once it is decompressed',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(large)),
    ],
  ])('%s can be told from others, and is not asked for again', async ([, respond]) => {
    await using vendor = await startVendor(respond);
    await using upstream = connect(vendor.url, { maxResponseBytes: 5_000 });
    expect(await failureOf(ask(upstream))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'A vendor sent more than the gateway reads.',
      isTooLarge: true,
    });
    expect([vendor.requests.length, upstream.isHealthy()]).toEqual([1, true]);
  });
});

describe('an answer that is compressed although nobody asked', () => {
  const text = JSON.stringify({ ok: 'schön' });

  it.for<[string, Buffer]>([
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['deflate, gzip', gzipSync(deflateSync(text))],
    ['identity', Buffer.from(text)],
  ])('with %s is read', async ([encoding, body]) => {
    await using vendor = await startVendor((response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    await using upstream = connect(vendor.url);
    expect(await ask(upstream)).toEqual({ ok: 'schön' });
  });

  it.for<[string, string, Buffer]>([
    ['badly', 'gzip', Buffer.from('1f8b0800', 'hex')],
    ['not at all', 'br', Buffer.from(text)],
    ['in a way that is not known', 'compress', Buffer.from(text)],
    ['too often', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(text)))],
  ])('%s is not its API’s', async ([, encoding, body]) => {
    await using vendor = await startVendor((response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    await using upstream = connect(vendor.url);
    expect(await failureOf(ask(upstream))).toMatchObject({ status: 200, code: 'UPSTREAM_UNAVAILABLE' });
    expect(vendor.requests).toHaveLength(1);
  });
});

describe('an answer that is remembered', () => {
  it('is given again as it is, for as long as it holds', async () => {
    await using vendor = await startVendor();
    await using upstream = connect(vendor.url, { pageCacheMs: 60_000 });
    const first = await ask(upstream, { maxAgeMs: FOREVER });
    expect(await ask(upstream, { maxAgeMs: FOREVER })).toBe(first);
    await ask(upstream, { path: '/other', maxAgeMs: () => 0 });
    await ask(upstream, { path: '/other', maxAgeMs: () => 0 });
    await ask(upstream);
    expect(vendor.requests).toEqual(['/events', '/other', '/other', '/events']);
  });

  it('of one source is never another’s, though both ask the same of the same cache', async () => {
    await using one = await startVendor(json({ of: 'one' }));
    await using two = await startVendor(json({ of: 'two' }));
    const cache = createMemoryCache({ maxBytes: 1_000 });
    await using first = connect(one.url, { source: 'unleash', pageCacheMs: 60_000, cache });
    await using second = connect(two.url, { source: 'unleash-eu', pageCacheMs: 60_000, cache });
    const answers = [await ask(first, { maxAgeMs: FOREVER }), await ask(second, { maxAgeMs: FOREVER })];
    expect(answers).toEqual([{ of: 'one' }, { of: 'two' }]);
  });

  it('nowhere, because the cache fails or hangs, costs no answer', async () => {
    await using vendor = await startVendor();
    const fail = async () => {
      throw new Error('down');
    };
    const failing: Cache = { get: fail, set: fail };
    const hanging: Cache = { get: async () => undefined, set: () => new Promise(() => {}) };
    for (const cache of [failing, hanging]) {
      await using upstream = connect(vendor.url, { pageCacheMs: 60_000, cache });
      expect(await ask(upstream, { maxAgeMs: FOREVER })).toEqual({ ok: true });
    }
  });
});

describe('a report', () => {
  it('is made of every HTTP request, without its query', async () => {
    await using vendor = await startVendor((response, number) =>
      number === 1 ? json({}, { status: 500 })(response) : json({ ok: true })(response),
    );
    const reports: CallReport[] = [];
    await using upstream = connect(vendor.url, { onCall: (report) => reports.push(report) });
    await ask(upstream, { query: new URLSearchParams({ text: 'ada@example.com' }) });
    const call = { source: 'a', part: 'web/production', path: '/events', durationMs: expect.any(Number) };
    expect(reports).toEqual([
      { ...call, status: 500, outcome: 'failed', error: expect.objectContaining({ status: 500 }) },
      { ...call, status: 200, outcome: 'ok', error: undefined },
    ]);
  });

  it.for<[CallReport['outcome'], Respond, ms?: number]>([
    ['rate_limited', json({}, { status: 429, headers: { 'retry-after': '60' } })],
    ['rejected', json({}, { status: 401 })],
    ['rejected', json({}, { status: 403 })],
    ['failed', json({}, { status: 404 })],
    ['unreadable', json({}, { headers: { 'content-encoding': 'unheard-of' } })],
    ['unreadable', (response) => void response.writeHead(200).write('{', () => response.destroy())],
    ['unanswered', (response) => void response.destroy()],
    ['timed_out', () => {}, 50],
    ['given_up', () => {}],
  ])('says how it ended: %s', async ([outcome, respond, ms = 2_000]) => {
    await using vendor = await startVendor(respond);
    const reports: CallReport[] = [];
    await using upstream = connect(vendor.url, { onCall: (report) => reports.push(report) });
    const own = budget({ ms });
    const asked = failureOf(ask(upstream, { budget: own, isProbe: true }));
    if (outcome === 'given_up') await vi.waitUntil(() => vendor.requests.length > 0).then(own.leave);
    await asked;
    await vi.waitUntil(() => reports.length > 0);
    expect(reports.map((report) => report.outcome)).toEqual([outcome]);
  });

  it('is made of each time that a call is tried again, and of what is under way', async () => {
    await using vendor = await startVendor((response, number) => {
      if (number < 3) json({}, { status: 503, headers: { 'retry-after': '0' } })(response);
    });
    const retries: string[] = [];
    const clock = createTestClock();
    await using upstream = connect(vendor.url, { clock, connections: 1, onRetry: (source) => retries.push(source) });
    const own = budget();
    const asked = [ask(upstream, { budget: own }), ask(upstream, { budget: own, path: '/others' })].map(failureOf);
    await vi.waitUntil(() => vendor.requests.length === 3);
    expect(retries.length).toBeGreaterThan(0);
    expect(new Set(retries)).toEqual(new Set(['a']));
    await vi.waitUntil(() => upstream.traffic().active === 1);
    expect(upstream.traffic()).toEqual({ active: 1, waiting: 1, brokenParts: 0 });
    own.leave();
    await Promise.all(asked);
    expect(upstream.traffic()).toEqual({ active: 0, waiting: 0, brokenParts: 0 });
  });
});

describe('a vendor below a path', () => {
  it('is asked below it, with the headers of the source and of the request', async () => {
    const seen: unknown[] = [];
    await using vendor = await startVendor((response, _number, { headers, url }) => {
      seen.push([url, headers.authorization, headers['ld-api-version'], headers.accept]);
      json({ ok: true })(response);
    });
    await using upstream = connect(new URL('/instance/', vendor.url), { headers: { authorization: 'token' } });
    await ask(upstream, { path: '/api', headers: { 'ld-api-version': 'beta' } });
    expect(seen).toEqual([['/instance/api', 'token', 'beta', 'application/json']]);
  });
});

describe('a request with a body', () => {
  it('is a POST of JSON, one and the same only as one with the same body', async () => {
    const bodies: string[] = [];
    await using vendor = await startVendor(async (response, _number, request) => {
      const text = await readText(request);
      bodies.push(`${request.method} ${request.headers['content-type']} ${text}`);
      json({ text })(response);
    });
    await using upstream = connect(vendor.url, { pageCacheMs: 60_000 });
    const search = (body: unknown) => ask(upstream, { body, maxAgeMs: FOREVER });
    const answers = await Promise.all([search([1]), search([2]), search([1])]);
    expect(answers).toEqual([{ text: '[1]' }, { text: '[2]' }, { text: '[1]' }]);
    expect(await search([2])).toEqual({ text: '[2]' });
    expect(bodies.toSorted()).toEqual(['POST application/json [1]', 'POST application/json [2]']);
  });
});

describe('a shutdown', () => {
  it('ends what is on its way and what waits, at once', async () => {
    await using vendor = await startVendor(() => {});
    const upstream = connect(vendor.url, { connections: 1 });
    const calls = ['/a', '/b'].map((path) => failureOf(ask(upstream, { path })));
    await expect.poll(() => vendor.requests.length).toBe(1);
    const closedAt = performance.now();
    await upstream.close();
    expect((await Promise.all(calls)).map(({ name }) => name)).toEqual(['UpstreamError', 'UpstreamError']);
    expect(performance.now() - closedAt).toBeLessThan(300);
  });
});
