import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Choice, NO_CHOICE } from '../../page/src/address.ts';
import type { FilterChoicesQuery } from '../../page/src/generated/graphql.ts';
import { KINDS } from '../../page/src/kinds.ts';
import { add, chips, remove, type Suggestion, suggest } from '../../page/src/suggest.ts';
import { choicesOf } from './support/choices.ts';

type Sources = NonNullable<FilterChoicesQuery['flagSources']>;

function source(name: string, projects: Record<string, string[] | null> | null): Sources[number] {
  const listed = projects && Object.entries(projects);
  return {
    ...{ id: name, name, vendor: 'UNLEASH', status: 'OK' },
    projects:
      listed?.map(([key, keys]) => ({ key, environments: keys?.map((each) => ({ key: each })) ?? null })) ?? null,
  };
}

const KNOWN: FilterChoicesQuery = {
  flagSources: [
    source('launchdarkly', { shop: ['production', 'pre-prod', 'prod'], '*': null }),
    source('unleash', { shop: ['production', 'reproduction'], payments: null }),
    source('broken', null),
  ],
};

/** As people see them. */
const told = (suggestions: readonly Suggestion[]) => suggestions.map(({ kind, label }) => `${kind}:${label}`);
const offer = (text: string, choice: Partial<Choice> = {}, known: FilterChoicesQuery | null = KNOWN) =>
  told(suggest(text, known, { ...NO_CHOICE, ...choice }));

const values = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }), fc.constantFrom('a', 'b', 'prod'));
const choices = choicesOf(values);
const suggestions: fc.Arbitrary<Suggestion> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('env' as const, 'project' as const, 'source' as const, 'flag' as const, 'actor' as const),
      values,
    )
    .map(([kind, value]) => ({ kind, value, label: value })),
  fc.constantFrom(...KINDS).map((value) => ({ kind: 'kinds' as const, value, label: value })),
  fc.constant({ kind: 'impact' as const, value: 'large', label: 'large' }),
);
const isIn = (choice: Choice, { kind, value }: Suggestion) =>
  chips(choice).some((chip) => chip.kind === kind && chip.value === value);

