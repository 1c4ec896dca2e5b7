/** Where requests of callers are counted. In memory here; replicas may share one that lives elsewhere. */
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

/** As of rate-limiter-flexible: rejects with a `RateLimiterRes` if there were more in the window. */
export interface Limiter {
  consume(key: string): Promise<RateLimiterRes>;
  reward(key: string): Promise<unknown>;
}

export type CreateLimiter = (options: { points: number; durationS: number }) => Limiter;

export const createMemoryLimiter: CreateLimiter = ({ durationS, points }) =>
  new RateLimiterMemory({ points, duration: durationS });
