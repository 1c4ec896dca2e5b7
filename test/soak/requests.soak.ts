import { createServer } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { Budget } from '../../src/model.ts';
import { definitions } from '../../src/sources/index.ts';
import type { Source } from '../../src/sources/source.ts';
import { connectUnleash } from '../../src/sources/unleash/index.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { unleashSettings } from '../../src/sources/unleash/settings.ts';
import { listen } from '../support/gateway.ts';

/** Far longer than a test takes: whatever waits for it is still there at the end. */
const REQUEST_TIMEOUT_MS = 120_000;
const REQUESTS = 300;
const CLIENTS = 10;
/** What the pools and the servers of the test have themselves. */
const SPARE = 20;
/** For each request; one alone holds many times that. */
const SPARE_BYTES = 6_144;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

let unleash: UnleashSandbox;
let source: Source;
let gateway: Gateway;
let url: string;
/** Of the requests since the last count that have got as far as asking for feeds. */
let budgets: WeakRef<Budget>[] = [];
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  unleash = closing.use(await startUnleashSandbox());
  const settings = { vendor: 'unleash', url: unleash.url, apiToken: unleash.token };
  source = connectUnleash(unleashSettings.parse(settings), { pageCacheMs: 0 });
  closing.defer(() => source.close());
  gateway = createGateway({ definitions, sources: [noted(source)], requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const server = createServer(gateway);
  url = `${await listen(server)}/graphql`;
  closing.defer(() => {
    server.close();
    server.closeAllConnections();
  });
});

afterAll(() => closing.disposeAsync());

const PAGE = 'flagEvents(first: 50) { nodes { id title actor { name } } pageInfo { endCursor } sources { status } }';
const IN_PARTS = `{ flagSources { id } ... @defer { ${PAGE} } }`;
const ALIASES = Array.from({ length: 51 }, (_, index) => `a${index}: __typename`).join(' ');
const COSTLY =
  'flagEvents(first: 100) { nodes { flag { events(first: 100) { nodes { id title type kind occurredAt } } } } }';

const kinds: [name: string, ask: () => Promise<unknown>][] = [
  ['answered', () => ask(`{ ${PAGE} }`)],
  ['answered in parts', () => ask(IN_PARTS)],
  ['refused by validation', () => ask('{ flagEvents { nonsense } }')],
  ['refused for its aliases', () => ask(`{ ${ALIASES} }`)],
  ['refused for its cost', () => ask(`{ ${COSTLY} }`)],
  ['refused for an argument', () => ask('{ flagEvents(first: 101) { nodes { id } } }')],
  ['left by its client', () => leave(`{ ${PAGE} }`)],
  ['left by its client after the first part', () => leave(IN_PARTS)],
];

describe('a request that is over', () => {
  it.for(kinds)('leaves neither a timer nor its memory until its deadline: %s', async ([, askOnce]) => {
    await many(REQUESTS / 5, askOnce);
    const before = await measure();
    await many(REQUESTS, askOnce);
    // What a client has left ends a little later.
    const isOver = async () => {
      const { budgets: alive, heap, timers } = await measure();
      expect([timers - before.timers, alive]).toSatisfy((counts: number[]) => counts.every((count) => count <= SPARE));
      expect(heap - before.heap).toBeLessThan(REQUESTS * SPARE_BYTES);
    };
    await vi.waitFor(isOver, { timeout: 5_000, interval: 250 });
  });
});

/** The same source, but for what it is asked on behalf of whom. */
function noted(own: Source): Source {
  const parts = own.parts.map((part) => ({
    ...part,
    feeds(budget: Budget) {
      budgets.push(new WeakRef(budget));
      return part.feeds(budget);
    },
  }));
  return { ...own, parts };
}

/** Several clients at once. */
async function many(count: number, askOnce: () => Promise<unknown>): Promise<void> {
  budgets = [];
  let left = count;
  const client = async () => {
    for (; left > 0; left -= 1) await askOnce();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** `timers`: those that are waiting. `budgets`: those that something still holds. */
async function measure(): Promise<{ timers: number; budgets: number; heap: number }> {
  unleash.requests.length = 0;
  // A weak reference holds what it refers to until the end of the turn in which it was looked at.
  await setImmediate();
  collectGarbage();
  return {
    timers: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length,
    budgets: budgets.filter((budget) => budget.deref() !== undefined).length,
    heap: process.memoryUsage().heapUsed,
  };
}

async function send(query: string, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { accept: 'application/json, multipart/mixed', 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal,
  });
}

async function ask(query: string): Promise<string> {
  return (await send(query)).text();
}

/** While the upstream has its call: before the answer, or after the first part of it. */
async function leave(query: string): Promise<void> {
  using _slow = unleash.faults.next(CLIENTS, { kind: 'slow', ms: 100 });
  const client = new AbortController();
  setTimeout(() => client.abort(), 20);
  await send(query, client.signal)
    .then((response) => response.text())
    .catch(() => {});
}
