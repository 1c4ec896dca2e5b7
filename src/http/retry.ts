/** When a read is worth another try, and how long to wait before it. */
import { UpstreamError } from '../errors.ts';
import type { Budget } from '../model.ts';
import type { Clock } from './clock.ts';
import { isUnanswered } from './failure.ts';

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
const JITTER = 0.25;

/** Only for reads: what is tried again has no effect to repeat. Never waits beyond the deadline. */
export type Retry = <T>(budget: Budget, attempt: () => Promise<T>) => Promise<T>;

export interface RetryOptions {
  clock: Clock;
  /** Nothing is tried again once this is true. @default never */
  isClosed?: () => boolean;
  /** Told of each time that something is tried again. @default nobody is told */
  onRetry?: (() => void) | undefined;
  /** @default Math.random */
  random?: () => number;
}

export function createRetry({ clock, isClosed = () => false, onRetry, random = Math.random }: RetryOptions): Retry {
  return async (budget, attempt) => {
    for (let number = 1; ; number += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof UpstreamError) || number >= MAX_ATTEMPTS || isClosed()) throw error;
        if (!isWorthRetrying(error, number)) throw error;
        const wait = waitBefore(error, number, random);
        // The failure says more than that there is no time or no call left to try again.
        if (clock.now() + wait > budget.deadline || budget.calls.made >= budget.calls.limit) throw error;
        if (wait > 0) await clock.sleep(wait, budget.signal);
        onRetry?.();
      }
    }
  };
}

function isWorthRetrying({ code, isTooLarge, status }: UpstreamError, number: number): boolean {
  // Without a status it was not sent: the limit lasts beyond the deadline.
  if (code === 'UPSTREAM_RATE_LIMITED') return status !== undefined;
  if (code !== 'UPSTREAM_UNAVAILABLE' || isTooLarge) return false;
  // A 500 may be one bad row and will stay.
  return isUnanswered(status) || (status === 500 && number === 1);
}

function waitBefore({ code, retryAfterSeconds }: UpstreamError, number: number, random: () => number): number {
  // The gate knows when a limit ends, and who comes first then.
  if (code === 'UPSTREAM_RATE_LIMITED') return 0;
  const wait = retryAfterSeconds === undefined ? FIRST_WAIT_MS * 2 ** (number - 1) : retryAfterSeconds * 1000;
  return Math.round(wait * (1 + JITTER * random()));
}
