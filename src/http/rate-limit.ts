/** What a vendor says of its rate limits, in the headers of both vendors. */

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What is left of a vendor's rate limit, as its latest answer said. */
export interface RateLimit {
  limit: number | null;
  remaining: number;
  /** Unix milliseconds. */
  resetsAt: number | null;
}

/**
 * LaunchDarkly counts several scopes at once; a route is a method with a path. Unleash sends the IETF draft's fields, which
 * are about the route that answers.
 * @see https://launchdarkly.com/docs/api#rate-limiting
 */
export const SCOPES = [
  { prefix: 'x-ratelimit-global', reset: 'x-ratelimit-reset', isOfRoute: false },
  { prefix: 'x-ratelimit-auth-token', reset: 'x-ratelimit-auth-token-reset', isOfRoute: false },
  { prefix: 'x-ratelimit-route', reset: 'x-ratelimit-reset', isOfRoute: true },
  { prefix: 'ratelimit', reset: 'ratelimit-reset', isOfRoute: true },
] as const;

/** In the order of {@link SCOPES}; `null` for a scope that the answer does not name. */
export function readScopes(headers: Headers, now: number): (RateLimit | null)[] {
  return SCOPES.map(({ prefix, reset }) => {
    const remaining = toNumber(headers[`${prefix}-remaining`]);
    if (remaining === null) return null;
    const left = readReset(headers, reset, now);
    return { limit: toNumber(headers[`${prefix}-limit`]), remaining, resetsAt: left === null ? null : now + left };
  });
}

/** The scope of which the least is left. */
export function tightest(scopes: readonly (RateLimit | null)[]): RateLimit | null {
  return scopes.filter((scope) => scope !== null).toSorted((a, b) => a.remaining - b.remaining)[0] ?? null;
}

/** How long a 429 asks to wait, in milliseconds; `null` if it does not say, or names a moment that is past. */
export function readWait(headers: Headers, now: number): number | null {
  const asked = readRetryAfter(headers, now);
  if (asked !== null) return asked;
  const waits = SCOPES.map(({ reset }) => readReset(headers, reset, now)).filter((wait) => wait !== null && wait > 0);
  return waits.length > 0 ? Math.max(...(waits as number[])) : null;
}

/** `Retry-After` in milliseconds, given as seconds or as a date; `null` without one, or if its moment is past. */
export function readRetryAfter(headers: Headers, now: number): number | null {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return null;
  const seconds = toNumber(value);
  const wait = seconds === null ? Date.parse(value) - timeOf(headers, now) : seconds * 1000;
  return wait > 0 ? wait : null;
}

/** Beyond it, a number is a moment in epoch milliseconds; below, seconds from now. */
const LONGEST_SECONDS = 1e9;

function readReset(headers: Headers, name: string, now: number): number | null {
  const reset = toNumber(headers[name]);
  if (reset === null) return null;
  return reset < LONGEST_SECONDS ? reset * 1000 : reset - timeOf(headers, now);
}

/** Moments are held against the answer's own clock, which need not be ours. */
function timeOf(headers: Headers, now: number): number {
  const date = Date.parse(String(headers.date));
  return Number.isNaN(date) ? now : date;
}

function toNumber(value: string | string[] | undefined): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}
