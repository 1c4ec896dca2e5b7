import { describe, expect, it, vi } from 'vitest';
import { BODY_CANARY, type PublicGateway, startPublicGateway, TOKEN_CANARY } from '../support/public-gateway.ts';

const QUERY = '{ flagEvents(first: 1) { sources { status } } }';

async function check(gateway: PublicGateway, path: string): Promise<[status: number, body: string]> {
  const { body, status } = await gateway.request({ path });
  return [status, body];
}

describe('/live', () => {
  it('is true and empty, whatever the sources do', async () => {
    await using gateway = await startPublicGateway();
    expect(await check(gateway, '/live')).toEqual([200, '']);
    gateway.unleash.faults.always({ kind: 'status', status: 503, body: { message: BODY_CANARY } });
    await gateway.ask(QUERY);
    expect(await check(gateway, '/live')).toEqual([200, '']);
  });
});

describe('/ready', () => {
  it('is true as long as no source was tried, and tries none', async () => {
    await using gateway = await startPublicGateway();
    gateway.unleash.faults.always({ kind: 'status', status: 503, body: { message: BODY_CANARY } });
    expect(await check(gateway, '/ready')).toEqual([200, '']);
    expect(gateway.unleash.requests).toEqual([]);
  });

  it('is false once no source answers, says nothing of why, and finds out by itself when one is back', async () => {
    await using gateway = await startPublicGateway();
    const outage = gateway.unleash.faults.always({ kind: 'status', status: 503, body: { message: BODY_CANARY } });
    await gateway.ask(QUERY);
    expect(await check(gateway, '/ready')).toEqual([503, '']);
    outage[Symbol.dispose]();
    await vi.waitFor(async () => expect(await check(gateway, '/ready')).toEqual([200, '']));
  });

  it('is true as long as one of several sources answers', async () => {
    const url = 'http://127.0.0.1:1';
    await using gateway = await startPublicGateway({
      others: [{ vendor: 'unleash', id: 'unleash-down', url, apiToken: TOKEN_CANARY }],
    });
    const { answer } = await gateway.ask('{ flagEvents(first: 1) { sources { status } } }');
    expect(answer.data).toEqual({ flagEvents: { sources: [{ status: 'OK' }, { status: 'FAILED' }] } });
    expect(await check(gateway, '/ready')).toEqual([200, '']);
  });

  it('is false from the moment on that the gateway shuts down, while requests in progress are answered', async () => {
    await using gateway = await startPublicGateway();
    gateway.unleash.faults.always({ kind: 'slow', ms: 300 });
    const inProgress = gateway.ask(QUERY);
    await vi.waitUntil(() => gateway.unleash.requests.length > 0);
    const stopped = gateway.shutDown({ delayMs: 100, graceMs: 5_000 });
    expect(await check(gateway, '/ready')).toEqual([503, '']);
    expect((await gateway.ask('{ __typename }')).headers.connection).toBe('close');
    expect(await inProgress).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await stopped;
    await expect(check(gateway, '/ready')).rejects.toThrow();
  });
});
