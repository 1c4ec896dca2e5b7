/**
 * Leaves alone what keeps failing. Each part of an account is judged by itself; the account as a whole is left alone only
 * while nothing of it answers.
 */
import type { Clock } from './clock.ts';

/** What a call's end says of the vendor. A call that was given up says nothing. */
export type Outcome = 'answered' | 'outage' | 'nothing';

export interface Breaker {
  /** Runs `call`, or throws what `refuse` makes while the part is left alone. */
  run<T>(part: string, call: () => Promise<T>): Promise<T>;
  /** False while the part, or every part that was asked lately, fails. */
  isHealthy(part?: string): boolean;
  /** How many parts are left alone, or are being tried, of those that somebody asks for. */
  broken(): number;
}

export interface BreakerOptions {
  clock: Pick<Clock, 'now'>;
  /** How long a broken part is left alone before one call may try it. */
  breakerMs: number;
  /** What an error of `call` says. */
  judge(error: unknown): Outcome;
  refuse(waitMs: number): Error;
}

interface Part {
  /** In a row. */
  outages: number;
  /** Until then it is left alone, Unix milliseconds; `null` if it is not broken. */
  brokenUntil: number | null;
  isOnTrial: boolean;
  /** Until a call has ended in a way that says something, nothing is known of it. */
  isKnown: boolean;
  askedAt: number;
}

/** So many calls without an answer, one after another, break a part. */
const OUTAGES_BEFORE_BREAK = 5;
/** A part that was asked longer ago than this before the latest call says nothing of the account. */
const LATELY_MS = 60_000;
const FORGOTTEN_AFTER_MS = 10 * 60_000;
/** How soon to come back while a trial is under way. */
const TRIAL_MS = 1_000;

export function createBreaker({ breakerMs, clock, judge, refuse }: BreakerOptions): Breaker {
  const parts = new Map<string, Part>();
  let latest = Number.NEGATIVE_INFINITY;

  const askedLately = () => [...parts.values()].filter(({ askedAt }) => askedAt > latest - LATELY_MS);

  function createPart(key: string, now: number): Part {
    for (const [other, { askedAt, isOnTrial }] of parts) {
      if (!isOnTrial && askedAt < now - FORGOTTEN_AFTER_MS) parts.delete(other);
    }
    const part = { outages: 0, brokenUntil: null, isOnTrial: false, isKnown: false, askedAt: now };
    parts.set(key, part);
    return part;
  }

  function report(part: Part, outcome: Outcome): void {
    if (outcome !== 'nothing') part.isKnown = true;
    if (outcome === 'answered') {
      part.outages = 0;
      part.brokenUntil = null;
    } else if (outcome === 'outage') {
      part.outages += 1;
      if (part.isOnTrial || part.outages >= OUTAGES_BEFORE_BREAK) part.brokenUntil = clock.now() + breakerMs;
    }
  }

  return {
    async run(key, call) {
      const now = clock.now();
      const known = parts.get(key);
      // A new part is judged by the account.
      const judged = known?.isKnown ? [known] : askedLately();
      const isTrial = isBroken(judged);
      const wait = isTrial ? waitForTrial(judged, now) : 0;
      if (wait > 0) throw refuse(wait);
      const part = known ?? createPart(key, now);
      latest = now;
      part.askedAt = now;
      if (isTrial) part.isOnTrial = true;
      try {
        const value = await call();
        report(part, 'answered');
        return value;
      } catch (error) {
        report(part, judge(error));
        throw error;
      } finally {
        if (isTrial) part.isOnTrial = false;
      }
    },
    isHealthy(part) {
      const asked = part === undefined ? askedLately() : [parts.get(part) ?? []].flat();
      const known = asked.filter(({ isKnown }) => isKnown);
      return known.length === 0 || known.some(({ outages }) => outages === 0);
    },
    broken() {
      const since = clock.now() - FORGOTTEN_AFTER_MS;
      return [...parts.values()].filter(({ askedAt, brokenUntil }) => brokenUntil !== null && askedAt > since).length;
    },
  };
}

function isBroken(parts: readonly Part[]): boolean {
  const known = parts.filter(({ isKnown }) => isKnown);
  return known.length > 0 && known.every(({ brokenUntil }) => brokenUntil !== null);
}

/** One call at a time finds out whether these are back. */
function waitForTrial(parts: readonly Part[], now: number): number {
  if (parts.some(({ isOnTrial }) => isOnTrial)) return TRIAL_MS;
  return Math.max(0, Math.max(...parts.map(({ brokenUntil }) => brokenUntil ?? 0)) - now);
}
