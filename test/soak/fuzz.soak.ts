import { describe, expect, it } from 'vitest';
import { fuzz } from '../support/fuzz.ts';
import { SEED } from './dice.ts';

describe('a gateway', () => {
  it('answers 10,000 random requests without a crash, an unmasked error or one without a code', async () => {
    const { failures, statuses } = await fuzz({ seed: SEED, count: 10_000 });
    expect(failures).toEqual([]);
    // The requests are neither all refused nor all fine.
    expect(statuses.get(200)).toBeGreaterThan(2_000);
    expect(statuses.get(400)).toBeGreaterThan(1_000);
  });
});
