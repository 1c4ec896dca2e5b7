/** Texts that are kept in Redis for a while. */
import type { Cache } from '../cache.ts';
import type { Connection } from './connection.ts';
import type { Namespace } from './namespace.ts';

/** What is longer is not kept, in characters. */
export const MAX_TEXT = 1024 * 1024;

/** Keeps nothing but texts. Rejects while Redis cannot be asked; Redis forgets what it has no room for. */
export function createRedisCache(connection: Connection, { keyOf }: Namespace): Cache {
  return {
    async get(key) {
      const text = await connection.ask((client) => client.get(keyOf('page', key)));
      return text !== null && text.length <= MAX_TEXT ? text : undefined;
    },
    async set(key, value, { ttlMs }) {
      const ttl = Math.floor(ttlMs);
      if (ttl <= 0 || typeof value !== 'string' || value.length > MAX_TEXT) return;
      await connection.ask((client) =>
        client.set(keyOf('page', key), value, { expiration: { type: 'PX', value: ttl } }),
      );
    },
  };
}
