import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SearchFilter } from '../../../src/sources/unleash/client.ts';
import { type Capabilities, toSearch } from '../../../src/sources/unleash/filter.ts';
import { type EventFilter, NO_FILTER } from '../../../src/timeline/filter.ts';

const CURRENT: Capabilities = { environment: true, groupId: true, id: true, isOrdered: true };
/** Half of what a Node server takes, and what the strictest proxies take. */
const MAX_LENGTH = 8_000;

/** So many values that begin alike, so long and in such characters that they take anything from three to nine hundred in a URL. */
const values = fc.option(
  fc
    .tuple(
      fc.oneof(
        fc.string({ maxLength: 90 }),
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.constant('漢'.repeat(90)),
      ),
      fc.integer({ min: 1, max: 200 }),
    )
    .filter(([text]) => text === text.trim() && /^[^,\p{Cc}\p{Cs}]*$/u.test(text))
    .map(([text, count]) => Array.from({ length: count }, (_, index) => `${text}${index}`)),
  { nil: undefined },
);

const lists = fc.record({
  types: values,
  flagKeys: values,
  projects: values,
  environments: values,
  createdByUserIds: fc.option(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 200 }), { nil: undefined }),
});

type Lists = typeof lists extends fc.Arbitrary<infer T> ? T : never;

function filterOf({ createdByUserIds, environments, flagKeys, projects, types }: Lists): EventFilter {
  return {
    ...NO_FILTER,
    ...(types && { types }),
    ...(flagKeys && { flagKeys }),
    ...(projects && { projects }),
    ...(environments && { environments }),
    vendors: createdByUserIds ? { unleash: { createdByUserIds } } : {},
  };
}

/** What each list is called in the search. */
function wantedOf({ createdByUserIds, environments, flagKeys, projects, types }: Lists): SearchFilter {
  return JSON.parse(
    JSON.stringify({
      type: types,
      feature: flagKeys,
      project: projects,
      environment: environments,
      createdBy: createdByUserIds?.map(String),
    }),
  );
}

function encodedLength(filter: SearchFilter): number {
  return Object.values(filter).reduce((sum, list) => sum + encodeURIComponent(list.join(',')).length, 0);
}

describe('toSearch', () => {
  it('fits every search into a URL', () => {
    fc.assert(
      fc.property(lists, (all) => {
        for (const filter of toSearch(filterOf(all), undefined, CURRENT).filters) {
          expect(encodedLength(filter)).toBeLessThan(MAX_LENGTH);
        }
      }),
    );
  });

  it('asks for every value of a list that it cuts exactly once, and for the others whole or not at all', () => {
    fc.assert(
      fc.property(lists, (all) => {
        const { filters } = toSearch(filterOf(all), undefined, CURRENT);
        const wanted = wantedOf(all);
        const cut = namesOf(wanted).filter((name) => new Set(filters.map((filter) => filter[name]?.join())).size > 1);
        expect(cut.length).toBeLessThanOrEqual(1);
        for (const name of namesOf(wanted)) {
          const asked = cut.includes(name) ? filters.flatMap((filter) => filter[name] ?? []) : filters[0]?.[name];
          if (asked !== undefined) expect(asked).toEqual(wanted[name]);
        }
      }),
    );
  });

  it('is whole only if nothing is cut and nothing left out', () => {
    fc.assert(
      fc.property(lists, (all) => {
        const { filters, isWhole } = toSearch(filterOf(all), undefined, CURRENT);
        const [first, ...others] = filters;
        expect(isWhole).toBe(
          others.length === 0 && JSON.stringify(sorted(first)) === JSON.stringify(sorted(wantedOf(all))),
        );
      }),
    );
  });

  it('leaves out what the server does not know, and is then not whole', () => {
    const old = { ...CURRENT, environment: false, groupId: false };
    const byEnvironment = { ...NO_FILTER, environments: ['production'] };
    const byGroup = { ...NO_FILTER, vendors: { unleash: { groupId: '01J' } } };
    for (const filter of [byEnvironment, byGroup]) {
      expect(toSearch(filter, undefined, old)).toEqual({ filters: [{}], text: undefined, isWhole: false });
      expect(toSearch(filter, undefined, CURRENT).isWhole).toBe(true);
    }
  });
});

function namesOf(filter: SearchFilter): (keyof SearchFilter)[] {
  return Object.keys(filter) as (keyof SearchFilter)[];
}

function sorted(filter: SearchFilter | undefined): [string, readonly string[]][] {
  return Object.entries(filter ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
