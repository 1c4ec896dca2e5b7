import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiffLine, toDiff } from '../../page/src/diff.ts';

const linesOf = (before: unknown, after: unknown): DiffLine[] => toDiff([{ path: [], before, after }])[0]?.lines ?? [];
const print = (lines: readonly DiffLine[]) => lines.map(({ sign, text }) => `${sign} ${text}`);
const diff = (before: unknown, after: unknown) => print(linesOf(before, after));

describe('a difference', () => {
  it.for([
    [true, false, ['- true', '+ false']],
    [1, 2.5, ['- 1', '+ 2.5']],
    ['gradual', 'checkout v2', ['- gradual', '+ checkout v2']],
    ['1', 1, ['- "1"', '+ 1']],
    ['true', true, ['- "true"', '+ true']],
    ['null', 'x', ['- "null"', '+ x']],
    ['[]', [], ['- "[]"', '+ []']],
    ['', ' ', ['- ""', '+ " "']],
    ['a', 'a ', ['- a', '+ "a "']],
    ['a b', 'a  b', ['- a b', '+ "a  b"']],
    ['two\nlines', '{}', ['- "two\\nlines"', '+ "{}"']],
    ['same', 'same', ['  same']],
  ])('of single values has the one and the other: %j to %j', ([before, after, lines]) => {
    expect(diff(before, after)).toEqual(lines);
  });

  it('of objects has around it what stays', () => {
    expect(diff({ id: 1, rollout: 10, on: true }, { id: 1, rollout: 50, on: true })).toEqual([
      '  {',
      '    "id": 1,',
      '-   "rollout": 10,',
      '+   "rollout": 50,',
      '    "on": true',
      '  }',
    ]);
  });

  it('of lists has what was added and what was taken away', () => {
    expect(diff(['a', 'b', 'c'], ['a', 'c'])).toEqual(['  [', '    "a",', '-   "b",', '    "c"', '  ]']);
    expect(diff(['a'], ['a', 'b'])).toEqual(['  [', '-   "a"', '+   "a",', '+   "b"', '  ]']);
    expect(diff([], ['a'])).toEqual(['- []', '+ [', '+   "a"', '+ ]']);
  });

  it('has one side only where something was added or removed', () => {
    expect(diff(null, 'on')).toEqual(['+ on']);
    expect(diff(undefined, { a: 1 })).toEqual(['+ {', '+   "a": 1', '+ }']);
    expect(diff([1], null)).toEqual(['- [', '-   1', '- ]']);
    expect(diff(false, null)).toEqual(['- false']);
  });

  it('says so where there is nothing on both sides', () => {
    expect([diff(null, null), diff(undefined, null)]).toEqual([['  null'], ['  null']]);
  });

  it('marks the line of a secret, and no other', () => {
    const marked = (before: unknown, after: unknown) =>
      linesOf(before, after).flatMap(({ isRedacted, sign, text }) => (isRedacted ? [`${sign} ${text}`] : []));
    expect(marked('[REDACTED]', '[REDACTED]')).toEqual(['  [REDACTED]']);
    expect(marked('[REDACTED]', 'x')).toEqual(['- [REDACTED]']);
    expect(marked({ a: 1, key: '[REDACTED]' }, { a: 2, key: '[REDACTED]' })).toEqual(['    "key": "[REDACTED]"']);
    expect(marked({ a: 1 }, { a: 'REDACTED' })).toEqual([]);
  });

  it('is named by its path, from the outside in', () => {
    const paths = [['strategies', '0', 'parameters'], ['enabled'], []];
    expect(toDiff(paths.map((path) => ({ path, before: 1, after: 2 }))).map(({ path }) => path)).toEqual([
      'strategies › 0 › parameters',
      'enabled',
      'everything',
    ]);
    expect(toDiff([])).toEqual([]);
  });

  it('cuts a long text and says by how much', () => {
    const [whole] = linesOf(null, 'a'.repeat(2000));
    const [cut] = linesOf(null, `${'a'.repeat(2001)}[REDACTED]`);
    expect(whole?.text).toBe('a'.repeat(2000));
    expect(cut).toMatchObject({ isRedacted: true, text: `"${'a'.repeat(1999)} … 13 more characters` });
  });

  it('cuts many lines and says how many are left, on each side of the change', () => {
    const list = (middle: string) => [
      ...Array.from({ length: 50 }, (_, index) => `a${index}`),
      middle,
      ...Array.from({ length: 50 }, (_, index) => `b${index}`),
    ];
    const lines = diff(list('x'), list('y'));
    expect(lines).toHaveLength(41 + 2 + 41);
    expect(lines.slice(0, 2)).toEqual(['  … 11 more lines', '    "a10",']);
    expect(lines.slice(40, 44)).toEqual(['    "a49",', '-   "x",', '+   "y",', '    "b0",']);
    expect(lines.slice(-2)).toEqual(['    "b39",', '  … 11 more lines']);
  });

  it('cuts what was added or taken away in the same way', () => {
    const many = (name: string, length: number) => Array.from({ length }, (_, index) => `${name}${index}`);
    expect(diff(many('a', 39), null)).toHaveLength(41);
    expect(diff(many('a', 38), null).at(-1)).toBe('- ]');
    expect(diff(many('a', 39), null).at(-1)).toBe('- … 1 more line');
    expect(diff(null, many('a', 40)).at(-1)).toBe('+ … 2 more lines');
  });

  const values = fc
    .oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('[]', '{}', '1', 'a', 'a ', [], {}, 1, true))
    .filter((value) => value !== null && (JSON.stringify(value, null, 2) ?? '').split('\n').length < 40);
  const printed = (value: unknown) => linesOf(null, value).map(({ text }) => text);

  it('can be read as what was before and as what is after', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const lines = linesOf(before, after);
        const without = (sign: string) => lines.filter((each) => each.sign !== sign).map(({ text }) => text);
        expect(without('+')).toEqual(printed(before));
        expect(without('-')).toEqual(printed(after));
      }),
      { numRuns: 500 },
    );
  });

  it('is seen wherever two values differ', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const isSeen = linesOf(before, after).some(({ sign }) => sign !== ' ');
        expect(isSeen).toBe(JSON.stringify(before) !== JSON.stringify(after));
      }),
      { numRuns: 1000 },
    );
  });
});
