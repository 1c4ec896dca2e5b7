import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { codeLabel, operationLabel, statusLabel } from '../../src/observe/labels.ts';
import { createPrometheus } from '../../src/observe/prometheus.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { listen } from '../support/gateway.ts';
import { collect, type GatewayProcess, root, run, started, type Variables } from '../support/gateway-process.ts';
import { parseSamples, type Sample, scrape, seriesIn, sumOf } from '../support/scrape.ts';
import { subscribe } from '../support/subscribe.ts';

const PAGE =
  'query Page($after: String) { flagEvents(first: 2, after: $after) { nodes { id } pageInfo { endCursor } } }';

describe('the metrics', () => {
  it('are off by default, and then nothing of them is loaded', async () => {
    const names = `import { registerHooks } from 'node:module'; import { writeSync } from 'node:fs';
      registerHooks({ load(url, context, next) { if (/prom-client|prometheus|opentelemetry/.test(url)) writeSync(2, url); return next(url, context); } });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(names)}`;
    await using gateway = await started(run({ NODE_OPTIONS }, { folder: tmpdir() }));
    expect(gateway.output()).not.toContain('/metrics');
    expect(gateway.errors()).not.toMatch(/prom-client|prometheus|opentelemetry/);
  });

  it('count what clients ask and vendors answer, and can be parsed, under load', async () => {
    await using gateway = await start();
    const clients = Array.from({ length: 20 }, async (_, client) => {
      for (let number = 0; number < 10; number += 1) await gateway.ask(PAGE, { after: null, client, number });
    });
    const scrapes: Sample[][] = [];
    for (let number = 0; number < 5; number += 1) scrapes.push(await gateway.scrape());
    await Promise.all(clients);
    await gateway.ask('{ nothing }');
    const samples = await gateway.until((all) => (countOf(all) ?? 0) === 201);
    const ofRequests = 'http_server_request_duration_seconds_count';
    expect(sumOf(samples, ofRequests, { graphql_operation_type: 'query', http_response_status_code: '200' })).toBe(201);
    expect(sumOf(samples, 'flag_events_request_errors_total', { code: 'GRAPHQL_VALIDATION_FAILED' })).toBe(1);
    const calls = sumOf(samples, 'http_client_request_duration_seconds_count', { source: 'unleash', outcome: 'ok' });
    expect(calls).toBe(gateway.unleash.requests.length);
    expect(sumOf(samples, 'flag_events_source_healthy', { source: 'unleash' })).toBe(1);
    expect(sumOf(samples, 'v8js_memory_heap_used_bytes')).toBeGreaterThan(1e6);
    expect(sumOf(samples, 'nodejs_eventloop_delay_p99_seconds')).toBeGreaterThanOrEqual(0);
    for (const one of scrapes) expect(countOf(one) ?? 0).toBeLessThanOrEqual(201);
  });

  it('have no time series more, whatever hostile clients send', async () => {
    await using gateway = await start({ API_KEYS: 'key-of-the-only-client' });
    const key = { 'x-api-key': 'key-of-the-only-client' };
    const attack = async (seed: string) => {
      const hostile = `hostile_${seed}`;
      const queries = [
        `query ${hostile} { __typename }`,
        `{ ${hostile} }`,
        `{ ${hostile}`,
        `subscription ${hostile} { ${hostile} }`,
        `mutation ${hostile} { ${hostile} }`,
        `{ flagEvents(filter: { sources: ["${hostile}"], flagKeys: ["${hostile}"] }) { nodes { id } } }`,
        `{ flagEvents(first: 1, after: "${hostile}") { nodes { id } } }`,
        `{ node(id: "${hostile}") { id } }`,
      ];
      for (const query of queries) {
        await gateway.ask(query, { [hostile]: hostile }, { ...key, 'user-agent': hostile, traceparent: hostile });
      }
      await gateway.ask(`{ __typename }`, {}, { 'x-api-key': hostile });
      await gateway.ask(`{ __typename }`, {}, { ...key, accept: hostile });
      await gateway.ask(`{ __typename }`, {}, { ...key, 'content-type': hostile });
      for (const method of ['PUT', 'DELETE', 'PROPFIND', 'GET']) {
        await fetch(`${gateway.url}?query=${hostile}`, { method, headers: key }).then((answer) => answer.text());
        await fetch(new URL(`/${hostile}`, gateway.url), { method, headers: key }).then((answer) => answer.text());
      }
    };
    await attack('first');
    const before = await gateway.settled();
    for (let number = 0; number < 20; number += 1) await attack(`again_${number}`);
    const after = await gateway.settled();
    expect(countOf(after)).toBeGreaterThan((countOf(before) ?? 0) * 15);
    expect([...seriesIn(after)].filter((series) => !seriesIn(before).has(series))).toEqual([]);
    expect(JSON.stringify(after)).not.toContain('hostile');
    expect(seriesIn(after).size).toBeLessThan(500);
  });

  it('tell how a vendor fails: outcomes, retries, the circuit breaker and the feeds that could not be read', async () => {
    await using gateway = await start();
    await gateway.ask(PAGE);
    gateway.unleash.faults.always({ kind: 'status', status: 503 });
    for (let number = 0; number < 5; number += 1) await gateway.ask(PAGE, { number });
    const samples = await gateway.settled();
    const unleash = { source: 'unleash' };
    const failed = { ...unleash, outcome: 'failed', http_response_status_code: '503' };
    const calls = sumOf(samples, 'http_client_request_duration_seconds_count', failed) ?? 0;
    expect(calls).toBeGreaterThan(5);
    expect(sumOf(samples, 'flag_events_upstream_retries_total', unleash)).toBe((calls * 2) / 3);
    expect(sumOf(samples, 'flag_events_circuit_breaker_open_parts', unleash)).toBe(1);
    expect(sumOf(samples, 'flag_events_source_healthy', unleash)).toBe(0);
    const unavailable = { ...unleash, code: 'UPSTREAM_UNAVAILABLE' };
    expect(sumOf(samples, 'flag_events_feed_failures_total', unavailable)).toBe(5);
    expect(sumOf(samples, 'flag_events_request_errors_total', { code: 'UPSTREAM_UNAVAILABLE' })).toBe(5);
  });

  it('tell what is left of a vendor’s rate limit', async () => {
    await using gateway = await start();
    gateway.unleash.faults.always({ kind: 'rate-limited', retryAfterSeconds: 30 });
    await gateway.ask(PAGE);
    const samples = await gateway.settled();
    expect(sumOf(samples, 'flag_events_rate_limit_remaining', { source: 'unleash' })).toBe(0);
    expect(sumOf(samples, 'http_client_request_duration_seconds_count', { outcome: 'rate_limited' })).toBeGreaterThan(
      0,
    );
  });

  it('tell what is remembered of settled history', async () => {
    await using gateway = await start();
    const { data } = (await gateway.ask('{ flagEvents(first: 20) { pageInfo { endCursor } } }')) as never;
    const after = (data as { flagEvents: { pageInfo: { endCursor: string } } }).flagEvents.pageInfo.endCursor;
    for (let number = 0; number < 3; number += 1) await gateway.ask(PAGE, { after, number });
    const samples = await gateway.settled();
    expect(sumOf(samples, 'flag_events_history_reads_total', { source: 'unleash', result: 'miss' })).toBe(1);
    expect(sumOf(samples, 'flag_events_history_reads_total', { source: 'unleash', result: 'hit' })).toBe(2);
    expect(sumOf(samples, 'flag_events_history_size_bytes')).toBeGreaterThan(1_000);
    expect(sumOf(samples, 'flag_events_history_limit_bytes')).toBe(64 * 1024 * 1024);
  });

  it('tell of subscribers, of late and unreadable events, and how long ago a feed was polled', async () => {
    await using gateway = await start({ POLL_INTERVAL_MS: '1000' });
    const isLag = (all: readonly Sample[]) => sumOf(all, 'flag_events_poll_lag_seconds', { feed: 'unleash' });
    expect(isLag(await gateway.scrape())).toBeUndefined();
    const document = 'subscription { flagEventsAdded { nodes { id } cursor isCaughtUp } }';
    await using subscribed = await subscribe(gateway, document);
    await subscribed.until(({ answers }) => answers.length > 0);
    const now = Date.now();
    gateway.unleash.insert({ type: 'feature-created', createdAtMicros: now * 1_000 });
    await subscribed.until(({ answers }) => answers.length > 1);
    gateway.unleash.faults.next(1, { kind: 'wrong-types' });
    gateway.unleash.insert({ type: 'feature-created', createdAtMicros: (now - 5_000) * 1_000 });
    await subscribed.until(({ answers }) => answers.length > 2);
    const samples = await gateway.scrape();
    expect(sumOf(samples, 'flag_events_subscribers')).toBe(1);
    expect(isLag(samples)).toBeLessThan(4);
    expect(sumOf(samples, 'flag_events_late_events_total', { source: 'unleash' })).toBe(1);
    expect(sumOf(samples, 'flag_events_skipped_events_total', { source: 'unleash' })).toBeGreaterThan(0);
    gateway.unleash.faults.always({ kind: 'status', status: 503 });
    await gateway.until((all) => (isLag(all) ?? 0) > 4);
  });

  it('count webhooks, and say when the latest was accepted', async () => {
    using prometheus = createPrometheus({ sources: ['unleash'] });
    prometheus.hook('unleash', 'refused');
    const last = 'flag_events_webhook_last_accepted_timestamp_seconds';
    expect(sumOf(parseSamples(await prometheus.print()), last)).toBeUndefined();
    prometheus.hook('unleash', 'accepted');
    prometheus.hook('hostile', 'refused');
    const samples = parseSamples(await prometheus.print());
    expect(sumOf(samples, last, { source: 'unleash' })).toBeCloseTo(Date.now() / 1000, -1);
    const hooks = samples.filter(({ name }) => name === 'flag_events_webhooks_total');
    expect(hooks.map(({ labels, value }) => [labels.source, labels.outcome, value])).toEqual([
      ['unleash', 'accepted', 1],
      ['unleash', 'refused', 1],
      ['other', 'refused', 1],
    ]);
  });

  it('know every code that the gateway gives to an error', () => {
    const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !/sandbox/.test(file));
    const text = files.map((file) => readFileSync(`${root}${file}`, 'utf8')).join('\n');
    const codes = new Set([...text.matchAll(/\bcode: '([A-Z_]+)'/g)].map(([, code = '']) => code));
    expect(codes.size).toBeGreaterThan(15);
    expect([...codes].filter((code) => codeLabel(code) === 'other')).toEqual([]);
    expect([codeLabel('HOSTILE'), operationLabel({ type: 'HOSTILE' }), statusLabel(299)]).toEqual([
      'other',
      'other',
      'other',
    ]);
  });
});

