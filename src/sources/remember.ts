/**
 * Something a source has to ask its vendor for now and then, such as which version it talks to. What is known is given for
 * `maxAgeMs`. While there is an older answer, that one is given when a new one cannot be had, and the vendor is left alone
 * for a moment; without one, a failure is given again for `failureMs`.
 */
import { CallerGoneError } from '../errors.ts';
import type { Budget } from '../model.ts';

export interface RememberOptions {
  /** @default for ever */
  maxAgeMs?: number;
  /** @default 0, the next caller asks again */
  failureMs?: number;
}

/** How long an old answer is given before it is asked for again. */
const GRACE_MS = 30_000;

export interface Remembered<T> {
  /** Each caller asks on its own budget: what they ask at the same time is one request further down. */
  (budget: Budget): Promise<T>;
  /** What would be given without asking; `undefined` if there is nothing. */
  known(): T | undefined;
}

export function remember<T>(
  load: (budget: Budget) => Promise<T>,
  { failureMs = 0, maxAgeMs = Number.POSITIVE_INFINITY }: RememberOptions = {},
): Remembered<T> {
  let known: { value: T; until: number } | undefined;
  let failed: { error: unknown; until: number } | undefined;
  async function give(budget: Budget): Promise<T> {
    const now = Date.now();
    if (known && now < known.until) return known.value;
    if (!known && failed && now < failed.until) throw failed.error;
    try {
      const value = await load(budget);
      known = { value, until: Date.now() + maxAgeMs };
      return value;
    } catch (error) {
      if (known) {
        known = { ...known, until: Date.now() + GRACE_MS };
        return known.value;
      }
      // That a caller has gone says nothing of the vendor.
      if (!(error instanceof CallerGoneError)) failed = { error, until: Date.now() + failureMs };
      throw error;
    }
  }

  return Object.assign(give, {
    known: () => (known && Date.now() < known.until ? known.value : undefined),
  });
}