describe('suggest', () => {
  it('offers what there is before anything is typed, and each of it once', () => {
    const all = offer('', { kinds: KINDS });
    expect(all).toEqual([
      ...['env:production', 'env:pre-prod', 'env:prod', 'env:reproduction', 'project:shop', 'project:payments'],
      ...['source:launchdarkly', 'source:unleash', 'source:broken', 'impact:large'],
    ]);
  });

  it('offers what fits wholly, then at the beginning, at the beginning of a word, and anywhere', () => {
    const free = ['flag:prod', 'actor:prod'];
    expect(offer('prod')).toEqual(['env:prod', 'env:production', 'env:pre-prod', 'env:reproduction', ...free]);
    expect(offer(' Prod ').slice(0, 4)).toEqual(offer('prod').slice(0, 4));
  });

  it('takes whatever else is typed for a flag or for somebody', () => {
    expect(offer('new checkout')).toEqual(['flag:new checkout', 'actor:new checkout']);
    expect(offer('http://x')).toEqual(['flag:http://x', 'actor:http://x']);
    expect(offer('constructor:x')).toEqual(['flag:constructor:x', 'actor:constructor:x']);
    expect(offer('  ', { kinds: KINDS })).toEqual(offer('', { kinds: KINDS }));
  });

  it.for([
    ['env:pro', ['env:production', 'env:prod', 'env:pre-prod', 'env:reproduction']],
    ['Environment: pre', ['env:pre-prod']],
    ['env:unknown', []],
    ['project:', ['project:shop', 'project:payments']],
    ['source:unl', ['source:unleash']],
    ['kind:rollout', ['kinds:Rollout changed']],
    ['kind:rollout_changed', ['kinds:Rollout changed']],
    ['kinds:archived', ['kinds:Archived']],
    ['flag:checkout', ['flag:checkout']],
    ['flag:', []],
    ['by:ada@example.com', ['actor:ada@example.com']],
    ['actor: Ada Lovelace', ['actor:Ada Lovelace']],
    ['impact:', ['impact:large']],
    ['impact:la', ['impact:large']],
  ] as const)('offers only what is asked for: %s', ([text, offered]) => {
    expect(offer(text)).toEqual(offered);
  });

  it('knows an impact by that word too', () => {
    expect(offer('impact')).toEqual(['impact:large', 'flag:impact', 'actor:impact']);
  });

  it('works without knowing what there is', () => {
    expect(offer('prod', {}, null)).toEqual(['flag:prod', 'actor:prod']);
    expect(offer('arch', {}, { flagSources: [] })).toEqual(['kinds:Archived', 'flag:arch', 'actor:arch']);
  });

  it('offers no source where there is one', () => {
    expect(offer('source:', {}, { flagSources: [source('unleash', {})] })).toEqual([]);
  });

  it('offers at most twelve, and what was typed among them', () => {
    const keys = Array.from({ length: 20 }, (_, index) => `prod-${index}`);
    const offered = offer('prod', {}, { flagSources: [source('unleash', { shop: keys })] });
    expect(offered).toHaveLength(12);
    expect(offered.slice(-3)).toEqual(['env:prod-9', 'flag:prod', 'actor:prod']);
  });

  it('offers nothing that has been chosen, nothing twice, and never more than twelve', () => {
    const texts = fc.oneof(values, fc.constantFrom('', 'env:', 'kind:', 'by:a', 'flag:b', 'impact', 'e', 'prod'));
    const known = fc.uniqueArray(values, { maxLength: 3 }).map(
      (keys): FilterChoicesQuery => ({
        flagSources: [source('a', { a: keys, b: keys }), source('b', { prod: null })],
      }),
    );
    fc.assert(
      fc.property(texts, known, choices, (text, sources, choice) => {
        const offered = suggest(text, sources, choice);
        expect(offered.filter((each) => isIn(choice, each))).toEqual([]);
        expect(new Set(offered.map(({ kind, value }) => `${kind} ${value}`)).size).toBe(offered.length);
        expect(offered.length).toBeLessThanOrEqual(12);
        for (const each of offered) expect(isIn(add(choice, each), each)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what has been chosen', () => {
  it('is shown as people write it', () => {
    const choice: Choice = { ...NO_CHOICE, flags: ['f'], actors: ['Ada'], kinds: ['ROLLOUT_CHANGED'], impact: 'large' };
    expect(chips(choice)).toEqual([
      { kind: 'kinds', value: 'ROLLOUT_CHANGED', label: 'Rollout changed' },
      { kind: 'flag', value: 'f', label: 'f' },
      { kind: 'actor', value: 'Ada', label: 'Ada' },
      { kind: 'impact', value: 'large', label: 'large' },
    ]);
    expect(chips(NO_CHOICE)).toEqual([]);
  });

  it('comes of adding each of it, and goes with removing each of it', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        expect(chips(choice).reduce(add, NO_CHOICE)).toEqual(choice);
        expect(chips(choice).toReversed().reduce(remove, choice)).toEqual(NO_CHOICE);
      }),
      { numRuns: 300 },
    );
  });

  it('is as before when something is added and removed, and has nothing twice', () => {
    fc.assert(
      fc.property(choices, suggestions, (choice, suggestion) => {
        const added = add(choice, suggestion);
        expect(add(added, suggestion)).toEqual(added);
        if (isIn(choice, suggestion)) expect(added).toEqual(choice);
        else expect(remove(added, suggestion)).toEqual(choice);
        expect(isIn(remove(added, suggestion), suggestion)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('has the kinds in the order in which an address is read', () => {
    const kinds = ['CREATED', 'DISABLED', 'ENABLED'].map(
      (value): Suggestion => ({ kind: 'kinds', value, label: value }),
    );
    expect(kinds.reduce(add, NO_CHOICE).kinds).toEqual(['ENABLED', 'DISABLED', 'CREATED']);
  });
});
