/** Makes one request of several that ask for the same thing at the same time, and remembers its answer for a moment. */
import { LRUCache } from 'lru-cache';
import { type Allowance, allowanceOf, grant } from './allowance.ts';

/** An answer, how long its text was, and for how long at most it may be given again. */
export interface Answer {
  value: unknown;
  bytes: number;
  maxAgeMs: number;
}

/**
 * Where remembered answers are kept. This one is the process's own; another may stand behind a store that replicas share,
 * since an answer is JSON and keys hold no secret.
 */
export interface AnswerStore {
  get(key: string): unknown;
  set(key: string, answer: Answer): void;
}

const MAX_STORED_BYTES = 32 * 1024 * 1024;

/** `undefined` when nothing is to be remembered. */
export function createAnswerStore(maxAgeMs: number): AnswerStore | undefined {
  if (maxAgeMs <= 0) return undefined;
  const answers = new LRUCache<string, { value: unknown }>({ maxSize: MAX_STORED_BYTES, ttl: maxAgeMs });
  return {
    get: (key) => answers.get(key)?.value,
    set(key, { bytes, maxAgeMs: own, value }) {
      const ttl = Math.min(own, maxAgeMs);
      if (ttl > 0) answers.set(key, { value }, { size: Math.max(1, bytes), ttl });
    },
  };
}

/**
 * Runs `load` once for all callers with the same key at the same time. A caller's signal ends that caller's wait only;
 * the request itself is given up when nobody waits for it any more. It is made on the first caller's allowance.
 */
export function createSingleFlight<T>(): (
  key: string,
  signal: AbortSignal,
  load: (signal: AbortSignal) => Promise<T>,
) => Promise<T> {
  const flights = new Map<string, { result: Promise<T>; waiting: number; controller: AbortController }>();

  function takeOff(key: string, allowance: Allowance | undefined, load: (signal: AbortSignal) => Promise<T>) {
    const controller = new AbortController();
    if (allowance) grant(controller.signal, allowance);
    const result = load(controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    const flight = { result, waiting: 0, controller };
    flights.set(key, flight);
    return flight;
  }

  return async (key, signal, load) => {
    signal.throwIfAborted();
    const flight = flights.get(key) ?? takeOff(key, allowanceOf(signal), load);
    flight.waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([flight.result, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
      flight.waiting -= 1;
      // Still in the air, and nobody waits.
      if (flight.waiting === 0 && flights.get(key) === flight) {
        flights.delete(key);
        flight.controller.abort(signal.reason);
      }
    }
  };
}
