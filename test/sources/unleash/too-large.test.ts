import { describe, expect, it } from 'vitest';
import { startUnleashSandbox } from '../../../src/sources/unleash/sandbox.ts';
import { startGateway } from '../../support/gateway.ts';
import { idsOf, walk } from '../../support/walk.ts';

/** One event more than the gateway takes in a whole answer. */
const TOO_MUCH = 33 * 1024 * 1024;
const START = Date.UTC(2026, 2, 1) * 1_000;

describe('an event too large for any page', () => {
  it('is left out and counted as skipped, and all others come, both ways', async () => {
    await using sandbox = await startUnleashSandbox({ events: [] });
    for (let index = 0; index < 60; index += 1) {
      const data = { features: index === 40 ? 'x'.repeat(TOO_MUCH) : index };
      sandbox.insert({ type: 'features-exported', data, createdAtMicros: START + 1_000_000 * index });
    }
    const large = sandbox.events()[19];
    const entry = { vendor: 'unleash', url: sandbox.url, apiToken: sandbox.token };
    await using gateway = await startGateway([entry], { requestTimeoutMs: 60_000 });
    const others = sandbox.events().flatMap(({ id }) => (id === large?.id ? [] : [String(id)]));
    for (const way of ['older', 'newer'] as const) {
      expect(idsOf(await walk(gateway, { size: 100, way }), way)).toEqual(others);
    }
    const { data: told } = await gateway.query('{ flagEvents(first: 50) { sources { status skippedEvents } } }');
    expect(told).toEqual({ flagEvents: { sources: [{ status: 'OK', skippedEvents: 1 }] } });
  });
});
