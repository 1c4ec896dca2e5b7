import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { createTracing } from '../../src/observe/opentelemetry.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { listen } from '../support/gateway.ts';
import { environment, type GatewayProcess, node24, root, started, type Variables } from '../support/gateway-process.ts';
import { subscribe } from '../support/subscribe.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const ROUTER = '00f067aa0ba902b7';
const FROM_ROUTER = { traceparent: `00-${TRACE}-${ROUTER}-01`, tracestate: 'canary=1', baggage: 'canary=2' };
const PAGE = 'query Newest { flagEvents(first: 2) { nodes { id } } }';
const CALL_KIND = 3;

describe('the traces', () => {
  it('lead from a router over the request and the page down to the call that the vendor sees', async () => {
    await using gateway = await startTraced({ SEND_TRACEPARENT: 'on' });
    await gateway.ask(PAGE, FROM_ROUTER);
    const spans = await gateway.until((all) => all.some(({ name }) => name === 'query'));
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const request = spans.find(({ name }) => name === 'query');
    expect(request).toMatchObject({
      parentSpanId: ROUTER,
      attributes: {
        'graphql.operation.type': 'query',
        'graphql.operation.name': 'Newest',
        'http.response.status_code': 200,
        'flag_events.upstream_calls': gateway.unleash.requests.length,
        'flag_events.partial': false,
      },
    });
    const [page, ...otherPages] = spans.filter(({ name }) => name === 'read page');
    expect(otherPages).toEqual([]);
    expect(page).toMatchObject({ parentSpanId: request?.spanId, attributes: { 'flag_events.feed': 'unleash' } });
    const calls = spans.filter(({ kind }) => kind === CALL_KIND);
    const ofPage = calls.filter(({ parentSpanId }) => parentSpanId === page?.spanId);
    expect(ofPage.map(({ attributes }) => attributes['url.path'])).toContain('/api/admin/search/events');
    const sent = gateway.unleash.requests.map(({ headers }) => headers.traceparent);
    expect(sent.toSorted()).toEqual(calls.map(({ spanId }) => `00-${TRACE}-${spanId}-01`).toSorted());
    expect(JSON.stringify(gateway.unleash.requests)).not.toContain('canary');
  });

  it('tell vendors nothing unless told to', async () => {
    await using gateway = await startTraced();
    await gateway.ask(PAGE, FROM_ROUTER);
    await gateway.until((all) => all.some(({ name }) => name === 'query'));
    expect(gateway.unleash.requests.length).toBeGreaterThan(0);
    const names = gateway.unleash.requests.flatMap(({ headers }) => Object.keys(headers));
    expect(names.filter((name) => ['traceparent', 'tracestate', 'baggage'].includes(name))).toEqual([]);
  });

  it('say what has failed by codes, on the fast path and beside it, and hold no words of anybody', async () => {
    await using gateway = await startTraced();
    await gateway.ask('{ canaryField }');
    await fetch(`${gateway.url}?query=${encodeURIComponent('query Beside { __typename }')}`, {
      headers: { 'graphql-require-preflight': '1', 'x-canary': 'canary' },
    }).then((answer) => answer.text());
    gateway.unleash.faults.always({ kind: 'status', status: 401, body: { message: 'canary' } });
    await gateway.ask(PAGE);
    const spans = await gateway.until((all) => all.filter(({ name }) => name === 'query').length === 3);
    const requests = spans.filter(({ name }) => name === 'query');
    const failures = requests.map(({ attributes, status }) => [attributes['error.type'], status.code ?? 0]);
    expect(failures).toEqual([
      ['GRAPHQL_VALIDATION_FAILED', 0],
      [undefined, 0],
      ['UPSTREAM_REJECTED', 2],
    ]);
    expect(requests.map(({ attributes }) => attributes['graphql.operation.name'])).toContain('Beside');
    const call = spans.find(({ kind }) => kind === CALL_KIND);
    expect([call?.attributes['error.type'], call?.status.code]).toEqual(['rejected', 2]);
    expect(JSON.stringify(spans)).not.toContain('canary');
    // Pages and health checks are no requests.
    expect(spans.filter(({ name }) => name === 'request')).toEqual([]);
  });

  it('keep what is polled out of the subscriber’s', async () => {
    await using gateway = await startTraced({ POLL_INTERVAL_MS: '1000' });
    {
      await using subscribed = await subscribe(gateway, 'subscription { flagEventsAdded { cursor } }');
      await subscribed.until(({ answers }) => answers.length > 0);
    }
    const spans = await gateway.until((all) => all.some(({ name }) => name === 'subscription'));
    const request = spans.find(({ name }) => name === 'subscription');
    expect(request?.attributes['flag_events.aborted']).toBe(true);
    const polls = spans.filter(({ name }) => name === 'read page');
    expect(polls.length).toBeGreaterThan(0);
    expect(polls.filter(({ traceId }) => traceId === request?.traceId)).toEqual([]);
    expect(polls.filter(({ parentSpanId }) => parentSpanId !== undefined)).toEqual([]);
  });

  it('are off without an SDK', () => {
    expect(createTracing({ sendTraceparent: true })).toBeUndefined();
  });
});

interface Span {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status: { code?: number };
  attributes: Record<string, unknown>;
}

interface Traced extends GatewayProcess {
  unleash: UnleashSandbox;
  ask(query: string, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Once the gateway has shut down, and has sent the last of them. */
  until(isEnough: (spans: readonly Span[]) => boolean): Promise<Span[]>;
}

/** Started with the very line of the manual, beside a collector. */
async function startTraced(variables: Variables = {}): Promise<Traced> {
  await using stack = new AsyncDisposableStack();
  const spans: Span[] = [];
  const collector = createServer(async (request, response) => {
    const { resourceSpans } = JSON.parse(await text(request)) as {
      resourceSpans: { scopeSpans: { spans: Wire[] }[] }[];
    };
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map(toSpan))));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  const endpoint = await listen(collector);
  stack.defer(() => {
    collector.close();
    collector.closeAllConnections();
  });
  const unleash = stack.use(await startUnleashSandbox());
  const env = environment({
    UNLEASH_API_TOKEN: unleash.token,
    UNLEASH_URL: unleash.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    ...variables,
  });
  const line = /^node (--import .*)$/m.exec(readFileSync(`${root}docs/operate.md`, 'utf8'))?.[1] ?? '';
  const child = spawn(node24(), line.split(' '), { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const gateway = stack.use(await started(child));
  const owned = stack.move();
  return {
    ...gateway,
    unleash,
    async ask(query, headers) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      });
      await response.text();
    },
    async until(isEnough) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      return vi.waitUntil(() => isEnough(spans) && spans);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface Wire extends Omit<Span, 'attributes'> {
  attributes: { key: string; value: Record<string, unknown> }[];
}

function toSpan({ attributes, ...span }: Wire): Span {
  return {
    ...span,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
  };
}
