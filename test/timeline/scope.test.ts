import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMatcher, NO_FILTER, narrow } from '../../src/timeline/filter.ts';
import { createScope, type Pattern, type Place, parsePattern } from '../../src/timeline/scope.ts';
import { createEvent } from '../support/memory-feed.ts';

const scopeOf = (...texts: string[]) =>
  createScope(texts.map((text) => ({ pattern: parsePattern(text) as Pattern, personalData: !text.startsWith('b/') })));
const at = (text: string): Place => {
  const [source = '', project = '', environment = ''] = text.split('/');
  return { source, project: project === '-' ? null : project, environment: environment === '-' ? null : environment };
};

describe('a pattern', () => {
  it.for([
    ['a/x/p', ['a/x/p'], ['a/x/q', 'a/y/p', 'b/x/p', 'a/x/-', 'a/-/p']],
    ['a/x/*', ['a/x/p', 'a/x/-', 'a/x/*'], ['a/y/p', 'a/-/-']],
    ['a/x/-', ['a/x/-', 'a/x/*'], ['a/x/p']],
    ['*/x/p', ['a/x/p', 'b/x/p'], ['a/y/p']],
    ['a/-/-', ['a/-/-', 'a/*/*', 'a//'], ['a/x/-', 'a/-/p']],
    ['a/*/p', ['a/x/p', 'a/-/p'], ['a/x/q', 'a/x/-']],
  ] as const)('allows what it says and nothing else: %s', ([pattern, allowed, others]) => {
    const scope = scopeOf(pattern);
    for (const place of allowed) expect([place, scope.allows(at(place))]).toEqual([place, true]);
    for (const place of others) expect([place, scope.allows(at(place))]).toEqual([place, false]);
  });
});

describe('a scope', () => {
  it('without grants allows nothing', () => {
    const scope = scopeOf();
    expect([scope.isEmpty, scope.allows(at('a/x/p')), scope.canHold('a')]).toEqual([true, false, false]);
  });

  it('has a digest that says what is allowed, in whichever order it was said', () => {
    expect(scopeOf('a/x/*', 'a/y/-').digest).toBe(scopeOf('a/y/-', 'a/x/*', 'a/x/*').digest);
    expect(scopeOf('a/x/*').digest).not.toBe(scopeOf('a/x/-').digest);
    const pattern = parsePattern('a/x/*') as Pattern;
    const digests = [true, false].map((personalData) => createScope([{ pattern, personalData }]).digest);
    expect(new Set(digests).size).toBe(2);
  });

  it('knows the part of it that has names of people', () => {
    const named = scopeOf('a/x/*', 'b/x/*').named();
    expect(named.allows(at('a/x/p'))).toBe(true);
    expect(named.allows(at('b/x/p'))).toBe(false);
    expect(scopeOf('b/x/*').named().isEmpty).toBe(true);
  });

  it.for([
    [['a/x/*', 'a/y/*'], { projects: ['x', 'y'], isExact: true }],
    [['a/x/p', 'a/x/q'], { projects: ['x'], environments: ['p', 'q'], isExact: true }],
    [['a/x/p', 'a/y/q'], { projects: ['x', 'y'], environments: ['p', 'q'], isExact: false }],
    [['a/x/p', 'a/-/-'], { isExact: false }],
    [['a/*/p'], { environments: ['p'], isExact: true }],
    [['a/*/*', 'a/x/p'], { isExact: true }],
    [['b/x/p'], { projects: [], environments: [], isExact: true }],
  ] as const)('is asked for by keys as far as that goes: %j', ([patterns, narrowing]) => {
    expect(scopeOf(...patterns).narrowing('a')).toEqual(narrowing);
  });

  it('loses no allowed event by being asked for, and where it is exact needs no check', () => {
    const part = fc.constantFrom('*', '-', 'x', 'y', 'z');
    const pattern = fc.tuple(fc.constantFrom('*', 'a', 'b'), part, part).map((parts) => parts.join('/'));
    const place = fc.tuple(
      fc.constantFrom('a', 'b'),
      fc.constantFrom('-', 'x', 'y', 'z'),
      fc.constantFrom('-', 'x', 'y', 'z'),
    );
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 4 }), place, (patterns, parts) => {
        const own = at(parts.join('/'));
        const scope = scopeOf(...patterns);
        const event = { ...createEvent('a', 'id', 1), ...own };
        const { filter, isExact } = narrow({ ...NO_FILTER, scope }, own.source);
        const { scope: _scope, ...asked } = filter;
        const isAsked = createMatcher(asked)(event);
        expect(createMatcher(filter)(event)).toBe(scope.allows(own));
        if (scope.allows(own)) expect(isAsked).toBe(true);
        if (isExact) expect(isAsked).toBe(scope.allows(own));
        if (scope.allows(own)) expect(scope.canHold(own.source, own.project, own.environment)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
