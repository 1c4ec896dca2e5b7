import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { ask, type GraphQLAnswer } from '../support/gateway.ts';
import { type GatewayProcess, run, started } from '../support/gateway-process.ts';
import { startTamperingProxy } from '../support/tampering-proxy.ts';
import { createDice, SEED } from './dice.ts';
import { createHistory, type History } from './history.ts';
import {
  createLedger,
  type Ledger,
  type Listed,
  listLaunchDarkly,
  listUnleash,
  PAGE_FIELDS,
  type WalkedPage,
} from './ledger.ts';
import { tell } from './tell.ts';
import { createWeather, type Scene, spoilForGood, type Unreadable } from './weather.ts';

/** A smaller number makes a shorter walk; from 20,000 on it is long enough for the walk back. */
const EVENTS = Number(process.env.SOAK_EVENTS ?? 100_000);
const NEWEST = Date.now() - 60_000;
const SQUALL_CHANCE = 0.1;
const SPELL_CHANCE = 0.01;
const RESTART_CHANCE = 0.006;
const SMALL_PAGE_CHANCE = 0.1;
/** How long a reader waits after a page that lacks something. */
const PATIENCE_MS = 250;
const MOST_ATTEMPTS = 20_000;
const MOST_COMPLAINTS = 10;

const dice = createDice(SEED);
const closing = new AsyncDisposableStack();
let scene: Scene;
let unreadable: Unreadable;
/** All that can be read, as the upstreams themselves list it. */
let truth: Listed[];
let folder: string;
let gateway: GatewayProcess;

beforeAll(async () => {
  const history = createHistory(EVENTS, NEWEST, dice);
  scene = await setUp(history);
  unreadable = chooseUnreadable(history);
  const lost = new Set<string>(Object.values(unreadable).flat().map(String));
  const listed = [
    ...(await listLaunchDarkly(scene.launchDarkly)),
    ...(await listUnleash(scene.unleash, 'unleash')),
    ...(await listUnleash(scene.oldUnleash, 'unleash-old')),
  ];
  expect(listed).toHaveLength(Object.values(history).flat().length);
  truth = listed.filter(({ id }) => !lost.has(id));
  tell(`seed ${SEED} (SOAK_SEED), ${listed.length} events, of which ${lost.size} cannot be read`);
  spoilForGood(scene, unreadable);
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-soak-'));
  closing.defer(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'gateway.config.ts'), configFile(scene));
  gateway = await start();
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await closing.disposeAsync();
});

describe('a walk through a hundred thousand events and every kind of fault', () => {
  let middle: { cursor: string; time: number } | undefined;

  it('gives every event exactly once, and no page says OK for what it lacks', async () => {
    const ledger = createLedger(truth, 'older');
    const times = Map.groupBy(truth, ({ time }) => time);
    await walk(ledger, 'older', null, (page) => {
      // A page whose end is a place in the timeline and nothing else: nobody owes anything, and nothing ties with it.
      const time = Date.parse(page.nodes.at(-1)?.occurredAt ?? '');
      const isClear = page.sources.every(({ status }) => status === 'OK') && times.get(time)?.length === 1;
      if (middle || !isClear || ledger.given < EVENTS / 10) return;
      middle = { cursor: page.pageInfo.endCursor ?? '', time };
    });
    expect(ledger.missing()).toEqual([]);
    expect(ledger.skipped).toBeGreaterThanOrEqual(Object.values(unreadable).flat().length);
  });

  it('gives what is newer than a tenth of the way exactly once, walked back from there', async () => {
    if (!middle) throw new Error('The first walk has not come so far.');
    const { cursor, time: end } = middle;
    const newer = truth.filter(({ time }) => time > end);
    expect(newer.length).toBeGreaterThan(EVENTS / 12);
    const ledger = createLedger(newer, 'newer');
    await walk(ledger, 'newer', cursor);
    expect(ledger.missing()).toEqual([]);
  });
});

const QUERIES = {
  older: `query ($size: Int!, $cursor: String) { flagEvents(first: $size, after: $cursor) { ${PAGE_FIELDS} } }`,
  newer: `query ($size: Int!, $cursor: String) { flagEvents(last: $size, before: $cursor) { ${PAGE_FIELDS} } }`,
};

interface Answer {
  flagEvents: Page | null;
}

interface Page extends WalkedPage {
  pageInfo: {
    hasNextPage: boolean;
    endCursor: string | null;
    hasPreviousPage: boolean;
    startCursor: string | null;
  };
}

