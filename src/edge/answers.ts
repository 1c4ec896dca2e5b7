/**
 * Whole answers, given again to a caller who asks the very same while every upstream page that is in them may be given
 * again. It costs no parsing, no execution and no printing. What is asked once only is not kept.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { LogEntry } from './request-log.ts';

export interface WholeAnswer {
  /** Without what is the request's own. */
  headers: OutgoingHttpHeaders;
  body: string | Buffer;
  operation: LogEntry['operation'];
}

export interface Answers {
  get(key: string): WholeAnswer | undefined;
  /** `believedUntil`: until when what was read for it may be given again, Unix milliseconds; `undefined`, nothing was. */
  keep(key: string, answer: WholeAnswer, believedUntil: number | undefined): void;
}

export interface AnswersOptions {
  /** 0 keeps none. */
  maxAgeMs: number;
  /** @default 8 MiB */
  maxBytes?: number;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** Of one answer besides its key and its body, about. */
const ENTRY_BYTES = 500;
/** Characters of all the keys that were asked lately. */
const MAX_ASKED = 1024 * 1024;

export function createAnswers({ maxAgeMs, maxBytes = MAX_BYTES }: AnswersOptions): Answers {
  const known = new LRUCache<string, WholeAnswer>({
    maxSize: maxBytes,
    sizeCalculation: ({ body }, key) => ENTRY_BYTES + 2 * (key.length + body.length),
    // By default it sets a timer for every reading of the clock.
    ttlResolution: 0,
  });
  const asked = new LRUCache<string, true>({ maxSize: MAX_ASKED, sizeCalculation: (_, key) => key.length });
  return {
    get: (key) => known.get(key),
    keep(key, answer, believedUntil) {
      // What reads nothing from upstreams tells of the gateway itself, as it is now.
      if (believedUntil === undefined) return;
      const ttl = Math.floor(Math.min(believedUntil - Date.now(), maxAgeMs));
      if (ttl <= 0) return;
      if (asked.has(key)) known.set(key, answer, { ttl });
      else asked.set(key, true);
    },
  };
}
