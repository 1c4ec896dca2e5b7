/** Where vendors send their webhooks: `POST /hooks/<source id>`, for each source that has a secret for them. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Log } from '../observe/log.ts';
import type { Source } from '../sources/source.ts';
import type { Hint, Webhook } from '../sources/webhook.ts';
import { collect } from './body.ts';
import { NEVER_CACHED } from './headers.ts';
import { REFUSED } from './host.ts';
import { sendAndClose } from './last-answer.ts';
import { createRateLimiter } from './rate-limiter.ts';

export interface HooksOptions {
  sources: readonly Source[];
  /** There may be something new. */
  nudge(sourceId: string, hint?: Hint): void;
  /** Told of each request that was answered. */
  onAnswer(sourceId: string, outcome: 'accepted' | 'refused'): void;
  log: Log;
}

/** Whether the request was for a webhook, and has been answered. */
export type Hooks = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const MAX_BLOCKED = 1_000;
export const HOOKS_PATH = '/hooks/';
const PATH = /^\/hooks\/([^/?]+)$/;
export const MAX_HOOK_BYTES = 1024 * 1024;
/** Requests with a wrong secret, of one address. Those after them are not read. */
export const FORGED_PER_MINUTE = 60;

export function createHooks({ log, nudge, onAnswer, sources }: HooksOptions): Hooks {
  const webhooks = new Map(sources.flatMap(({ id, webhook }) => (webhook ? [[id, webhook] as const] : [])));
  const forged = createRateLimiter({ perMinute: FORGED_PER_MINUTE });
  const blocked = new LRUCache<string, true>({ max: MAX_BLOCKED });

  async function receive(id: string, webhook: Webhook, request: IncomingMessage): Promise<[number, string[]]> {
    if (request.method !== 'POST') return [405, ['METHOD_NOT_ALLOWED']];
    const sender = `${id} ${request.socket.remoteAddress}`;
    if (blocked.has(sender)) return [429, ['RATE_LIMITED']];
    if (Number(request.headers['content-length'] ?? 0) > MAX_HOOK_BYTES) return [413, ['REQUEST_ENTITY_TOO_LARGE']];
    const body = await collect(request, MAX_HOOK_BYTES).catch(() => null);
    if (body === null) return request.destroyed ? [400, ['BAD_REQUEST']] : [413, ['REQUEST_ENTITY_TOO_LARGE']];
    if (!webhook.isGenuine(request.headers, body)) {
      const retryAfterSeconds = await forged?.take(sender);
      if (retryAfterSeconds) blocked.set(sender, true, { ttl: retryAfterSeconds * 1000 });
      return [401, ['UNAUTHENTICATED']];
    }
    // The answer goes out first: nothing upstream is waited for.
    setImmediate(() => {
      try {
        const hints = webhook.hintsIn(parse(body));
        if (hints.length === 0) nudge(id);
        for (const hint of hints) nudge(id, hint);
      } catch (error) {
        log.trouble('unexpected error', error, { level: 'error' });
      }
    });
    return [202, []];
  }

  return async (request, response) => {
    const [, id = ''] = PATH.exec(request.url ?? '') ?? [];
    const webhook = webhooks.get(id);
    if (!webhook) return false;
    const startedAt = performance.now();
    const [status, codes] = await receive(id, webhook, request);
    const headers = { 'cache-control': NEVER_CACHED, ...(status === 405 && { allow: 'POST' }) };
    if (request.complete) response.writeHead(status, { ...headers, 'content-length': 0 }).end();
    else await sendAndClose(new Response(null, { status, headers }), request, response);
    onAnswer(id, status === 202 ? 'accepted' : 'refused');
    const durationMs = Math.round(performance.now() - startedAt);
    log.request({ ...REFUSED, requestId: randomUUID(), webhook: id, status, codes, durationMs });
    return true;
  };
}

/** What cannot be read says nothing. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
