import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { type GatewayProcess, run, started, type Variables } from '../support/gateway-process.ts';
import { createDice, type Dice, SEED } from './dice.ts';
import { tell } from './tell.ts';

const CONNECTIONS = 16;
const WARM_UP_MS = 8_000;
const SAMPLE_MS = 5_000;
const SAMPLES = 3;
const MEGABYTE = 1_000_000;
const HEAP = 256 * MEGABYTE;
/** Between two samples of one process, and between two processes. */
const SPARE_HEAP = 6 * MEGABYTE;
/** Those of the server and of the pools. */
const SPARE_TIMERS = 5 * CONNECTIONS;
const NOTHING_REMEMBERED = { PAGE_CACHE_MS: '0', HISTORY_CACHE_MB: '0' };

/** Answers SIGUSR2 with a line on the standard error: what is left after the garbage has been collected. */
const REPORTER = `
  import { writeSync } from 'node:fs';
  process.on('SIGUSR2', () => {
    globalThis.gc();
    const { heapUsed: heap, rss } = process.memoryUsage();
    const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    writeSync(2, JSON.stringify({ heap, rss, timers }) + '\\n');
  });
`;
const FLAGS = [
  '--expose-gc',
  `--max-old-space-size=${HEAP / MEGABYTE}`,
  `--import=data:text/javascript,${encodeURIComponent(REPORTER)}`,
];

interface Sample {
  heap: number;
  rss: number;
  /** Waiting, whatever for. */
  timers: number;
}

const closing = new AsyncDisposableStack();
let folder: string;
let sources: Variables;

beforeAll(async () => {
  const rateLimit = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
  const launchDarkly = closing.use(await startLaunchDarklySandbox({ rateLimit }));
  const unleash = closing.use(await startUnleashSandbox());
  // It remembers every request, and this is about another process's memory.
  const forget = setInterval(() => unleash.requests.splice(0), 1_000);
  closing.defer(() => clearInterval(forget));
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-memory-'));
  closing.defer(() => rm(folder, { recursive: true }));
  sources = {
    LAUNCHDARKLY_ACCESS_TOKEN: launchDarkly.token,
    LAUNCHDARKLY_URL: launchDarkly.url,
    LAUNCHDARKLY_PROJECTS: launchDarkly.projects.map(({ key }) => `${key}/*`).join(),
    UNLEASH_API_TOKEN: unleash.token,
    UNLEASH_URL: unleash.url,
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'warn',
  };
});

afterAll(() => closing.disposeAsync());

describe('the memory of a gateway of 256 MB under steady load', () => {
  const settled: number[] = [];

  it.for(['2000', '120000'])('stays what it is, where a request may take %s ms', async (timeout) => {
    const samples = await measure({ ...NOTHING_REMEMBERED, REQUEST_TIMEOUT_MS: timeout });
    const heaps = samples.map(({ heap }) => heap);
    expect(Math.max(...heaps) - Math.min(...heaps)).toBeLessThan(SPARE_HEAP);
    expect(Math.max(...samples.map(({ timers }) => timers))).toBeLessThan(SPARE_TIMERS);
    settled.push(Math.min(...heaps));
  });

  it('does not depend on how long a request may take', () => {
    const [short = 0, long = Number.NaN] = settled;
    expect(Math.abs(long - short)).toBeLessThan(SPARE_HEAP);
  });

  it('has room for all that is remembered by default', async () => {
    const samples = await measure({});
    expect(Math.max(...samples.map(({ heap }) => heap))).toBeLessThan(HEAP * 0.8);
  });
});

/** What is left, again and again, while everything is answered. */
async function measure(variables: Variables): Promise<Sample[]> {
  await using gateway = await started(run({ ...sources, ...variables }, { folder, flags: FLAGS }));
  await using load = startLoad(gateway, createDice(SEED));
  await load.during(WARM_UP_MS);
  const samples: Sample[] = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    await load.during(SAMPLE_MS);
    const { heap, rss, timers } = await sample(gateway);
    samples.push({ heap, rss, timers });
    const [left, all] = [heap, rss].map((bytes) => Math.round(bytes / MEGABYTE));
    tell(`${load.answered()} requests, ${left} MB of heap, ${all} MB in all, ${timers} timers`);
  }
  expect(load.failures()).toEqual([]);
  return samples;
}

async function sample({ child, errors }: GatewayProcess): Promise<Sample> {
  const before = errors().length;
  child.kill('SIGUSR2');
  while (!errors().slice(before).includes('\n')) await once(child.stderr ?? child, 'data');
  return JSON.parse(errors().slice(before));
}

interface Load extends AsyncDisposable {
  during(ms: number): Promise<void>;
  answered(): number;
  failures(): string[];
}

const PAGE = 'nodes { id occurredAt title flag { key } actor { name } } pageInfo { endCursor } sources { status }';
const ALIASES = Array.from({ length: 51 }, (_, index) => `a${index}: __typename`).join(' ');

/** Pages of any size and place, pages in parts, what is refused, and what clients do not wait for. */
function startLoad({ url }: GatewayProcess, dice: Dice): Load {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS });
  const failures: string[] = [];
  let answered = 0;
  let cursor: string | null = null;

  async function ask(query: string, variables = {}, signal: AbortSignal | null = null): Promise<string> {
    const headers = { accept: 'application/json, multipart/mixed', 'content-type': 'application/json' };
    const body = JSON.stringify({ query, variables });
    const answer = await pool.request({ method: 'POST', path: pathname, headers, body, signal });
    answered += 1;
    return answer.body.text();
  }

  async function askForPage(): Promise<void> {
    const size = 1 + dice.below(50);
    const query = `query ($size: Int!, $cursor: String) { flagEvents(first: $size, after: $cursor) { ${PAGE} } }`;
    const text = await ask(query, { size, cursor });
    const page = JSON.parse(text).data?.flagEvents;
    if (!page) failures.push(text.slice(0, 200));
    cursor = page?.nodes.length > 0 ? page.pageInfo.endCursor : null;
  }

  async function leave(): Promise<void> {
    const client = new AbortController();
    setTimeout(() => client.abort(), dice.below(20));
    await ask(`{ flagEvents(first: ${1 + dice.below(50)}) { ${PAGE} } }`, {}, client.signal).catch(() => {});
  }

  const kinds: (() => Promise<unknown>)[] = [
    ...Array<() => Promise<void>>(12).fill(askForPage),
    () => ask(`{ flagSources { id } ... @defer { flagEvents(first: 10) { ${PAGE} } } }`),
    () => ask('{ flagEvents { nonsense } }'),
    () => ask(`{ ${ALIASES} }`),
    leave,
  ];

  async function during(ms: number): Promise<void> {
    const end = performance.now() + ms;
    const client = async () => {
      while (performance.now() < end) await dice.pick(kinds)();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
  }

  return {
    during,
    answered: () => answered,
    failures: () => failures.slice(0, 3),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}
