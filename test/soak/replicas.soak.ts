import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStory } from '../../src/sources/story.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { createNamespace } from '../../src/store/redis/namespace.ts';
import { shareThroughRedis } from '../../src/store/redis/shared.ts';
import { selfSigned } from '../http/self-signed.ts';
import { ask } from '../support/gateway.ts';
import { type GatewayProcess, run, started, type Variables } from '../support/gateway-process.ts';
import { runChaos } from '../support/live-chaos.ts';
import { freePort, hasRedis, NO_REDIS, type RedisServer, startRedis } from '../support/redis-server.ts';
import { type Subscribed, subscribe } from '../support/subscribe.ts';
import { walk } from '../support/walk.ts';
import { createDice, SEED } from './dice.ts';

if (!hasRedis) process.stderr.write(`No replicas share a Redis. ${NO_REDIS}\n`);

const POLL_MS = 1_000;
const LIVE = 'subscription { flagEventsAdded { nodes { id flag { key } } cursor isCaughtUp edges { cursor } } }';
const isCaughtUp = (live: Subscribed) => live.batches().at(-1)?.isCaughtUp === true;
const flagsOf = (live: Subscribed) =>
  live.batches().flatMap(({ nodes }) => nodes.toReversed().map(({ flag }) => (flag as { key: string }).key));

