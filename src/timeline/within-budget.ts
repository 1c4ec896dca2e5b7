/** Waiting for an upstream no longer than the request may. */
import { DeadlineError } from '../errors.ts';
import type { Budget } from '../model.ts';

/** Rejects with the reason of the budget's signal as soon as that is aborted, whatever `work` does then. */
export function withinBudget<T>({ signal }: Budget, work: Promise<T>): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(signal.reason);
  }
  const waits = waitsFor(signal);
  return new Promise((resolve, reject) => {
    waits.add(reject);
    work.then(
      (value) => {
        waits.delete(reject);
        resolve(value);
      },
      (error) => {
        waits.delete(reject);
        reject(error);
      },
    );
  });
}

type Reject = (reason: unknown) => void;
const waitsBySignal = new WeakMap<AbortSignal, Set<Reject>>();

/** One listener for a signal, whoever waits: a page waits twice for each feed, and listeners are dear. */
function waitsFor(signal: AbortSignal): Set<Reject> {
  const known = waitsBySignal.get(signal);
  if (known) return known;
  const waits = new Set<Reject>();
  waitsBySignal.set(signal, waits);
  const end = () => {
    for (const reject of waits) reject(signal.reason);
  };
  signal.addEventListener('abort', end, { once: true });
  return waits;
}

/**
 * Does something that the answer can do without, in a part of the time that is left, so that the rest of the answer has the
 * remaining time.
 */
export async function withShareOf<T>(budget: Budget, share: number, work: (budget: Budget) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const end = () => controller.abort(budget.signal.reason);
  const left = Math.max(0, budget.deadline - Date.now()) * share;
  const timer = setTimeout(() => controller.abort(new DeadlineError()), left);
  budget.signal.addEventListener('abort', end, { once: true });
  const part = { signal: controller.signal, deadline: Date.now() + left, calls: budget.calls };
  try {
    return await withinBudget(part, work(part));
  } finally {
    clearTimeout(timer);
    budget.signal.removeEventListener('abort', end);
  }
}
