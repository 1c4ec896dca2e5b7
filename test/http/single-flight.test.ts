import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSingleFlight } from '../../src/http/single-flight.ts';
import type { Budget } from '../../src/model.ts';
import { ask, budget, connect, failureOf, json, startVendor } from './vendor.ts';

describe('a single flight', () => {
  it('makes one request for all who ask the same at the same time, and another for who asks later', async () => {
    const { load, once, take } = startFlights();
    const waiters = [once('a', budget(), load), once('a', budget(), load), once('b', budget(), load)];
    (await take(0)).resolve('first');
    (await take(1)).resolve('other');
    expect(await Promise.all(waiters)).toEqual(['first', 'first', 'other']);
    const later = once('a', budget(), load);
    (await take(2)).resolve('again');
    expect([await later, load.calls]).toEqual(['again', 3]);
  });

  it('fails everybody who waits, and nobody who comes after', async () => {
    const { load, once, take } = startFlights();
    const waiters = [once('a', budget(), load), once('a', budget(), load)];
    (await take(0)).reject(new Error('down'));
    expect(await Promise.allSettled(waiters)).toMatchObject([
      { reason: { message: 'down' } },
      { reason: { message: 'down' } },
    ]);
    const later = once('a', budget(), load);
    (await take(1)).resolve('up');
    expect(await later).toBe('up');
  });

  it('goes on for the others when the one who began it gives up', async () => {
    const { load, once, take } = startFlights();
    const impatient = budget();
    const waiters = [once('a', impatient, load), once('a', budget(), load)];
    impatient.leave();
    await expect(waiters[0]).rejects.toThrow('gone');
    expect((await take(0)).budget.signal.aborted).toBe(false);
    (await take(0)).resolve('value');
    expect(await waiters[1]).toBe('value');
  });

  it('is given up when nobody waits any more; who comes then takes another', async () => {
    const { load, once, take } = startFlights();
    const impatient = budget();
    const waiter = once('a', impatient, load);
    await take(0);
    impatient.leave();
    await expect(waiter).rejects.toThrow('gone');
    expect((await take(0)).budget.signal.aborted).toBe(true);
    const later = once('a', budget(), load);
    (await take(1)).resolve('value');
    expect(await later).toBe('value');
  });

  it('is as patient as the most patient of those who wait now', async () => {
    const { load, once, take } = startFlights();
    const [hurried, patient] = [budget({ ms: 300 }), budget({ ms: 9_000 })];
    const waiters = [once('a', hurried, load), once('a', patient, load)];
    const flight = await take(0);
    expect(flight.budget.deadline).toBe(patient.deadline);
    patient.leave();
    await expect(waiters[1]).rejects.toThrow('gone');
    expect(flight.budget.deadline).toBe(hurried.deadline);
    flight.resolve('value');
    await waiters[0];
  });

  it('is paid by somebody who still waits and can pay', async () => {
    const { load, once, take } = startFlights();
    const [first, second, poor] = [budget(), budget(), budget({ calls: 0 })];
    const waiters = [once('a', poor, load), once('a', first, load), once('a', second, load)];
    const settled = Promise.allSettled(waiters);
    const { calls } = (await take(0)).budget;
    calls.made += 1;
    first.leave();
    calls.made += 1;
    expect([poor, first, second].map((each) => each.calls.made)).toEqual([0, 1, 1]);
    (await take(0)).resolve('value');
    await settled;
  });

  it('leaves no listener behind, whichever way it ends', async () => {
    const { load, once, take } = startFlights();
    const budgets = [budget(), budget(), budget()];
    const [first, second, third] = budgets as [ReturnType<typeof budget>, Budget, Budget];
    const waiters = [once('a', first, load), once('a', second, load), once('b', third, load)];
    const settled = Promise.allSettled(waiters);
    first.leave();
    (await take(0)).resolve('value');
    (await take(1)).reject(new Error('down'));
    await settled;
    expect(budgets.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
  });
});

describe('two callers of one request', () => {
  it('of whom one has little time: it fails alone, and the other gets the answer', async () => {
    await using vendor = await startVendor((response) => setTimeout(() => json({ ok: true })(response), 250));
    await using upstream = connect(vendor.url);
    const hurried = failureOf(ask(upstream, { budget: budget({ ms: 60 }) }));
    const patient = ask(upstream);
    expect(await hurried).toMatchObject({ code: 'UPSTREAM_TIMEOUT', message: 'A vendor did not answer in time.' });
    expect(await patient).toEqual({ ok: true });
    expect(vendor.requests).toHaveLength(1);
  });

  it('of whom the first has no time to try again: the other has', async () => {
    await using vendor = await startVendor((response, number) =>
      number === 1 ? json({}, { status: 503 })(response) : json({ ok: true })(response),
    );
    await using upstream = connect(vendor.url);
    const hurried = failureOf(ask(upstream, { budget: budget({ ms: 300 }) }));
    const patient = budget();
    expect(await ask(upstream, { budget: patient })).toEqual({ ok: true });
    expect((await hurried).name).toBe('UpstreamError');
    expect([vendor.requests.length, patient.calls.made]).toEqual([2, 1]);
  });

  it('both gone: the request is ended at the vendor', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    await using vendor = await startVendor((response) => void response.once('close', resolve));
    await using upstream = connect(vendor.url);
    const budgets = [budget(), budget()];
    const failures = budgets.map((each) => failureOf(ask(upstream, { budget: each })));
    await expect.poll(() => vendor.requests.length).toBe(1);
    for (const each of budgets) each.leave();
    expect((await Promise.all(failures)).map(({ name }) => name)).toEqual(['AbortError', 'AbortError']);
    await closed;
    await delay(0);
    expect(upstream.isHealthy()).toBe(true);
  });
});

function startFlights() {
  const flights: { budget: Budget; resolve(value: string): void; reject(error: Error): void }[] = [];
  const load = Object.assign(
    (own: Budget) => {
      const { promise, reject, resolve } = Promise.withResolvers<string>();
      flights.push({ budget: own, resolve, reject });
      load.calls += 1;
      return promise;
    },
    { calls: 0 },
  );
  const take = async (index: number) => {
    await delay(0);
    const flight = flights[index];
    if (!flight) throw new Error(`There is no flight ${index}`);
    return flight;
  };
  return { once: createSingleFlight<string>(), load, take };
}
