import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImpactFragment } from '../../page/src/generated/graphql.ts';
import { describeImpact, toBars } from '../../page/src/impact.ts';

type Variations = NonNullable<ImpactFragment['evaluationsSummary']>['variations'];

const impact = (more: Partial<ImpactFragment>): ImpactFragment => ({
  size: null,
  percentage: null,
  reason: null,
  evaluationsSummary: null,
  ...more,
});
const bars = (...variations: Variations) => toBars(impact({ evaluationsSummary: { variations } }));

describe('toBars', () => {
  it('has each variation’s share of all evaluations, before and after', () => {
    expect(bars({ value: true, before: 25, after: 300 }, { value: false, before: 75, after: 100 })).toEqual([
      { value: 'true', before: 25, after: 300, shareBefore: 0.25, shareAfter: 0.75 },
      { value: 'false', before: 75, after: 100, shareBefore: 0.75, shareAfter: 0.25 },
    ]);
  });

  it('has no share of nothing', () => {
    expect(bars({ value: 'a', before: 0, after: 0 }, { value: 'b', before: null, after: 1 })).toEqual([
      { value: 'a', before: 0, after: 0, shareBefore: 0, shareAfter: 0 },
      { value: 'b', before: 0, after: 1, shareBefore: 0, shareAfter: 1 },
    ]);
  });

  it.for([
    ['plain text', 'plain text'],
    [true, 'true'],
    [1.5, '1.5'],
    [null, 'null'],
    [undefined, 'null'],
    [{ a: [1] }, '{"a":[1]}'],
  ])('names a variation by its value: %j', ([value, name]) => {
    expect(bars({ value, before: 1, after: 1 })[0]?.value).toBe(name);
  });

  it('has none where nothing was counted', () => {
    expect([toBars(impact({})), bars()]).toEqual([[], []]);
  });

  it('has shares from 0 to 1 that add up to 1, unless there is nothing to share', () => {
    const counts = fc.option(fc.nat());
    const variations = fc.array(fc.record({ value: fc.jsonValue(), before: counts, after: counts }), { maxLength: 5 });
    fc.assert(
      fc.property(variations, (given) => {
        const made = bars(...given);
        for (const side of ['Before', 'After'] as const) {
          const shares = made.map((bar) => bar[`share${side}`]);
          const isAny = given.some((each) => each[side === 'Before' ? 'before' : 'after']);
          expect(shares.reduce((sum, each) => sum + each, 0)).toBeCloseTo(isAny ? 1 : 0);
          expect(shares.every((each) => each >= 0 && each <= 1)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('describeImpact', () => {
  it.for([
    [
      { size: 'LARGE', percentage: 93.46, reason: 'evaluations' },
      'Large impact: 93.5 % of users get another variation',
    ],
    [{ size: 'MEDIUM', percentage: 20 }, 'Medium impact: 20 % of users get another variation'],
    [{ size: 'SMALL', percentage: 0.04 }, 'Small impact: less than 0.1 % of users get another variation'],
    [{ size: 'SMALL', percentage: 0.05 }, 'Small impact: 0.1 % of users get another variation'],
    [{ size: 'SMALL', percentage: 0 }, 'Small impact: 0 % of users get another variation'],
    [{ size: 'SMALL' }, 'Small impact'],
    [{ size: 'NONE', percentage: 0 }, 'No impact'],
    [{ size: 'OTHER', percentage: 7 }, 'Impact of an unknown size: 7 % of users get another variation'],
    [{ size: 'HUGE' as 'OTHER', percentage: null }, 'Impact of an unknown size'],
    [{ size: 'LARGE', percentage: 90, reason: 'global' }, 'Large impact: 90 % of users get another variation'],
    [{ reason: 'waiting' }, 'Impact is not known yet'],
    [{ reason: 'global' }, 'May affect every environment'],
    [{ reason: 'a later word' }, null],
    [{ reason: 'evaluations', percentage: 5 }, null],
    [{}, null],
  ] as [Partial<ImpactFragment>, string | null][])('says of %j: %s', ([given, words]) => {
    expect(describeImpact(impact(given))).toBe(words);
  });
});
