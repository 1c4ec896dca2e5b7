/** One rate limit as far as it is known, with the calls on their way deducted. */
import type { RateLimit } from './rate-limit.ts';

export interface Limit {
  /** How many calls may be sent now. `Infinity` while nothing is known. */
  left(now: number): number;
  /** When an exhausted limit lets calls through again, Unix milliseconds; 0 if it is not exhausted. */
  opensAt(now: number): number;
  /** A call is sent. */
  take(): void;
  /** A call was answered; `said` is what the answer said of this limit, `null` for nothing. */
  note(said: RateLimit | null, now: number): void;
  /** A call ended without an answer: it may have been counted. */
  lose(): void;
  /** A call was not sent after all. */
  giveBack(): void;
  /** Lets nothing through until then. */
  hold(until: number): void;
}

/** A `Date` header has whole seconds, so the resets that answers name for one window differ by up to one. */
const SAME_WINDOW_MS = 2_000;

export function createLimit(): Limit {
  let known: RateLimit | undefined;
  let inFlight = 0;

  /** Once the window is over the limit is whole again, as far as anybody knows. */
  function current(now: number): RateLimit | undefined {
    if (known?.resetsAt != null && known.resetsAt <= now) {
      known = { limit: known.limit, remaining: known.limit ?? 1, resetsAt: null };
    }
    return known;
  }

  function toKnown(said: RateLimit, now: number): RateLimit | undefined {
    const before = current(now)?.resetsAt ?? null;
    const after = said.resetsAt;
    // Without a time at which it ends, a limit cannot be waited for.
    if (after === null || after <= now) return before === null ? undefined : known;
    if (before === null || known === undefined || after > before + SAME_WINDOW_MS) return said;
    if (after < before - SAME_WINDOW_MS) return known;
    // Answers overtake each other.
    return { limit: said.limit, remaining: Math.min(said.remaining, known.remaining), resetsAt: before };
  }

  return {
    left: (now) => (current(now)?.remaining ?? Number.POSITIVE_INFINITY) - inFlight,
    opensAt(now) {
      const limit = current(now);
      return limit && limit.remaining <= 0 ? (limit.resetsAt ?? 0) : 0;
    },
    take() {
      inFlight += 1;
    },
    note(said, now) {
      inFlight -= 1;
      if (said !== null) known = toKnown(said, now);
      else if (current(now)?.resetsAt === null) known = undefined;
    },
    lose() {
      inFlight -= 1;
      if (known?.resetsAt != null) known = { ...known, remaining: Math.max(0, known.remaining - 1) };
    },
    giveBack() {
      inFlight -= 1;
    },
    hold(until) {
      known = { limit: 1, remaining: 0, resetsAt: Math.max(until, known?.resetsAt ?? 0) };
    },
  };
}
