/** LaunchDarkly's rate limits: fixed windows of ten seconds, shared by all tokens of the account. */

/** Requests per ten seconds. The real numbers are unpublished; the defaults are out of a demo's way. */
export interface RateLimits {
  /** @default 10000, for the account */
  global?: number;
  /** @default 5000, for one method and path pattern */
  route?: number;
  /** For one access token, announced by `X-Ratelimit-Auth-Token-*`. Not limited unless given. */
  token?: number;
  /** For one address, announced by `Retry-After` alone. Not limited unless given. */
  ip?: number;
}

export interface Admission {
  isAdmitted: boolean;
  headers: Record<string, string>;
}

/** @see https://launchdarkly.com/docs/api#rate-limiting */
export function createRateLimiter(limits: RateLimits, now: () => number) {
  const { global = 10_000, route = 5000, token, ip } = limits;
  let window = -1;
  let counts = new Map<string, number>();

  /** Counts the request. @returns the headers to answer with, whether admitted or not */
  function admit(request: { route: string; token: string; address: string }): Admission {
    const current = Math.floor(now() / WINDOW_MS);
    if (current !== window) {
      window = current;
      counts = new Map();
    }
    const reset = (window + 1) * WINDOW_MS;
    if (ip !== undefined && count(`ip ${request.address}`) > ip) {
      const seconds = Math.max(1, Math.ceil((reset - now()) / 1000));
      return { isAdmitted: false, headers: { 'Retry-After': String(seconds) } };
    }
    const scopes = [
      { name: 'Global', limit: global, used: count('account') },
      { name: 'Route', limit: route, used: count(`route ${request.route}`) },
      ...(token === undefined ? [] : [{ name: 'Auth-Token', limit: token, used: count(`token ${request.token}`) }]),
    ];
    return {
      isAdmitted: scopes.every(({ limit, used }) => used <= limit),
      headers: Object.fromEntries([
        ...scopes.flatMap(({ name, limit, used }) => [
          [`X-Ratelimit-${name}-Limit`, String(limit)],
          [`X-Ratelimit-${name}-Remaining`, String(Math.max(0, limit - used))],
        ]),
        ['X-Ratelimit-Reset', String(reset)],
        ...(token === undefined ? [] : [['X-Ratelimit-Auth-Token-Reset', String(reset)]]),
      ]),
    };
  }

  function count(scope: string): number {
    const used = (counts.get(scope) ?? 0) + 1;
    counts.set(scope, used);
    return used;
  }

  return { admit };
}

const WINDOW_MS = 10_000;
