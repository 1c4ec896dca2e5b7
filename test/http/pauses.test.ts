import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../src/store/bus.ts';
import { ask, budget, connect, failureOf, json, startVendor } from './vendor.ts';

const LIMITED = { code: 'UPSTREAM_RATE_LIMITED' };

describe('replicas that share a bus', () => {
  it('are not each refused by a vendor who wants no more calls', async () => {
    const bus = createMemoryBus();
    await using vendor = await startVendor(json({}, { status: 429, headers: { 'retry-after': '60' } }));
    await using one = connect(vendor.url, { bus });
    await using same = connect(vendor.url, { bus });
    await using other = connect(vendor.url, { bus, source: 'b' });
    for (const upstream of [one, same]) {
      const failure = await failureOf(ask(upstream, { budget: budget({ ms: 500 }) }));
      expect(failure).toMatchObject({ ...LIMITED, retryAfterSeconds: expect.any(Number) });
    }
    expect(vendor.requests).toHaveLength(1);
    await failureOf(ask(other, { budget: budget({ ms: 500 }) }));
    expect(vendor.requests).toHaveLength(2);
  });

  it('do not use up what is left of one route again, and ask other routes', async () => {
    const bus = createMemoryBus();
    const reset = String(Date.now() + 60_000);
    const headers = { 'x-ratelimit-route-limit': '5', 'x-ratelimit-route-remaining': '0', 'x-ratelimit-reset': reset };
    await using vendor = await startVendor(json({ ok: true }, { headers }));
    await using one = connect(vendor.url, { bus });
    await using other = connect(vendor.url, { bus });
    await ask(one, { path: '/a' });
    expect(await failureOf(ask(other, { path: '/a', budget: budget({ ms: 300 }) }))).toMatchObject(LIMITED);
    expect(vendor.requests).toEqual(['/a']);
    await ask(other, { path: '/b' });
    expect(vendor.requests).toEqual(['/a', '/b']);
  });

  it('go on when the pause is over', async () => {
    const bus = createMemoryBus();
    await using vendor = await startVendor();
    await using upstream = connect(vendor.url, { bus });
    bus.publish('rate-limit pauses', { by: 'another', source: 'a', route: null, forMs: 300 });
    const begun = performance.now();
    expect(await ask(upstream, { budget: budget({ ms: 2_000 }) })).toEqual({ ok: true });
    expect(performance.now() - begun).toBeGreaterThan(250);
  });

  it.for([
    null,
    'wait',
    { by: 'another', source: 'a', route: null },
    { by: 'another', source: 'a', route: null, forMs: -1 },
    { by: 'another', source: 'a', route: null, forMs: 1e9 },
    { by: 'another', source: 'a', route: 'x'.repeat(2_000), forMs: 1_000 },
    { by: 'another', source: 'b', route: null, forMs: 60_000 },
  ])('ignore what is no pause of theirs: %j', async (message) => {
    const bus = createMemoryBus();
    await using vendor = await startVendor();
    await using upstream = connect(vendor.url, { bus });
    bus.publish('rate-limit pauses', message);
    await wait(1);
    expect(await ask(upstream, { budget: budget({ ms: 300 }) })).toEqual({ ok: true });
  });
});
