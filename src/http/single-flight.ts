/** Makes one request of several that ask for the same thing at the same time. */
import type { Budget, CallCount } from '../model.ts';

/**
 * Runs `load` once for all callers with the same key at the same time. A caller's signal ends that caller's wait only. The
 * budget that `load` gets is aborted when nobody waits any more, and its deadline is that of the most patient caller.
 */
export type SingleFlight<T> = (key: string, budget: Budget, load: (budget: Budget) => Promise<T>) => Promise<T>;

interface Flight<T> {
  result: Promise<T>;
  waits: Set<{ budget: Budget }>;
  controller: AbortController;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  function takeOff(key: string, starter: Budget, load: (budget: Budget) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const waits: Flight<T>['waits'] = new Set();
    const budget = sharedBudget(waits, starter, controller.signal);
    // After this function, when the starter is among those who wait.
    const result = Promise.resolve().then(() => load(budget));
    const flight = { result, waits, controller };
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    result.then(land, land);
    flights.set(key, flight);
    return flight;
  }

  return (key, budget, load) => {
    const { signal } = budget;
    if (signal.aborted) return Promise.reject(signal.reason);
    const flight = flights.get(key) ?? takeOff(key, budget, load);
    const wait = { budget };
    flight.waits.add(wait);

    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', giveUp);
        flight.waits.delete(wait);
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
        if (flight.waits.size > 0 || flights.get(key) !== flight) return;
        flights.delete(key);
        flight.controller.abort(signal.reason);
      };
      signal.addEventListener('abort', giveUp);
      flight.result.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error) => {
          leave();
          reject(error);
        },
      );
    });
  };
}

/** As patient as the most patient of those who wait. A call is paid by the first of them who can. */
function sharedBudget(waits: Flight<unknown>['waits'], starter: Budget, signal: AbortSignal): Budget {
  const payer = (): CallCount => {
    const counts = [...waits].map(({ budget }) => budget.calls);
    return counts.find(({ limit, made }) => made < limit) ?? counts[0] ?? starter.calls;
  };
  return {
    signal,
    get deadline() {
      return Math.max(...[...waits].map(({ budget }) => budget.deadline));
    },
    calls: {
      get made() {
        return payer().made;
      },
      set made(made) {
        payer().made = made;
      },
      get limit() {
        return payer().limit;
      },
    },
  };
}