describe.skipIf(!hasRedis)('replicas that share a Redis', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gateway-replicas-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Two processes over one Unleash, and what polls have asked it. */
  async function startTwo(redis: RedisServer, more: Variables = {}) {
    await using stack = new AsyncDisposableStack();
    const unleash = stack.use(await startUnleashSandbox({ story: createStory({ seed: 7, now: Date.now() }) }));
    const variables = {
      UNLEASH_URL: unleash.url,
      UNLEASH_API_TOKEN: unleash.token,
      REDIS_URL: redis.url,
      POLL_INTERVAL_MS: String(POLL_MS),
      PAGE_CACHE_MS: '0',
      HISTORY_CACHE_MB: '0',
      ...more,
    };
    const gateways: GatewayProcess[] = [];
    for (let count = 0; count < 2; count += 1) gateways.push(stack.use(await started(run(variables, { folder }))));
    const moved = stack.move();
    return { unleash, gateways, [Symbol.asyncDispose]: () => moved.disposeAsync() };
  }

  const pollsIn = ({ requests }: UnleashSandbox) =>
    requests.splice(0).filter(({ path: asked }) => asked.includes('/events')).length;
  const happen = (unleash: UnleashSandbox, featureName: string) =>
    unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' });

  it.for([
    ['page by page', '0'],
    ['reading ahead', '16'],
  ])(
    'walk through the timeline with the calls of one of them, %s',
    { timeout: 60_000, retry: 2 },
    async ([, historyCacheMb]) => {
      await using redis = await startRedis();
      const memory = { PAGE_CACHE_MS: '60000', HISTORY_CACHE_MB: String(historyCacheMb) };
      await using two = await startTwo(redis, memory);
      const { gateways, unleash } = two;
      await vi.waitFor(() => expect(redis.connections()).resolves.toBe(2), { timeout: 5_000 });
      const walkAll = async (gateway: GatewayProcess | undefined) => {
        const pages = await walk(
          { query: (query, variables) => ask(gateway?.url ?? '', query, variables) },
          { size: 20 },
        );
        return pages.flatMap(({ nodes }) => nodes.map(({ id }) => id));
      };
      // What is loaded with the first query keeps a process from hearing Redis in time.
      for (const { url } of gateways) await ask(url, '{ flagEvents(first: 1) { nodes { id } } }');
      pollsIn(unleash);
      const all = await walkAll(gateways[0]);
      const calls = pollsIn(unleash);
      expect(await walkAll(gateways[1])).toEqual(all);
      expect(pollsIn(unleash)).toBe(0);
      expect(calls).toBeGreaterThan(1);
      expect(all.length).toBeGreaterThan(100);
    },
  );

  it('poll once between them, and go on within three intervals when the one that polls is killed', {
    timeout: 60_000,
  }, async () => {
    await using redis = await startRedis();
    await using two = await startTwo(redis);
    const { gateways, unleash } = two;
    await using one = await subscribe(gateways[0] as GatewayProcess, LIVE);
    await using other = await subscribe(gateways[1] as GatewayProcess, LIVE);
    await Promise.all([one.until(isCaughtUp), other.until(isCaughtUp)]);
    happen(unleash, 'first');
    await Promise.all([one, other].map((live) => live.until(() => flagsOf(live).length === 1)));
    await wait(POLL_MS);
    pollsIn(unleash);
    await wait(5 * POLL_MS);
    const polls = pollsIn(unleash);
    expect(polls).toBeGreaterThanOrEqual(4);
    expect(polls).toBeLessThanOrEqual(7);

    // Whoever came first polls.
    (gateways[0] as GatewayProcess).child.kill('SIGKILL');
    const begun = performance.now();
    happen(unleash, 'second');
    await other.until(() => flagsOf(other).length === 2);
    expect(performance.now() - begun).toBeLessThan(3 * POLL_MS + 1_500);
    await wait(2 * POLL_MS);
    expect(flagsOf(other)).toEqual(['first', 'second']);
    expect(gateways.map(({ errors }) => errors())).toEqual(['', '']);
  });

  it('answer as fast, and lose and double nothing, while Redis is paused, gone and back', {
    timeout: 60_000,
  }, async () => {
    await using redis = await startRedis();
    // So short that each request looks for a page in Redis.
    await using two = await startTwo(redis, { PAGE_CACHE_MS: '50' });
    const { gateways, unleash } = two;
    await using one = await subscribe(gateways[0] as GatewayProcess, LIVE);
    await using other = await subscribe(gateways[1] as GatewayProcess, LIVE);
    await Promise.all([one.until(isCaughtUp), other.until(isCaughtUp)]);
    const durations: number[] = [];
    let count = 0;
    const goOn = async (times: number) => {
      for (let each = 0; each < times; each += 1) {
        count += 1;
        happen(unleash, `event-${count}`);
        const begun = performance.now();
        const answer = await ask(
          (gateways[each % 2] as GatewayProcess).url,
          '{ flagEvents(first: 3) { nodes { id } } }',
        );
        durations.push(performance.now() - begun);
        expect(answer.errors).toBeUndefined();
        await wait(100);
      }
    };
    await goOn(10);
    const usual = Math.max(...durations.splice(0).slice(2));
    redis.pause();
    await goOn(20);
    redis.resume();
    await goOn(20);
    await redis.stop();
    await goOn(20);
    await redis.start();
    await goOn(30);
    await Promise.all([one, other].map((live) => live.until(() => flagsOf(live).length >= count)));
    await wait(2 * POLL_MS);
    const all = Array.from({ length: count }, (_, index) => `event-${index + 1}`);
    expect(flagsOf(one)).toEqual(all);
    expect(flagsOf(other)).toEqual(all);
    // A median does not tell of a machine that is busy with something else.
    expect(durations.toSorted((a, b) => a - b)[Math.floor(durations.length / 2)]).toBeLessThan(usual + 50);
    expect(gateways.map(({ errors }) => errors())).toEqual(['', '']);
    expect(gateways[0]?.output()).toContain('Redis cannot be used');
    expect(gateways[0]?.output()).not.toContain(redis.url);
  });

  it('connect with TLS to a server whose certificate they trust, and to no other', { timeout: 60_000 }, async () => {
    const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    await Promise.all([writeFile(cert, selfSigned.cert), writeFile(key, selfSigned.key)]);
    const port = String(await freePort());
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no'];
    await using redis = await startRedis('--tls-port', port, ...files);
    const variables = { REDIS_URL: `rediss://:secret-of-redis@127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: '' };
    await using doubting = await started(run(variables, { folder }));
    await vi.waitFor(() => expect(doubting.output()).toContain('Redis cannot be used'), { timeout: 5_000 });
    expect(doubting.output()).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(await redis.connections()).toBe(0);
    const url = variables.REDIS_URL.replace(':secret-of-redis@', '');
    await using trusting = await started(run({ REDIS_URL: url, NODE_EXTRA_CA_CERTS: cert }, { folder }));
    await vi.waitFor(() => expect(redis.connections()).resolves.toBe(1), { timeout: 5_000 });
    expect(doubting.output() + doubting.errors() + trusting.output()).not.toMatch(/secret-of-redis|rediss:/);
    const begun = performance.now();
    trusting.child.kill('SIGTERM');
    await once(trusting.child, 'exit');
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(trusting.child.exitCode).toBe(0);
  });

  it('give each reader each of its events once, while they are killed and Redis comes and goes', {
    timeout: 90_000,
  }, async () => {
    await using redis = await startRedis();
    const namespace = createNamespace({ settings: [], version: 'test' });
    const share = () => shareThroughRedis({ url: redis.url, namespace, onTrouble: () => {}, retryMs: 50 });
    const dice = createDice(SEED);
    const ending = new AbortController();
    const weather = (async () => {
      while (!ending.signal.aborted) {
        await wait(200 + dice.below(400));
        redis.pause();
        await wait(dice.below(300));
        redis.resume();
        await wait(200 + dice.below(400));
        await redis.stop();
        await wait(dice.below(200));
        await redis.start();
      }
    })();
    const { readers } = await runChaos({ dice, events: 3_000, readers: 20, share, kills: 5 });
    ending.abort();
    await weather;
    const wrong = readers.filter(({ foreign, missed, twice }) => foreign.length + missed.length + twice.length > 0);
    expect(wrong).toEqual([]);
    expect(readers.reduce((sum, { given }) => sum + given, 0)).toBeGreaterThan(5_000);
  });
});
