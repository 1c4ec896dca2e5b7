import { describe, expect, it } from 'vitest';
import { createAnswerStore, createSingleFlight } from '../../src/http/shared.ts';

const never = new AbortController().signal;

describe('a single flight', () => {
  it('makes one request for all who ask the same at the same time, and another for who asks later', async () => {
    const { load, once, take } = startFlights();
    const waiters = [once('a', never, load), once('a', never, load), once('b', never, load)];
    expect(load.calls).toBe(2);
    take(0).resolve('first');
    take(1).resolve('other');
    expect(await Promise.all(waiters)).toEqual(['first', 'first', 'other']);
    const later = once('a', never, load);
    take(2).resolve('again');
    expect([await later, load.calls]).toEqual(['again', 3]);
  });

  it('fails everybody who waits, and nobody who comes after', async () => {
    const { load, once, take } = startFlights();
    const waiters = [once('a', never, load), once('a', never, load)];
    take(0).reject(new Error('down'));
    expect(await Promise.allSettled(waiters)).toMatchObject([
      { reason: { message: 'down' } },
      { reason: { message: 'down' } },
    ]);
    const later = once('a', never, load);
    take(1).resolve('up');
    expect(await later).toBe('up');
  });

  it('goes on for the others when one of them gives up', async () => {
    const { load, once, take } = startFlights();
    const impatient = new AbortController();
    const waiters = [once('a', impatient.signal, load), once('a', never, load)];
    impatient.abort(new Error('gone'));
    await expect(waiters[0]).rejects.toThrow('gone');
    expect(take(0).signal.aborted).toBe(false);
    take(0).resolve('value');
    expect(await waiters[1]).toBe('value');
  });

  it('is given up when nobody waits any more; who comes then takes another', async () => {
    const { load, once, take } = startFlights();
    const impatient = new AbortController();
    const waiter = once('a', impatient.signal, load);
    impatient.abort(new Error('gone'));
    await expect(waiter).rejects.toThrow('gone');
    expect(take(0).signal.aborted).toBe(true);
    const later = once('a', never, load);
    take(1).resolve('value');
    expect(await later).toBe('value');
  });
});

describe('a store of answers', () => {
  it('is none when nothing is to be remembered', () => {
    expect(createAnswerStore(0)).toBeUndefined();
  });

  it('forgets the oldest when it is full, and never takes what does not hold', () => {
    const store = createAnswerStore(60_000);
    const bytes = 10 * 1024 * 1024;
    for (const key of ['a', 'b', 'c', 'd']) store?.set(key, { value: key, bytes, maxAgeMs: Number.POSITIVE_INFINITY });
    store?.set('e', { value: 'e', bytes: 1, maxAgeMs: 0 });
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => store?.get(key))).toEqual([undefined, 'b', 'c', 'd', undefined]);
  });
});

function startFlights() {
  const flights: { signal: AbortSignal; resolve(value: string): void; reject(error: Error): void }[] = [];
  const load = Object.assign(
    (signal: AbortSignal) => {
      const { promise, reject, resolve } = Promise.withResolvers<string>();
      flights.push({ signal, resolve, reject });
      load.calls += 1;
      return promise;
    },
    { calls: 0 },
  );
  const take = (index: number) => {
    const flight = flights[index];
    if (!flight) throw new Error(`There is no flight ${index}`);
    return flight;
  };
  return { once: createSingleFlight<string>(), load, take };
}
