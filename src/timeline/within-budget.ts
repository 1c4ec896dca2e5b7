/** Waiting for an upstream no longer than the request may. */
import { DeadlineError } from '../errors.ts';
import type { Budget } from '../model.ts';

/** Rejects with the reason of the budget's signal as soon as that is aborted, whatever `work` does then. */
export async function withinBudget<T>({ signal }: Budget, work: Promise<T>): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    throw signal.reason;
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
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
