import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRateLimiter } from '../../src/edge/rate-limiter.ts';
import { MAX_MESSAGE } from '../../src/store/redis/bus.ts';
import { MAX_TEXT } from '../../src/store/redis/cache.ts';
import { createNamespace, type Namespace } from '../../src/store/redis/namespace.ts';
import { type Shared, shareThroughRedis } from '../../src/store/redis/shared.ts';
import { hasRedis, NO_REDIS, type RedisServer, startRedis } from '../support/redis-server.ts';

if (!hasRedis) process.stderr.write(`Nothing is shared through Redis. ${NO_REDIS}\n`);

const namespace = createNamespace({ settings: [], version: 'test' });
const CHANNEL = `${namespace.prefix}:bus`;
const troubles: unknown[] = [];
let opened: AsyncDisposable[] = [];

function share(url: string, options: { namespace?: Namespace } = {}): Shared {
  const onTrouble = (error: unknown) => void troubles.push(error);
  const shared = shareThroughRedis({ url, namespace, onTrouble, retryMs: 100, ...options });
  opened.push(shared);
  return shared;
}

/** Until it can be used. */
async function connected(...all: Shared[]): Promise<void> {
  for (const shared of all)
    await vi.waitFor(() => shared.lease.hold(randomUUID(), 1), { timeout: 5_000, interval: 10 });
}

/** After an answer that was missed, unless the process was too busy to tell. */
async function leftAlone({ lease }: Shared): Promise<void> {
  await vi.waitFor(() => expect(lease.hold('a', 1_000)).rejects.toThrow('left alone'), { timeout: 2_000, interval: 1 });
}

function listen({ bus }: Shared, topic = 'topic'): unknown[] {
  const heard: unknown[] = [];
  bus.subscribe(topic, (message) => void heard.push(message));
  return heard;
}

async function durationOf(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run().catch(() => {});
  return performance.now() - begun;
}

afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  opened = [];
  troubles.length = 0;
});

