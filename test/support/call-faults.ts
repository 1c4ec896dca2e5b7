/**
 * What may befall a single call. None of it takes events away for good. An order that turns round for one call is left
 * out: in a page of one millisecond nobody can tell; lasting disorder has tests of its own.
 */
import type { Fault } from '../../src/sources/launchdarkly/sandbox.ts';
import type { UnleashFault } from '../../src/sources/unleash/sandbox.ts';

export const LAUNCHDARKLY_FAULTS: readonly Fault[] = [
  { type: 'rate-limited-without-reset' },
  { type: 'rate-limited-reset-in-past' },
  { type: 'rate-limited-retry-after', seconds: 1 },
  { type: 'unauthorized-empty-body' },
  { type: 'forbidden-without-code' },
  { type: 'html-error', status: 500 },
  { type: 'html-error', status: 502 },
  { type: 'unavailable' },
  { type: 'closed-mid-body' },
  { type: 'optional-fields-null' },
  { type: 'unknown-vocabulary' },
  { type: 'duplicate-on-two-pages' },
];

export const UNLEASH_FAULTS: readonly UnleashFault[] = [
  { kind: 'status', status: 401 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'rate-limited', retryAfterSeconds: 1 },
  { kind: 'html', status: 200 },
  { kind: 'html', status: 502 },
  { kind: 'swallowed' },
  { kind: 'cut-off' },
  { kind: 'truncated-json' },
  { kind: 'unknown-type' },
  { kind: 'duplicated' },
];
