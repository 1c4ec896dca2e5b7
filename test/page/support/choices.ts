import fc from 'fast-check';
import type { Choice } from '../../../page/src/address.ts';
import { KINDS } from '../../../page/src/kinds.ts';

/** Any choice whose lists hold these values. */
export function choicesOf(values: fc.Arbitrary<string>): fc.Arbitrary<Choice> {
  const lists = fc.uniqueArray(values, { maxLength: 3 });
  return fc.record({
    environments: lists,
    projects: lists,
    flags: lists,
    kinds: fc.subarray(KINDS),
    sources: lists,
    actors: lists,
    impact: fc.constantFrom('large' as const, null),
  });
}