describe.skipIf(!hasRedis)('replicas that share a Redis', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
    opened.push(redis);
  });

  it('tell each other, and themselves, everything once', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    const heard = [listen(one), listen(other)];
    await connected(one, other);
    one.bus.publish('topic', { text: 'ä\u2028', list: [1, null] });
    expect(heard[0]).toHaveLength(1);
    await vi.waitFor(() => expect(heard[1]).toEqual([{ text: 'ä\u2028', list: [1, null] }]));
    await wait(50);
    expect(heard.map(({ length }) => length)).toEqual([1, 1]);
  });

  it('let one of them have a lease, until it lets go or its time is over', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    await connected(one, other);
    expect(await one.lease.hold('a', 200)).toBe(true);
    expect(await other.lease.hold('a', 200)).toBe(false);
    expect(await other.lease.hold('b', 200)).toBe(true);
    expect(await one.lease.hold('a', 200)).toBe(true);
    await other.lease.release('a');
    expect(await other.lease.hold('a', 200)).toBe(false);
    await wait(250);
    expect(await other.lease.hold('a', 200)).toBe(true);
    await other.lease.release('a');
    expect(await one.lease.hold('a', 200)).toBe(true);
  });

  it('share nothing with those whose sources are configured differently, or that have another version', async () => {
    const settings = [{ id: 'launchdarkly', token: 'api-1' }];
    const names = [
      createNamespace({ settings, version: '1' }),
      createNamespace({ settings, version: '2' }),
      createNamespace({ settings: [{ id: 'launchdarkly', token: 'api-2' }], version: '1' }),
    ];
    expect(new Set(names.map(({ prefix }) => prefix)).size).toBe(3);
    expect(JSON.stringify(names)).not.toContain('api-');
    const all = names.map((name) => share(redis.url, { namespace: name }));
    const heard = all.map((each) => listen(each));
    await connected(...all);
    all[0]?.bus.publish('topic', 'hello');
    for (const { lease } of all) expect(await lease.hold('a', 1_000)).toBe(true);
    await wait(50);
    expect(heard).toEqual([['hello'], [], []]);
  });

  it('ignore what is no message, and what is too long', async () => {
    const shared = share(redis.url);
    const heard = listen(shared);
    await connected(shared);
    const stranger = await createClient({ url: redis.url }).connect();
    for (const text of ['', 'null', '{', '[]', '{"by":1}', `"${'x'.repeat(MAX_MESSAGE)}"`])
      await stranger.publish(CHANNEL, text);
    await stranger.publish(CHANNEL, '{"by":"stranger","topic":"topic","message":1}');
    stranger.destroy();
    await vi.waitFor(() => expect(heard).toEqual([1]));
    expect(troubles).toHaveLength(1);
  });

  it('keep what is too long to themselves', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    const heard = [listen(one), listen(other)];
    await connected(one, other);
    one.bus.publish('topic', 'x'.repeat(MAX_MESSAGE));
    one.bus.publish('topic', 'short');
    await vi.waitFor(() => expect(heard[1]).toEqual(['short']));
    expect(heard[0]).toHaveLength(2);
  });

  it('leave nothing in it that does not expire, and no names in keys', async () => {
    const shared = share(redis.url);
    await connected(shared);
    await shared.lease.hold('launchdarkly/secret-project ann@example.com', 5_000);
    const stranger = await createClient({ url: redis.url }).connect();
    const keys = await stranger.keys('*');
    expect(keys).toEqual([expect.stringMatching(/^flag-events-gateway:1:[\w-]{32}:lease:[\w-]{32}$/)]);
    for (const key of keys) expect(await stranger.pTTL(key)).toBeGreaterThan(0);
    stranger.destroy();
  });

  it('wait 50 ms for one that is paused, then not at all, and share again once it answers', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    const heard = listen(other);
    await connected(one, other);
    redis.pause();
    expect(await durationOf(() => one.lease.hold('a', 1_000))).toBeLessThan(100);
    await leftAlone(one);
    expect(await durationOf(() => one.lease.hold('a', 1_000))).toBeLessThan(10);
    await wait(3_000);
    redis.resume();
    await connected(one);
    one.bus.publish('topic', 'again');
    await vi.waitFor(() => expect(heard).toContain('again'), { timeout: 5_000 });
    expect(troubles.length).toBeGreaterThan(0);
  });

  it('do without one that is stopped, or was never there, and share again once it starts', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    const heard = listen(other);
    await connected(one, other);
    await redis.stop();
    const late = share(redis.url);
    await wait(300);
    expect(await durationOf(() => one.lease.hold('a', 1_000))).toBeLessThan(5);
    expect(troubles).toHaveLength(3);
    await redis.start();
    await connected(one, other, late);
    one.bus.publish('topic', 'again');
    await vi.waitFor(() => expect(heard).toEqual(['again']));
    expect(troubles).toHaveLength(3);
  });

  it('do without one whose password is another, and use one whose password is theirs', async () => {
    await using closed = await startRedis('--requirepass', 'secret-of-redis');
    const stranger = share(closed.url.replace('//', '//:wrong@'));
    await wait(500);
    await expect(stranger.lease.hold('a', 1_000)).rejects.toThrow();
    expect(troubles).toHaveLength(1);
    await connected(share(closed.url.replace('//', '//:secret-of-redis@')));
  });

  it('keep texts for each other until their time is over, if they are not too long', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    await connected(one, other);
    const keep = (key: string, text: unknown, ttlMs = 300) => one.cache.set(key, text, { ttlMs, bytes: 1 });
    await keep('/events?query=ann@example.com', 'text');
    await keep('long', 'x'.repeat(MAX_TEXT + 1));
    await keep('object', {});
    await keep('past', 'text', -1);
    const all = ['/events?query=ann@example.com', 'long', 'object', 'past', 'nothing'].map(other.cache.get);
    expect(await Promise.all(all)).toEqual(['text', undefined, undefined, undefined, undefined]);
    const stranger = await createClient({ url: redis.url }).connect();
    expect(await stranger.keys('*:page:*')).toEqual([expect.stringMatching(/:page:[\w-]{32}$/)]);
    stranger.destroy();
    await wait(350);
    expect(await other.cache.get('/events?query=ann@example.com')).toBeUndefined();
  });

  it('count requests of one caller together, and alone while Redis is away', async () => {
    const [one, other] = [share(redis.url), share(redis.url)];
    await connected(one, other);
    const limiters = [one, other].map(({ createLimiter }) => createRateLimiter({ perMinute: 4, createLimiter }));
    const takeAll = async (caller: string, times: number) => {
      const waits: number[] = [];
      for (let count = 0; count < times; count += 1) waits.push((await limiters[count % 2]?.take(caller)) ?? -1);
      return waits;
    };
    expect(await takeAll('subject ann@example.com', 4)).toEqual([0, 0, 0, 0]);
    const [refused] = await takeAll('subject ann@example.com', 1);
    expect(refused).toBeGreaterThan(50);
    expect(refused).toBeLessThanOrEqual(60);
    await limiters[1]?.giveBack('subject ann@example.com');
    await limiters[1]?.giveBack('subject ann@example.com');
    await wait(50);
    expect(await takeAll('subject ann@example.com', 1)).toEqual([0]);
    expect(await takeAll('key 0', 4)).toEqual([0, 0, 0, 0]);
    const stranger = await createClient({ url: redis.url }).connect();
    for (const key of await stranger.keys('*:calls:*')) {
      expect(key).toMatch(/^flag-events-gateway:1:[\w-]{32}:calls:[\w-]{32}$/);
      expect(await stranger.pTTL(key)).toBeGreaterThan(0);
      await stranger.set(key, 'of another version');
    }
    expect(await takeAll('key 0', 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    stranger.destroy();
    redis.pause();
    expect(await durationOf(async () => limiters[0]?.take('key 2'))).toBeLessThan(60);
    await leftAlone(one);
    expect(await durationOf(async () => limiters[0]?.take('key 2'))).toBeLessThan(10);
    const waits: (number | undefined)[] = [];
    for (let count = 0; count < 5; count += 1) waits.push(await limiters[0]?.take('key 1'));
    expect(waits.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(waits[4]).toBeGreaterThan(50);
    redis.resume();
  });

  it('need no more rights than the manual says', async () => {
    const rights = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8');
    const [, commands = ''] = /needs `(\+@connection [^`]*)`/.exec(rights) ?? [];
    const places = ['~flag-events-gateway:*', '&flag-events-gateway:*'];
    await using strict = await startRedis(
      '--user',
      'gateway',
      'on',
      '>secret',
      'resetchannels',
      '-@all',
      ...commands.split(' '),
      ...places,
    );
    const url = strict.url.replace('//', '//gateway:secret@');
    const [one, other] = [share(url), share(url)];
    const heard = listen(other);
    await connected(one, other);
    one.bus.publish('topic', 'hello');
    await one.lease.hold('a', 1_000);
    await one.lease.release('a');
    await one.cache.set('page', 'text', { ttlMs: 1_000, bytes: 4 });
    expect(await other.cache.get('page')).toBe('text');
    await createRateLimiter({ perMinute: 4, createLimiter: one.createLimiter })?.take('key 0');
    await vi.waitFor(() => expect(heard).toEqual(['hello']));
    expect(troubles).toEqual([]);
  });

  it('do without one that has no memory left', async () => {
    await using full = await startRedis('--maxmemory', '1');
    const shared = share(full.url);
    await vi.waitFor(() => expect(shared.lease.hold('a', 1_000)).rejects.toThrow('OOM'), { timeout: 5_000 });
    await expect(shared.lease.hold('a', 1_000)).rejects.toThrow('OOM');
    expect(troubles).toHaveLength(1);
  });
});
