/** Which replica does what only one has to do, as Redis knows it. */
import { randomUUID } from 'node:crypto';
import type { Lease } from '../lease.ts';
import type { Connection } from './connection.ts';
import type { Namespace } from './namespace.ts';

const HOLD = `
local by = redis.call('GET', KEYS[1])
if by and by ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;

/** Rejects while Redis cannot be asked. */
export function createRedisLease(connection: Connection, { keyOf }: Namespace): Lease {
  const by = randomUUID();
  const run = (script: string, key: string, more: readonly string[] = []) =>
    connection.ask((client) => client.eval(script, { keys: [keyOf('lease', key)], arguments: [by, ...more] }));
  return {
    hold: async (key, forMs) => (await run(HOLD, key, [String(Math.ceil(forMs))])) === 1,
    async release(key) {
      await run(RELEASE, key);
    },
  };
}
