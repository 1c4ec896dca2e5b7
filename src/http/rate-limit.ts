/** What a vendor says of its rate limits, in the headers of both vendors. */

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What is left of a vendor's allowance, as its latest answer said. */
export interface RateLimit {
  limit: number | null;
  remaining: number;
  /** Unix milliseconds. */
  resetsAt: number | null;
}

/**
 * LaunchDarkly counts several scopes at once, of which the tightest is told; Unleash sends the IETF draft's fields.
 * @see https://launchdarkly.com/docs/api#rate-limiting
 */
const SCOPES = [
  { prefix: 'x-ratelimit-global', reset: 'x-ratelimit-reset' },
  { prefix: 'x-ratelimit-route', reset: 'x-ratelimit-reset' },
  { prefix: 'x-ratelimit-auth-token', reset: 'x-ratelimit-auth-token-reset' },
  { prefix: 'ratelimit', reset: 'ratelimit-reset' },
] as const;

/** `null` if the answer says nothing of limits. */
export function readRateLimit(headers: Headers, now: number): RateLimit | null {
  const scopes = SCOPES.flatMap(({ prefix, reset }) => {
    const remaining = toNumber(headers[`${prefix}-remaining`]);
    if (remaining === null) return [];
    const left = readReset(headers, reset, now);
    return [{ limit: toNumber(headers[`${prefix}-limit`]), remaining, resetsAt: left === null ? null : now + left }];
  });
  return scopes.toSorted((a, b) => a.remaining - b.remaining)[0] ?? null;
}

/** How long a 429 asks to wait, in milliseconds; `null` if it does not say, or names a moment that is past. */
export function readWait(headers: Headers, now: number): number | null {
  const seconds = toNumber(headers['retry-after']);
  if (seconds !== null && seconds > 0) return seconds * 1000;
  const waits = SCOPES.map(({ reset }) => readReset(headers, reset, now)).filter((wait) => wait !== null && wait > 0);
  return waits.length > 0 ? Math.max(...(waits as number[])) : null;
}

/** Beyond it, a number is a moment in epoch milliseconds; below, seconds from now. */
const LONGEST_SECONDS = 1e9;

/** Moments are held against the answer's own clock, which need not be ours. */
function readReset(headers: Headers, name: string, now: number): number | null {
  const reset = toNumber(headers[name]);
  if (reset === null) return null;
  if (reset < LONGEST_SECONDS) return reset * 1000;
  const date = Date.parse(String(headers.date));
  return reset - (Number.isNaN(date) ? now : date);
}

function toNumber(value: string | string[] | undefined): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}
