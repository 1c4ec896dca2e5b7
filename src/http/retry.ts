/**
 * When a read is worth another try, and how long to wait before it. A rate limit concerns the whole account, so the pause
 * it asks for holds for every request to the source.
 */
import { UpstreamError } from '../errors.ts';
import { allowanceOf } from './allowance.ts';
import type { Clock } from './clock.ts';

export interface Attempt {
  /** From 1. */
  number: number;
  error: UpstreamError;
}

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const JITTER = 0.25;

export interface Retry {
  run<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T>;
  /** Holds back every further request until then, Unix milliseconds. */
  pause(until: number): void;
}

/** Only for reads: what is tried again has no effect to repeat. */
export function createRetry(name: string, clock: Clock, random: () => number = Math.random): Retry {
  let pausedUntil = Number.NEGATIVE_INFINITY;

  async function observePause(signal: AbortSignal): Promise<void> {
    const wait = pausedUntil - clock.now();
    if (wait <= 0) return;
    if (wait > timeLeft(signal, clock)) throw rateLimited(name, wait);
    await clock.sleep(wait, signal);
  }

  const pause = (until: number) => {
    pausedUntil = Math.max(pausedUntil, Math.min(until, clock.now() + LONGEST_WAIT_MS * (1 + JITTER)));
  };

  async function run<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let number = 1; ; number += 1) {
      await observePause(signal);
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof UpstreamError) || !isWorthRetrying({ number, error })) throw error;
        const wait = withJitter(waitBefore({ number, error }), random);
        const isLimit = error.code === 'UPSTREAM_RATE_LIMITED';
        if (isLimit) pause(clock.now() + wait);
        if (number >= MAX_ATTEMPTS || wait > timeLeft(signal, clock)) throw isLimit ? rateLimited(name, wait) : error;
        if (!isLimit) await clock.sleep(wait, signal);
      }
    }
  }

  return { run, pause };
}

function isWorthRetrying({ error: { code, status }, number }: Attempt): boolean {
  if (code === 'UPSTREAM_RATE_LIMITED') return true;
  if (code !== 'UPSTREAM_UNAVAILABLE') return false;
  // Without a status there was no answer; a 500 may be one bad row and will stay.
  return status === undefined || [502, 503, 504].includes(status) || (status === 500 && number === 1);
}

function waitBefore({ error, number }: Attempt): number {
  const asked = error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000;
  return Math.min(asked ?? FIRST_WAIT_MS * 2 ** (number - 1), LONGEST_WAIT_MS);
}

function withJitter(wait: number, random: () => number): number {
  return Math.round(wait * (1 + JITTER * random()));
}

function timeLeft(signal: AbortSignal, clock: Clock): number {
  return (allowanceOf(signal)?.expiresAt ?? Number.POSITIVE_INFINITY) - clock.now();
}

function rateLimited(name: string, wait: number): UpstreamError {
  return new UpstreamError('UPSTREAM_RATE_LIMITED', `${name} limits the rate of requests.`, {
    status: 429,
    retryAfterSeconds: Math.ceil(wait / 1000),
  });
}
