import { describe, expect, it } from 'vitest';
import { fuzz } from '../support/fuzz.ts';

describe('a gateway', () => {
  it('answers 1,000 random requests without a crash, an unmasked error or one without a code', {
    timeout: 300_000,
  }, async () => {
    const { codes, failures, statuses } = await fuzz({ seed: 4711, count: 1_000 });
    expect(failures).toEqual([]);
    // The requests are neither all refused nor all fine.
    expect(statuses.get(200)).toBeGreaterThan(200);
    expect(statuses.get(400)).toBeGreaterThan(100);
    expect([...codes]).toEqual(
      expect.arrayContaining(['BAD_USER_INPUT', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_REQUEST']),
    );
  });
});