describe('the listener for metrics', () => {
  it('serves one path, by GET, and no host name of others on this machine', async () => {
    await using gateway = await start();
    const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;
    const other = new URL('/graphql', gateway.metricsUrl).href;
    expect(await status(gateway.metricsUrl)).toBe(200);
    expect(await status(`${gateway.metricsUrl}?name=a`)).toBe(200);
    expect(await status(gateway.metricsUrl, { method: 'POST' })).toBe(405);
    expect(await status(other)).toBe(404);
    expect(await status(new URL('/metrics', gateway.url).href)).toBe(404);
    const response = await fetch(gateway.metricsUrl);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('ends with the process', async () => {
    await using gateway = await start();
    const stopped = once(gateway.child, 'exit');
    gateway.child.kill('SIGTERM');
    expect(await stopped).toEqual([0, null]);
    await expect(fetch(gateway.metricsUrl)).rejects.toThrow();
  });

  it('stops the start if its port is taken', async () => {
    const server = createServer();
    const { port } = new URL(await listen(server));
    const child = run({ METRICS_PORT: port }, { folder: tmpdir() });
    const [output, errors] = [collect(child.stdout), collect(child.stderr)];
    const [code] = await once(child, 'close');
    server.close();
    expect({ code, output: output(), errors: errors() }).toEqual({
      code: 1,
      output: '',
      errors: 'The settings cannot be used:\n  - METRICS_PORT: is taken: set it to another port\n',
    });
  });

  it('lets the process end that cannot listen on its own port', async () => {
    const server = createServer();
    const { port } = new URL(await listen(server));
    const child = run({ METRICS_PORT: '0', PORT: port }, { folder: tmpdir() });
    const errors = collect(child.stderr);
    const [code] = await once(child, 'close');
    server.close();
    expect([code, errors()]).toEqual([1, 'The port is taken: set PORT to another one.\n']);
  });
});

interface Measured extends GatewayProcess {
  metricsUrl: string;
  unleash: UnleashSandbox;
  ask(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<unknown>;
  scrape(): Promise<Sample[]>;
  until(isEnough: (samples: readonly Sample[]) => boolean): Promise<Sample[]>;
  /** Once the responses so far have been counted. */
  settled(): Promise<Sample[]>;
}

async function start(variables: Variables = {}): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const unleash = stack.use(await startUnleashSandbox());
  const source = { UNLEASH_API_TOKEN: unleash.token, UNLEASH_URL: unleash.url };
  const quick = { PAGE_CACHE_MS: '0', RATE_LIMIT_PER_MINUTE: '0', METRICS_PORT: '0' };
  const gateway = stack.use(await started(run({ ...source, ...quick, ...variables }, { folder: tmpdir() })));
  const metricsUrl = await vi.waitUntil(() => /http:\S+\/metrics/.exec(gateway.output())?.[0]);
  const until = (isEnough: (samples: readonly Sample[]) => boolean) =>
    vi.waitUntil(
      async () => {
        const samples = await scrape(metricsUrl);
        return isEnough(samples) && samples;
      },
      { timeout: 15_000, interval: 50 },
    );
  const owned = stack.move();
  return {
    ...gateway,
    metricsUrl,
    unleash,
    async ask(query, variables, headers) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      return text.startsWith('{') ? JSON.parse(text) : text;
    },
    scrape: () => scrape(metricsUrl),
    until,
    settled: () => until((samples) => sumOf(samples, 'http_server_active_requests') === 0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function countOf(samples: readonly Sample[]): number | undefined {
  return sumOf(samples, 'http_server_request_duration_seconds_count');
}
