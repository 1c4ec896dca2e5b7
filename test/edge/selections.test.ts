import { type DocumentNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { hasLongerAlias, needsMoreComparisons } from '../../src/edge/selections.ts';

const repeat = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

/** Fields of the answer, and comparisons of two of one name. */
function workOf(document: DocumentNode): number {
  let work = 0;
  while (needsMoreComparisons(document, work)) work += 1;
  return work;
}

describe('the comparisons that validation makes', () => {
  it.for<[string, string, number]>([
    ['none for fields of other names', '{ a b c: a }', 3],
    ['one for each two fields of one name', '{ a a a a }', 1 + 6],
    ['and again for what is selected below them', '{ a { b } a { b } a { b } }', 1 + 3 + (1 + 3)],
    ['also in inline fragments', '{ a ... { a } ... on T { a } }', 1 + 3],
    ['also between fragments, each of them once', '{ ...F ...F a } fragment F on T { a }', 1 + 1 + 1],
    ['and none between selections that never come together', '{ a { c } b { c } }', 2 + 1 + 1],
  ])('are %s', ([, text, expected]) => {
    expect(workOf(parse(text))).toBe(expected);
  });

  it('grow with the square of equal fields, and are not made to find out', () => {
    const equal = parse(`{ ${repeat(190, () => 'a { b { c } }')} }`);
    expect(needsMoreComparisons(equal, (190 * 189) / 2)).toBe(true);
    expect(workOf(parse(`{ ${repeat(40, () => 'a { b { c } }')} }`))).toBe(3 * (1 + (40 * 39) / 2));
  });

  it('are counted to the limit and no further, where fragments multiply', () => {
    const fragments = repeat(40, (n) => `fragment F${n} on T { a { ...F${n + 1} } b { ...F${n + 1} } }`);
    expect(needsMoreComparisons(parse(`{ ...F0 } ${fragments} fragment F40 on T { c }`), 5_000)).toBe(true);
  });

  it('do not run in circles', () => {
    const circle = 'fragment F on T { a { ...G } } fragment G on T { ...G a { ...F } }';
    expect(needsMoreComparisons(parse(`{ ...F } ${circle}`), 5_000)).toBe(true);
  });
});

describe('an alias', () => {
  it('counts in characters, a name does not', () => {
    const document = parse(`{ aaaa: b ... { aaaaa: b } ${'c'.repeat(200)} }`);
    expect([4, 5].map((limit) => hasLongerAlias(document, limit))).toEqual([true, false]);
  });
});
