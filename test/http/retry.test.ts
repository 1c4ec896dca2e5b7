import { describe, expect, it } from 'vitest';
import { UpstreamError, type UpstreamErrorCode, type UpstreamErrorOptions } from '../../src/errors.ts';
import { createRetry } from '../../src/http/retry.ts';
import { budget } from './vendor.ts';

const NOW = Date.UTC(2026, 0, 1);

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
    ['by running out of calls', { code: 'UPSTREAM_CALLS_SPENT' }, 1],
    ['with an answer that is not the API’s', { status: 200 }, 1],
    ['with an answer that is too large', { isTooLarge: true }, 1],
    ['for a limit that it was not sent into', { code: 'UPSTREAM_RATE_LIMITED' }, 1],
  ])('%s is tried so often, and no more', async ([, { code = 'UPSTREAM_UNAVAILABLE', ...options }, attempts]) => {
    const { clock, retry } = startRetry();
    const outcome = await tryOften(retry, () => new UpstreamError(code, 'failed', options));
    expect([outcome.attempts, outcome.error?.message]).toEqual([attempts, 'failed']);
    expect(clock.slept).toEqual([500, 1_000].slice(0, attempts - 1));
  });

  it('and then works is no failure', async () => {
    const { retry } = startRetry();
    const outcome = await tryOften(retry, (attempt) => (attempt < 3 ? unavailable() : undefined));
    expect(outcome).toEqual({ attempts: 3, error: undefined });
  });

  it('waits a little longer than it has to, never the same for all', async () => {
    const { clock, retry } = startRetry(() => 1);
    await tryOften(retry, () => unavailable());
    expect(clock.slept).toEqual([625, 1_250]);
  });

  it('waits as long as a 503 asks to', async () => {
    const { clock, retry } = startRetry();
    await tryOften(retry, () => unavailable({ status: 503, retryAfterSeconds: 4 }), 60_000);
    expect(clock.slept).toEqual([4_000, 4_000]);
  });

  it('is not tried beyond the deadline, and says what it was told', async () => {
    const { clock, retry } = startRetry();
    expect((await tryOften(retry, () => unavailable(), 700)).attempts).toBe(2);
    const told = await tryOften(retry, () => unavailable({ status: 503, retryAfterSeconds: 60 }), 9_000);
    expect(told).toMatchObject({ attempts: 1, error: { status: 503, retryAfterSeconds: 60 } });
    expect(clock.slept).toEqual([500]);
  });

  it('is not tried when no call is left for it', async () => {
    const { retry } = startRetry();
    const own = { ...budget(), deadline: NOW + 60_000, calls: { made: 0, limit: 1 } };
    const failing = retry(own, async () => {
      own.calls.made += 1;
      throw unavailable({ status: 503 });
    });
    await expect(failing).rejects.toMatchObject({ status: 503 });
    expect(own.calls.made).toBe(1);
  });

  it('with 429 is tried at once: the gate knows when', async () => {
    const { clock, retry } = startRetry();
    const limited = () => new UpstreamError('UPSTREAM_RATE_LIMITED', 'x', { status: 429, retryAfterSeconds: 4 });
    expect((await tryOften(retry, limited)).attempts).toBe(3);
    expect(clock.slept).toEqual([]);
  });
});

function unavailable(options: UpstreamErrorOptions = {}): UpstreamError {
  return new UpstreamError('UPSTREAM_UNAVAILABLE', 'x', options);
}

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
  return { clock, retry: createRetry({ clock, random }) };
}

async function tryOften(
  retry: ReturnType<typeof createRetry>,
  fail: (attempt: number) => UpstreamError | undefined,
  ms = 60_000,
): Promise<{ attempts: number; error: UpstreamError | undefined }> {
  let attempts = 0;
  const own = { ...budget(), deadline: NOW + ms };
  const error = await retry(own, async () => {
    attempts += 1;
    const failure = fail(attempts);
    if (failure) throw failure;
    return undefined;
  }).catch((failure: UpstreamError) => failure);
  return { attempts, error };
}
