import { describe, expect, it } from 'vitest';
import { UpstreamError, type UpstreamErrorCode, type UpstreamErrorOptions } from '../../src/errors.ts';
import { grant } from '../../src/http/allowance.ts';
import { readRateLimit, readWait } from '../../src/http/rate-limit.ts';
import { createRetry } from '../../src/http/retry.ts';

const NOW = Date.UTC(2026, 0, 1);
const inHttp = (ms: number) => new Date(ms).toUTCString();

describe('how long a 429 asks to wait', () => {
  it.for<[string, Record<string, string>, number | null]>([
    ['Retry-After, in seconds', { 'retry-after': '7' }, 7_000],
    [
      'a reset, against the answer’s own clock',
      { 'x-ratelimit-reset': String(NOW + 90_000 + 4_000), date: inHttp(NOW + 90_000) },
      4_000,
    ],
    ['a reset without a date, against ours', { 'x-ratelimit-reset': String(NOW + 3_000) }, 3_000],
    [
      'the later of two resets',
      {
        'x-ratelimit-reset': String(NOW + 1_000),
        'x-ratelimit-auth-token-reset': String(NOW + 9_000),
        date: inHttp(NOW),
      },
      9_000,
    ],
    [
      'Retry-After before a reset',
      { 'retry-after': '2', 'x-ratelimit-reset': String(NOW + 9_000), date: inHttp(NOW) },
      2_000,
    ],
    ['seconds in the IETF draft’s header', { 'ratelimit-reset': '30' }, 30_000],
    ['a reset that is past', { 'x-ratelimit-reset': String(NOW - 60_000), date: inHttp(NOW) }, null],
    ['no headers at all', {}, null],
    ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-reset': '', date: 'never' }, null],
  ])('is read from %s', ([, headers, wait]) => {
    expect(readWait(headers, NOW)).toBe(wait);
  });
});

describe('what is left of an allowance', () => {
  it('is the tightest of LaunchDarkly’s scopes', () => {
    const headers = {
      'x-ratelimit-global-limit': '1000',
      'x-ratelimit-global-remaining': '900',
      'x-ratelimit-route-limit': '5',
      'x-ratelimit-route-remaining': '2',
      'x-ratelimit-reset': String(NOW + 5_000),
      date: inHttp(NOW),
    };
    expect(readRateLimit(headers, NOW)).toEqual({ limit: 5, remaining: 2, resetsAt: NOW + 5_000 });
  });

  it('is not known from an answer that does not say', () => {
    expect(readRateLimit({ date: inHttp(NOW) }, NOW)).toBeNull();
  });
});

describe('a read that fails', () => {
  it.for<[string, UpstreamErrorOptions & { code?: UpstreamErrorCode }, number]>([
    ['without any answer', {}, 3],
    ['with 502', { status: 502 }, 3],
    ['with 503', { status: 503 }, 3],
    ['with 504', { status: 504 }, 3],
    ['with 500', { status: 500 }, 2],
    ['with 400', { status: 400 }, 1],
    ['with 404', { status: 404 }, 1],
    ['with 401', { status: 401, code: 'UPSTREAM_REJECTED' }, 1],
    ['by running out of time', { code: 'UPSTREAM_TIMEOUT' }, 1],
    ['with an answer that is not the API’s', { status: 200 }, 1],
  ])('%s is tried so often, and no more', async ([, { code = 'UPSTREAM_UNAVAILABLE', ...options }, attempts]) => {
    const { clock, retry } = startRetry();
    const outcome = await tryOften(retry, () => new UpstreamError(code, 'failed', options));
    expect([outcome.attempts, outcome.error?.message]).toEqual([attempts, 'failed']);
    expect(clock.slept).toEqual([500, 1_000].slice(0, attempts - 1));
  });

  it('and then works is no failure', async () => {
    const { retry } = startRetry();
    const outcome = await tryOften(retry, (attempt) =>
      attempt < 3 ? new UpstreamError('UPSTREAM_UNAVAILABLE', 'x') : undefined,
    );
    expect(outcome).toEqual({ attempts: 3, error: undefined });
  });

  it('waits a little longer than it has to, never the same for all', async () => {
    const { clock, retry } = startRetry(() => 1);
    await tryOften(retry, () => new UpstreamError('UPSTREAM_UNAVAILABLE', 'x'));
    expect(clock.slept).toEqual([625, 1_250]);
  });

  it('is not tried beyond the deadline', async () => {
    const { retry, signal } = startRetry();
    const outcome = await tryOften(retry, () => new UpstreamError('UPSTREAM_UNAVAILABLE', 'x'), signal(700));
    expect(outcome.attempts).toBe(2);
  });
});

describe('a rate limit', () => {
  const limited = (retryAfterSeconds?: number) =>
    new UpstreamError('UPSTREAM_RATE_LIMITED', 'x', {
      status: 429,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });

  it('is waited for as long as it says, or from half a second on if it does not', async () => {
    for (const [seconds, slept] of [
      [4, [4_000, 4_000]],
      [undefined, [500, 1_000]],
      [3_600, [15_000, 15_000]],
    ] as const) {
      const { clock, retry } = startRetry();
      expect((await tryOften(retry, () => limited(seconds))).attempts).toBe(3);
      expect(clock.slept).toEqual(slept);
    }
  });

  it('that lasts beyond the deadline fails at once and says when to come back', async () => {
    const { clock, retry, signal } = startRetry();
    const outcome = await tryOften(retry, () => limited(12), signal(5_000));
    expect([outcome.attempts, clock.slept, outcome.error]).toMatchObject([
      1,
      [],
      { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 12 },
    ]);
  });

  it('holds back every other request to the account', async () => {
    const { clock, retry, signal } = startRetry();
    await tryOften(retry, () => limited(6), signal(1_000));
    const hurried = await tryOften(retry, () => undefined, signal(1_000));
    expect(hurried).toMatchObject({ attempts: 0, error: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 6 } });
    const patient = await tryOften(retry, () => undefined, signal(60_000));
    expect([patient.attempts, clock.slept]).toEqual([1, [6_000]]);
  });

  it('that an answer announces is kept to before it is run into', async () => {
    const { clock, retry } = startRetry();
    retry.pause(clock.now() + 2_500);
    await tryOften(retry, () => undefined);
    expect(clock.slept).toEqual([2_500]);
  });
});

/** A clock that only moves when somebody sleeps. */
function startRetry(random: () => number = () => 0) {
  let now = NOW;
  const slept: number[] = [];
  const clock = {
    slept,
    now: () => now,
    sleep: async (ms: number) => {
      slept.push(ms);
      now += ms;
    },
  };
  const signal = (ms: number) => grant(new AbortController().signal, { expiresAt: now + ms, calls: 0 });
  return { clock, retry: createRetry('A vendor', clock, random), signal };
}

async function tryOften(
  retry: ReturnType<typeof createRetry>,
  fail: (attempt: number) => UpstreamError | undefined,
  signal = new AbortController().signal,
): Promise<{ attempts: number; error: UpstreamError | undefined }> {
  let attempts = 0;
  const error = await retry
    .run(signal, async () => {
      attempts += 1;
      const failure = fail(attempts);
      if (failure) throw failure;
      return undefined;
    })
    .catch((failure: UpstreamError) => failure);
  return { attempts, error };
}
