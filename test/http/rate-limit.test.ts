import { describe, expect, it } from 'vitest';
import { readRetryAfter, readScopes, readWait, tightest } from '../../src/http/rate-limit.ts';

const NOW = Date.UTC(2026, 0, 1);
const inHttp = (ms: number) => new Date(ms).toUTCString();

describe('how long a 429 asks to wait', () => {
  it.for<[string, Record<string, string>, number | null]>([
    ['Retry-After, in seconds', { 'retry-after': '7' }, 7_000],
    ['Retry-After, as a date', { 'retry-after': inHttp(NOW + 60_000) }, 60_000],
    [
      'Retry-After, as a date of a clock that is ahead of ours',
      { 'retry-after': inHttp(NOW + 90_000), date: inHttp(NOW + 60_000) },
      30_000,
    ],
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
    ['a date that is past', { 'retry-after': inHttp(NOW - 60_000) }, null],
    ['no headers at all', {}, null],
    ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-reset': '', date: 'never' }, null],
  ])('is read from %s', ([, headers, wait]) => {
    expect(readWait(headers, NOW)).toBe(wait);
  });

  it('is not read from a reset where only Retry-After counts', () => {
    expect(readRetryAfter({ 'ratelimit-reset': '30' }, NOW)).toBeNull();
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
    expect(tightest(readScopes(headers, NOW))).toEqual({ limit: 5, remaining: 2, resetsAt: NOW + 5_000 });
  });

  it('is not known from an answer that does not say', () => {
    expect(tightest(readScopes({ date: inHttp(NOW) }, NOW))).toBeNull();
  });
});
