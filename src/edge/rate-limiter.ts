/** The rate limit of one caller. */
import { RateLimiterRes } from 'rate-limiter-flexible';
import { type CreateLimiter, createMemoryLimiter } from '../store/limiter.ts';

export interface RateLimiter {
  /** Counts one request of this caller. Returns 0 if it is accepted, else the seconds to wait, rounded up. */
  take(caller: string): Promise<number>;
  /** Takes back one request that was counted: it turned out to be somebody else's. */
  giveBack(caller: string): Promise<void>;
}

const WINDOW_S = 60;

export interface RateLimiterOptions {
  perMinute: number;
  /** Where it is counted. @default this process: each of several replicas allows as much */
  createLimiter?: CreateLimiter | undefined;
}

/** `null` if there is no limit. */
export function createRateLimiter({
  createLimiter = createMemoryLimiter,
  perMinute,
}: RateLimiterOptions): RateLimiter | null {
  if (perMinute === 0) return null;
  const limiter = createLimiter({ points: perMinute, durationS: WINDOW_S });
  return {
    async take(caller) {
      try {
        await limiter.consume(caller);
        return 0;
      } catch (error) {
        if (error instanceof RateLimiterRes) return Math.max(1, Math.ceil(error.msBeforeNext / 1000));
        throw error;
      }
    },
    async giveBack(caller) {
      await limiter.reward(caller);
    },
  };
}
