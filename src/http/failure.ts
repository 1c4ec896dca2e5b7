/** What went wrong on the way to a vendor, in words for a client: no host name, no URL. The cause is for the log. */
import { UpstreamError } from '../errors.ts';
import { type Headers, readRetryAfter, readWait } from './rate-limit.ts';

/** For everything but a 200. */
export function toStatusError(name: string, status: number, headers: Headers, now: number): UpstreamError {
  if (status === 429) {
    const message = `${name} limits the rate of requests.`;
    return new UpstreamError('UPSTREAM_RATE_LIMITED', message, { status, ...retryAfter(readWait(headers, now)) });
  }
  if (status === 401) {
    return new UpstreamError('UPSTREAM_REJECTED', `${name} refused the gateway's credentials (401).`, { status });
  }
  if (status === 403) {
    const message = `${name} does not let the gateway's token read this (403).`;
    return new UpstreamError('UPSTREAM_REJECTED', message, { status });
  }
  const told = status === 503 ? retryAfter(readRetryAfter(headers, now)) : {};
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} answered with status ${status}.`, { status, ...told });
}

function retryAfter(wait: number | null): { retryAfterSeconds?: number } {
  return wait === null ? {} : { retryAfterSeconds: wait / 1000 };
}

/** Whether there was no answer, or one of a proxy in place of the vendor. */
export function isUnanswered(status: number | undefined): boolean {
  return status === undefined || [502, 503, 504].includes(status);
}

/** What was thrown instead of an answer, or in the middle of one. */
export function toUpstreamError(name: string, error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const codes = codesOf(error);
  if (codes.some((code) => TOO_LARGE.test(code))) return tooLarge(name, error);
  const reason = REASONS.find(([pattern]) => codes.some((code) => pattern.test(code)))?.[1];
  const message = reason ? `${name} could not be reached: ${reason}.` : `${name} could not be reached.`;
  return new UpstreamError('UPSTREAM_UNAVAILABLE', message, { cause: error });
}

export function tooLarge(name: string, cause?: unknown): UpstreamError {
  const message = `${name} sent more than the gateway reads.`;
  return new UpstreamError('UPSTREAM_UNAVAILABLE', message, { status: 200, isTooLarge: true, cause });
}

export function notItsApi(name: string, cause?: unknown): UpstreamError {
  const message = `${name} answered with something that is not its API's JSON.`;
  return new UpstreamError('UPSTREAM_UNAVAILABLE', message, { status: 200, cause });
}

export function timedOut(name: string, cause: unknown): UpstreamError {
  return new UpstreamError('UPSTREAM_TIMEOUT', `${name} did not answer in time.`, { cause });
}

/** Whether a signal was aborted because its deadline has passed. */
export function isDeadline(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

const TOO_LARGE = /^(UND_ERR_RES_EXCEEDED_MAX_SIZE|ERR_BUFFER_TOO_LARGE)$/;

/** By the codes of Node's and undici's errors; the first that fits. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(UND_ERR_PRX_|PROXY)/, 'the proxy did not let the gateway through'],
  [/^(ENOTFOUND|EAI_)/, 'its name was not found'],
  [/^ECONNREFUSED$/, 'the connection was refused'],
  [/CERT|^UNABLE_TO_|^CRL_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/, 'its certificate was not accepted'],
  [/^(EPROTO$|ERR_SSL_|ERR_TLS_)/, 'no secure connection could be made'],
  [/^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/, 'the connection was closed'],
  [/^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/, 'the network has no way to it'],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'the connection was not accepted in time'],
  [/^(HPE_|HTTPParserError$)/, 'it does not speak HTTP'],
];

/** Of the error and its causes. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { cause, code, message, name } = error as NodeJS.ErrnoException;
  // undici has no code of its own for a proxy that refuses, nor one for all that is not HTTP.
  const own = /^Proxy (response|Authentication)/.test(message) ? 'PROXY' : (code ?? name);
  return [own, ...codesOf(cause)];
}
