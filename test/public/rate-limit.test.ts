import { describe, expect, it } from 'vitest';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const QUERY = '{ flagEvents(first: 1) { nodes { __typename } } }';
const [ONE, OTHER] = ['canary-key-of-the-first', 'canary-key-of-the-second'] as const;

/** Status of this many requests, one after another. */
async function statuses(gateway: PublicGateway, count: number, headers: Record<string, string>): Promise<number[]> {
  const all: number[] = [];
  while (all.length < count) all.push((await gateway.ask(QUERY, { headers })).status);
  return all;
}

describe('RATE_LIMIT_PER_MINUTE', () => {
  it('lets each key have its requests, however it is sent, and tells how long to wait for the next', async () => {
    await using gateway = await startPublicGateway({
      env: { API_KEYS: `${ONE},${OTHER}`, RATE_LIMIT_PER_MINUTE: '3' },
    });
    expect(await statuses(gateway, 2, { 'x-api-key': ONE })).toEqual([200, 200]);
    expect(await statuses(gateway, 1, { authorization: `Bearer ${ONE}` })).toEqual([200]);
    gateway.unleash.requests.length = 0;
    const refused = await gateway.ask(QUERY, { headers: { 'x-api-key': ONE } });
    expect([refused.status, refused.code]).toEqual([429, 'RATE_LIMITED']);
    const seconds = refused.answer.errors?.[0]?.extensions?.retryAfterSeconds;
    expect(refused.headers['retry-after']).toBe(String(seconds));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(gateway.unleash.requests).toEqual([]);
    expect(await statuses(gateway, 1, { 'x-api-key': OTHER })).toEqual([200]);
  });

  it('counts those without a good key by their address, so that keys cannot be tried out', async () => {
    await using gateway = await startPublicGateway({ env: { API_KEYS: ONE, RATE_LIMIT_PER_MINUTE: '3' } });
    const tried = [];
    for (const key of ['a', 'b', 'c', 'd']) tried.push(...(await statuses(gateway, 1, { 'x-api-key': key })));
    expect(tried).toEqual([401, 401, 401, 429]);
    expect(await statuses(gateway, 1, { 'x-api-key': ONE })).toEqual([200]);
  });

  it('believes no header about where somebody is', async () => {
    await using gateway = await startPublicGateway({ env: { RATE_LIMIT_PER_MINUTE: '2' } });
    const seen = [];
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      seen.push(...(await statuses(gateway, 1, { 'x-forwarded-for': address, forwarded: `for=${address}` })));
    }
    expect(seen).toEqual([200, 200, 429]);
  });

  it('counts requests that are refused for other reasons, and neither health nor the page of GraphiQL', async () => {
    await using gateway = await startPublicGateway({ env: { RATE_LIMIT_PER_MINUTE: '2' } });
    const open = [{ path: '/live' }, { path: '/ready' }, { path: '/graphql', headers: { accept: 'text/html' } }];
    for (const each of [...open, ...open]) expect((await gateway.request(each)).status).toBe(200);
    for (let count = 0; count < 2; count += 1) expect((await gateway.ask('{')).status).toBe(400);
    expect((await gateway.ask('{')).status).toBe(429);
    for (const each of open) expect((await gateway.request(each)).status).toBe(200);
  });

  it('is no limit when it is 0', async () => {
    await using gateway = await startPublicGateway({ env: { RATE_LIMIT_PER_MINUTE: '0' } });
    const sent = await Promise.all(Array.from({ length: 700 }, () => gateway.ask('{ __typename }')));
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
