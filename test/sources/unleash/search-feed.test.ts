import { describe, expect, it } from 'vitest';
import { startUnleashSandbox, type UnleashSandbox } from '../../../src/sources/unleash/sandbox.ts';
import { startGateway } from '../../support/gateway.ts';
import { startTamperingProxy } from '../../support/tampering-proxy.ts';
import { idsOf, walk } from '../../support/walk.ts';

const MINUTE = 60_000;
const NOW = Date.now();

describe('Unleash’s search', () => {
  // Pages are found by offset: a row that came twice was counted twice, and the one after it was passed over.
  it('is read to its end although pages are shorter than asked for, with rows that come twice', async () => {
    await using sandbox = await startWith(120);
    await using proxy = await startTamperingProxy(sandbox.url);
    await using gateway = await startGateway([{ ...entryOf(sandbox), url: proxy.url }]);
    sandbox.faults.always({ kind: 'duplicated' });
    proxy.tamper({
      ask({ query }) {
        if (query.has('limit')) query.set('limit', '6');
      },
    });
    for (const way of ['older', 'newer'] as const) {
      expect(idsOf(await walk(gateway, { size: 10, way }), way)).toEqual(truth(sandbox));
    }
  });

  // A bad event has the rest of its millisecond read in parts, and parts of two sequences do not make up the whole.
  it('says how many events it may have missed where a server has no certain order and a bad event', async () => {
    await using sandbox = await startUnleashSandbox({ events: [], version: '7.0.4' });
    for (let index = 0; index < 64; index += 1) sandbox.insert({ type: 'feature-created', createdAtMicros: 1e15 });
    await using gateway = await startGateway([entryOf(sandbox)]);
    sandbox.faults.always({ kind: 'poison', id: 20 });
    sandbox.faults.always({ kind: 'shuffled-ties' });
    const { data } = await gateway.query<{ flagEvents: { nodes: object[]; sources: { skippedEvents: number }[] } }>(
      '{ flagEvents(first: 100) { nodes { id } sources { skippedEvents } } }',
    );
    const given = data?.flagEvents.nodes.length ?? 0;
    expect(given).toBeLessThan(63);
    expect(given + (data?.flagEvents.sources[0]?.skippedEvents ?? 0)).toBeGreaterThanOrEqual(64);
  });

  // It was then taken for a server of before 6.1, for ten minutes: walks ended at its hundredth event.
  it('is there again once the server is where it was', async () => {
    await using sandbox = await startWith(150);
    await using gateway = await startGateway([entryOf(sandbox)]);
    sandbox.faults.always({ kind: 'status', status: 404 });
    await expect(walk(gateway, { size: 100 })).rejects.toThrow('UPSTREAM_UNAVAILABLE');
    sandbox.faults.clear();
    expect(idsOf(await walk(gateway, { size: 100 }))).toEqual(truth(sandbox));
  });
});

function startWith(count: number): Promise<UnleashSandbox> {
  const nothing = { data: null, preData: null, tags: [], featureName: null, project: null, environment: null };
  const events = Array.from({ length: count }, (_, index) => ({
    ...{ id: index + 1, type: 'feature-created', createdBy: 'admin', createdByUserId: 1, ...nothing },
    createdAtMicros: (NOW - (count - index) * MINUTE) * 1000,
  }));
  return startUnleashSandbox({ events });
}

function truth(sandbox: UnleashSandbox): string[] {
  return sandbox.events().map(({ id }) => String(id));
}

function entryOf({ token, url }: UnleashSandbox) {
  return { vendor: 'unleash', apiToken: token, url };
}
