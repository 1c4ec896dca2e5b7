/** Counts requests of callers for all replicas in Redis, and in this process alone while Redis does not answer. */
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { CreateLimiter } from '../limiter.ts';
import type { Connection } from './connection.ts';
import type { Namespace } from './namespace.ts';

/** A request is counted twice at most, and then waits for pages: 50 ms for all of it. In milliseconds. */
const LIMIT_MS = 15;

export function createRedisLimiter(connection: Connection, { keyOf }: Namespace): CreateLimiter {
  return ({ durationS: duration, points }) => {
    const limiter = new RateLimiterRedis({
      storeClient: {
        eval: (script: string, options: { keys: string[]; arguments: string[] }) =>
          connection.ask((client) => client.eval(script, options), LIMIT_MS),
      },
      useRedisPackage: true,
      keyPrefix: '',
      points,
      duration,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix: '', points, duration }),
    });
    return {
      consume: (caller) => limiter.consume(keyOf('calls', caller)),
      // Nobody waits for it; what is asked after it comes after it.
      async reward(caller) {
        limiter.reward(keyOf('calls', caller)).catch(() => {});
      },
    };
  };
}
