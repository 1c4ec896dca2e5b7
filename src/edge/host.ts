/** Whom a request is for: its host and its target, checked before anything else looks at them. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../http/loopback.ts';
import type { Log } from '../observe/log.ts';
import { NEVER_CACHED } from './headers.ts';

export interface HostRules {
  /**
   * The gateway listens on loopback only, and nobody has to authenticate. A web page whose host name was made to resolve
   * to this machine (DNS rebinding) has the same origin as the gateway in the eyes of the browser, but its requests carry
   * that host name.
   */
  isPrivate: boolean;
}

const NAME = /^[\w.~!$&'()*+,;=%-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i;

const FORBIDDEN = JSON.stringify({
  errors: [
    {
      message: 'Without authentication the gateway accepts only `localhost` and loopback addresses as its host.',
      extensions: { code: 'FORBIDDEN' },
    },
  ],
});

/** Whether the request was refused, with a line in the log. A target with a host of its own loses it. */
export function refuseHost(
  request: IncomingMessage,
  response: ServerResponse,
  { isPrivate, log }: HostRules & { log: Log },
): boolean {
  toOriginForm(request);
  const { headers, url = '' } = request;
  const { host } = headers;
  const refuse = (status: number, code: string, body: string) => {
    const kind = body && { 'content-type': 'application/json; charset=utf-8' };
    const length = Buffer.byteLength(body);
    response.writeHead(status, { ...kind, 'content-length': length, 'cache-control': NEVER_CACHED }).end(body);
    log.request({ ...REFUSED, requestId: randomUUID(), status, codes: [code] });
    return true;
  };
  if (!url.startsWith('/') || (host !== undefined && !isHost(host))) return refuse(400, 'BAD_REQUEST', '');
  if (isForeignHost(request, { isPrivate })) return refuse(403, 'FORBIDDEN', FORBIDDEN);
  return false;
}

/** Whether the request names a host that a private gateway is not. */
export function isForeignHost(
  { headers: { host } }: Pick<IncomingMessage, 'headers'>,
  { isPrivate }: HostRules,
): boolean {
  return isPrivate && !isLoopback((host ?? 'localhost').replace(/:\d+$/, ''));
}

/** The line in the log of a request that was no GraphQL. */
export const REFUSED = {
  operation: null,
  durationMs: 0,
  upstreamCalls: null,
  partial: false,
  failures: [],
  aborted: false,
};

/** `GET http://host/path`, which every server has to accept: its host counts, and the header does not. */
function toOriginForm(request: IncomingMessage): void {
  const target = /^https?:\/\//i.test(request.url ?? '') ? URL.parse(request.url ?? '') : null;
  if (!target) return;
  request.url = target.pathname + target.search;
  request.headers.host = target.host;
}

function isHost(host: string): boolean {
  return NAME.test(host) && URL.canParse(`http://${host}`);
}