/** To the end, through whatever befalls it; whatever is wrong on its way fails the test, with the weather there was. */
async function walk(
  ledger: Ledger,
  direction: 'older' | 'newer',
  from: string | null,
  afterPage: (page: Page) => void = () => {},
): Promise<void> {
  const weather = createWeather({ scene, dice, squallChance: SQUALL_CHANCE, spellChance: SPELL_CHANCE });
  const wrong: string[] = [];
  const counts = { pages: 0, lacking: 0, refused: 0, restarts: 0 };
  const beganAt = performance.now();
  const progress = () => {
    const seconds = Math.round((performance.now() - beganAt) / 1000);
    tell(`${ledger.given} events towards ${direction} ones after ${seconds} s, ${JSON.stringify(counts)}`);
  };
  let cursor = from;
  let told = 0;
  for (let attempt = 0; wrong.length < MOST_COMPLAINTS; attempt += 1) {
    if (attempt > MOST_ATTEMPTS) throw new Error('The walk does not end.');
    weather.turn();
    if (dice.isLucky(RESTART_CHANCE)) {
      counts.restarts += 1;
      weather.turnForStart();
      wrong.push(...troubleOf(gateway));
      await gateway[Symbol.asyncDispose]();
      gateway = await start();
    }
    const size = dice.isLucky(SMALL_PAGE_CHANCE) ? 1 + dice.below(20) : 100;
    const answer: GraphQLAnswer<Answer> = await ask<Answer>(gateway.url, QUERIES[direction], { size, cursor });
    const page = answer.data?.flagEvents;
    if (!page) {
      counts.refused += 1;
      wrong.push(...complaintsAbout(answer));
      await wait(PATIENCE_MS);
      continue;
    }
    counts.pages += 1;
    wrong.push(...ledger.enter(page).map((each) => `page ${counts.pages} [${weather.now()}]: ${each}`));
    if (ledger.given - told >= 10_000) {
      told = ledger.given;
      progress();
    }
    const { endCursor, hasNextPage, hasPreviousPage, startCursor } = page.pageInfo;
    afterPage(page);
    if (!(direction === 'older' ? hasNextPage : hasPreviousPage)) break;
    cursor = direction === 'older' ? endCursor : startCursor;
    if (page.sources.some(({ status }) => status === 'FAILED')) {
      counts.lacking += 1;
      await wait(PATIENCE_MS);
    }
  }
  weather.clear();
  progress();
  tell(JSON.stringify(weather.tally()));
  expect([...wrong, ...troubleOf(gateway)]).toEqual([]);
}

/** That everything has failed is an error, with a code that says so. */
function complaintsAbout({ errors = [] }: GraphQLAnswer<Answer>): string[] {
  const isTold = errors.length > 0 && errors.every((error) => /^UPSTREAM_/.test(String(error.extensions?.code)));
  return isTold ? [] : [`an answer without a page says ${JSON.stringify(errors)}`];
}

function troubleOf({ errors, output }: GatewayProcess): string[] {
  return [...errors().split('\n'), ...(output().match(/^\{.*"level":"(error|fatal)".*$/gm) ?? [])].filter(Boolean);
}

async function setUp({ launchDarkly: events, oldUnleash: oldRows, unleash: rows }: History): Promise<Scene> {
  const rateLimit = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
  const launchDarkly = closing.use(await startLaunchDarklySandbox({ events, rateLimit }));
  const unleash = closing.use(await startUnleashSandbox({ events: rows }));
  const oldUnleash = closing.use(await startUnleashSandbox({ events: oldRows, version: '7.0.4' }));
  const proxies = {
    launchDarkly: closing.use(await startTamperingProxy(launchDarkly.url)),
    unleash: closing.use(await startTamperingProxy(unleash.url)),
    oldUnleash: closing.use(await startTamperingProxy(oldUnleash.url)),
  };
  return { launchDarkly, unleash, oldUnleash, proxies, newest: NEWEST, insertions: 0 };
}

/** No two of them the same, and none of the uncertain order's that ties with another: see `skippedEvents`. */
function chooseUnreadable({ launchDarkly, oldUnleash, unleash }: History): Unreadable {
  const some = <T>(ids: readonly T[], count: number) => [
    ...new Set(Array.from({ length: Math.min(count, ids.length) }, () => dice.pick(ids))),
  ];
  const byMillisecond = Map.groupBy(oldUnleash, ({ createdAtMicros: at }) => Math.floor((at ?? 0) / 1000));
  const alone = [...byMillisecond.values()].filter(({ length }) => length === 1).flat();
  return {
    launchDarkly: some(launchDarkly, 60).map(({ id }) => id),
    unleash: some(unleash, 9).map(({ id }) => id),
    oldUnleash: some(alone, 3).map(({ id }) => id),
  };
}

function start(): Promise<GatewayProcess> {
  const variables = { REQUEST_TIMEOUT_MS: '2000', RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'warn' };
  return started(run(variables, { folder }));
}

function configFile({ launchDarkly, oldUnleash, proxies, unleash }: Scene): string {
  const sources = [
    {
      vendor: 'launchdarkly',
      accessToken: launchDarkly.token,
      url: proxies.launchDarkly.url,
      projects: launchDarkly.projects.map(({ key }) => `${key}/*`),
    },
    { vendor: 'unleash', apiToken: unleash.token, url: proxies.unleash.url },
    { vendor: 'unleash', id: 'unleash-old', apiToken: oldUnleash.token, url: proxies.oldUnleash.url },
  ];
  return `export default ${JSON.stringify({ sources })};\n`;
}
