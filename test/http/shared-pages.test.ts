import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Cache } from '../../src/store/cache.ts';
import { createMemoryCache } from '../../src/store/cache.ts';
import { ask, budget, connect, json, startVendor } from './vendor.ts';

const maxAgeMs = () => Number.POSITIVE_INFINITY;
const pageCacheMs = 60_000;

const answering = (value: unknown): Cache => ({ get: async () => value, set: async () => {} });

describe('pages that replicas share', () => {
  it('are asked for once, and given again until they end', async () => {
    await using vendor = await startVendor();
    const sharedPages = createMemoryCache({ maxBytes: 1_000 });
    for (let replica = 0; replica < 3; replica += 1) {
      await using upstream = connect(vendor.url, { pageCacheMs: 500, sharedPages });
      expect(await ask(upstream, { maxAgeMs })).toEqual({ ok: true });
      expect(await ask(upstream, { maxAgeMs })).toEqual({ ok: true });
    }
    expect(vendor.requests).toHaveLength(1);
    await wait(550);
    await using upstream = connect(vendor.url, { pageCacheMs: 500, sharedPages });
    await ask(upstream, { maxAgeMs });
    expect(vendor.requests).toHaveLength(2);
  });

  it('are neither looked for nor kept where nothing may be remembered', async () => {
    await using vendor = await startVendor();
    const sharedPages = createMemoryCache({ maxBytes: 1_000 });
    for (const own of [{}, { maxAgeMs: () => 0 }, { maxAgeMs, isFresh: true }]) {
      for (let replica = 0; replica < 2; replica += 1) {
        await using upstream = connect(vendor.url, { pageCacheMs, sharedPages });
        await ask(upstream, { path: `/${Object.keys(own)}`, ...own });
      }
    }
    await using without = connect(vendor.url, { sharedPages });
    await ask(without, { path: '/maxAgeMs,isFresh', maxAgeMs });
    expect(vendor.requests).toHaveLength(7);
  });

  it.for([
    'text',
    ' {"of":"another version"}',
    '{"of":"another version"}',
    `${Date.now() + pageCacheMs} {"of":`,
    `${Date.now() - 1} {"of":"the past"}`,
    `NaN {"of":"another version"}`,
    { of: 'another version' },
    7,
  ])('are left out where they are none: %j', async (value) => {
    await using vendor = await startVendor();
    await using upstream = connect(vendor.url, { pageCacheMs, sharedPages: answering(value) });
    expect(await ask(upstream, { maxAgeMs })).toEqual({ ok: true });
  });

  it('are believed no longer than if they were their own, whatever the clock of the other replica', async () => {
    await using vendor = await startVendor();
    const own = budget();
    await using upstream = connect(vendor.url, {
      pageCacheMs,
      sharedPages: answering(`${Date.now() + 1e9} {"of":"another replica"}`),
    });
    expect(await ask(upstream, { maxAgeMs, budget: own })).toEqual({ of: 'another replica' });
    expect(own.calls.believedUntil).toBeLessThanOrEqual(Date.now() + pageCacheMs);
  });

  it('cost one request no more than 50 ms, however many it reads, if they cannot be had', async () => {
    await using vendor = await startVendor(json({ ok: true }));
    const slow = (ms: number): Cache => ({ get: () => wait(ms, undefined), set: () => wait(ms) });
    const failing: Cache = {
      get: () => Promise.reject(new Error('gone')),
      set: () => Promise.reject(new Error('gone')),
    };
    const read = async (sharedPages?: Cache) => {
      await using upstream = connect(vendor.url, { pageCacheMs, ...(sharedPages && { sharedPages }) });
      const own = budget({ ms: 5_000, calls: 100 });
      const begun = performance.now();
      for (let page = 0; page < 20; page += 1) await ask(upstream, { path: `/${page}`, maxAgeMs, budget: own });
      return performance.now() - begun;
    };
    await read();
    const usual = await read();
    for (const sharedPages of [slow(10), slow(10_000), failing])
      expect((await read(sharedPages)) - usual).toBeLessThan(50);
  });
});
