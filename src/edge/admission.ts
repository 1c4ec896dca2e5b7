/** Authentication and rate limit, both checked before the body is read. */
import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Log } from '../observe/log.ts';
import type { Caller } from '../request/caller.ts';
import type { GatewayContext } from '../request/context.ts';
import type { Authenticator } from './authentication.ts';
import type { ReadableHeaders } from './headers.ts';
import { KeysUnavailableError } from './issuer-keys.ts';
import type { ServerContext } from './progress.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { refuse } from './refusal.ts';
import { currentRequestId } from './request-log.ts';

export interface AdmissionOptions {
  /** `null` accepts everybody. */
  authenticate: Authenticator | null;
  limiter: RateLimiter | null;
  log: Log;
}

/** `null` where everybody is accepted. Throws a refusal. */
export type Admit = (headers: ReadableHeaders, incoming: IncomingMessage | undefined) => Promise<Caller | null>;

export function createAdmission({ authenticate, limiter, log }: AdmissionOptions): Admit {
  const written = new WeakSet<Error>();
  return async (headers, incoming) => {
    const address = `address ${incoming?.socket.remoteAddress ?? 'unknown'}`;
    let isCounted = false;
    const countAddress = async () => {
      await count(address);
      isCounted = true;
    };
    const caller = authenticate && (await authenticate(headers, countAddress).catch(unavailable));
    if (isCounted && caller !== null) await limiter?.giveBack(address);
    // Requests without valid credentials are counted by network address, so that keys cannot be guessed quickly.
    if (!isCounted || caller !== null) await count(caller?.name ?? address);
    if (authenticate && caller === null) throw unauthenticated();
    return caller;
  };

  async function count(caller: string): Promise<void> {
    const retryAfterSeconds = await limiter?.take(caller);
    if (retryAfterSeconds) throw rateLimited(retryAfterSeconds);
  }

  function unavailable(error: unknown): never {
    if (!(error instanceof KeysUnavailableError)) throw error;
    // One error stands for an outage of some seconds: it is written down once.
    if (!written.has(error)) {
      const requestId = currentRequestId();
      log.trouble('the keys to verify tokens cannot be fetched', error, { level: 'warn', requestId });
    }
    written.add(error);
    const message = 'Tokens cannot be verified at the moment.';
    throw refuse({ code: 'AUTHENTICATION_UNAVAILABLE', message, status: 503 });
  }
}

export function useAdmission(admit: Admit): Plugin<GatewayContext> {
  return {
    async onRequestParse({ request, serverContext }) {
      const context = serverContext as ServerContext;
      if (!context.progress) context.caller = await admit(request.headers, context.req);
    },
  };
}

function rateLimited(retryAfterSeconds: number) {
  return refuse({
    code: 'RATE_LIMITED',
    message: 'There were too many requests: wait before the next one.',
    status: 429,
    headers: { 'retry-after': String(retryAfterSeconds) },
    extensions: { retryAfterSeconds },
  });
}

function unauthenticated() {
  return refuse({
    code: 'UNAUTHENTICATED',
    message: 'Send an API key or a token: `authorization: Bearer …`, or `x-api-key: …`.',
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
  });
}
