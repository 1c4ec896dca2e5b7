import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../src/store/cache.ts';

const MINUTE = 60_000;

describe('a cache in memory', () => {
  it('gives back the very object it was given, until its time is over', async () => {
    const cache = createMemoryCache({ maxBytes: 100 });
    const value = { events: [1] };
    await cache.set('a', value, { ttlMs: 30, bytes: 10 });
    expect(await cache.get('a')).toBe(value);
    await expect.poll(() => cache.get('a')).toBeUndefined();
  });

  it('forgets what was used least recently when it is full', async () => {
    const cache = createMemoryCache({ maxBytes: 30 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key, { ttlMs: MINUTE, bytes: 10 });
    await cache.get('a');
    await cache.set('d', 'd', { ttlMs: MINUTE, bytes: 10 });
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(cache.get))).toEqual(['a', undefined, 'c', 'd']);
  });

  it('keeps neither what holds for no time nor what is larger than all of it', async () => {
    const cache = createMemoryCache({ maxBytes: 30 });
    await cache.set('a', 'a', { ttlMs: 0, bytes: 1 });
    await cache.set('b', 'b', { ttlMs: -5, bytes: 1 });
    await cache.set('c', 'c', { ttlMs: MINUTE, bytes: 31 });
    expect(await Promise.all(['a', 'b', 'c'].map(cache.get))).toEqual([undefined, undefined, undefined]);
  });

  it('sets no timer that a caller or the end of the process would wait for', async () => {
    const cache = createMemoryCache({ maxBytes: 30 });
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await cache.set('a', 'a', { ttlMs: MINUTE, bytes: 1 });
    await cache.get('a');
    expect(timers()).toBe(before);
  });
});
