/** Answers of a vendor as replicas share them: as texts, so that each decodes them by itself. */
import { setTimeout as wait } from 'node:timers/promises';
import type { CallCount } from '../model.ts';
import type { Cache } from '../store/cache.ts';

export interface SharedPage {
  text: string;
  /** Unix milliseconds. */
  believedUntil: number;
}

export interface SharedPages {
  /** `null` if there is none, or if it takes too long. `calls` are those of the request that waits. */
  read(key: string, calls: CallCount): Promise<SharedPage | null>;
  write(key: string, page: SharedPage): void;
}

/** So long one request waits at most for all pages together, in milliseconds. */
export const ALLOWANCE_MS = 20;
const PAGE = /^(\d{1,16}) /;

export function createSharedPages(cache: Cache): SharedPages {
  const spent = new WeakMap<CallCount, number>();
  return {
    async read(key, calls) {
      const leftMs = ALLOWANCE_MS - (spent.get(calls) ?? 0);
      if (leftMs < 1) return null;
      const begun = performance.now();
      const known = cache.get(key).catch(() => undefined);
      const timer = new AbortController();
      const late = wait(leftMs, undefined, { signal: timer.signal }).catch(() => undefined);
      const found = await Promise.race([known, late]);
      timer.abort();
      spent.set(calls, (spent.get(calls) ?? 0) + performance.now() - begun);
      return typeof found === 'string' ? parse(found) : null;
    },
    write(key, { believedUntil, text }) {
      const kept = `${Math.floor(believedUntil)} ${text}`;
      // Nobody waits for it to be kept, and nobody is hurt if it is not.
      cache.set(key, kept, { ttlMs: believedUntil - Date.now(), bytes: kept.length }).catch(() => {});
    },
  };
}

function parse(kept: string): SharedPage | null {
  const [head, time] = PAGE.exec(kept) ?? [];
  return head === undefined ? null : { text: kept.slice(head.length), believedUntil: Number(time) };
}
