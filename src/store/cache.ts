/** Where answers are kept for a while. In memory here; replicas may share one that lives elsewhere. */
import { LRUCache } from 'lru-cache';

export interface Cache {
  /** `undefined` if there is nothing. What is given is shared by all who ask: do not change it. */
  get(key: string): Promise<unknown>;
  /** `bytes` is the size it is counted with. A `ttlMs` of 0 or less keeps nothing. */
  set(key: string, value: unknown, options: { ttlMs: number; bytes: number }): Promise<void>;
}

/** Forgets what was used least recently when it is full, and never takes what is larger than all of it. */
export function createMemoryCache({ maxBytes }: { maxBytes: number }): Cache {
  // By default lru-cache sets a timer for every reading of the clock.
  const entries = new LRUCache<string, { value: unknown }>({ maxSize: Math.max(1, maxBytes), ttlResolution: 0 });
  return {
    async get(key) {
      return entries.get(key)?.value;
    },
    async set(key, value, { bytes, ttlMs }) {
      const ttl = Math.floor(ttlMs);
      if (ttl > 0) entries.set(key, { value }, { size: Math.max(1, Math.ceil(bytes)), ttl });
    },
  };
}
