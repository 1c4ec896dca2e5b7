/** All that replicas share through Redis. */
import type { Bus } from '../bus.ts';
import type { Cache } from '../cache.ts';
import type { Lease } from '../lease.ts';
import type { CreateLimiter } from '../limiter.ts';
import { createRedisBus } from './bus.ts';
import { createRedisCache } from './cache.ts';
import { createConnection } from './connection.ts';
import { createRedisLease } from './lease.ts';
import { createRedisLimiter } from './limiter.ts';
import type { Namespace } from './namespace.ts';

export interface SharedOptions {
  url: string;
  namespace: Namespace;
  /** Told when Redis fails, or holds what cannot be used. */
  onTrouble(error: unknown): void;
  /** As of the connection. */
  retryMs?: number | undefined;
}

export interface Shared extends AsyncDisposable {
  bus: Bus;
  cache: Cache;
  lease: Lease;
  createLimiter: CreateLimiter;
}

/** Connects in the background. Without Redis, this replica does everything as if it were alone. */
export function shareThroughRedis({ namespace, onTrouble, retryMs, url }: SharedOptions): Shared {
  const connection = createConnection({ url, onTrouble, retryMs });
  return {
    bus: createRedisBus({ connection, namespace, onTrouble }),
    cache: createRedisCache(connection, namespace),
    lease: createRedisLease(connection, namespace),
    createLimiter: createRedisLimiter(connection, namespace),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
