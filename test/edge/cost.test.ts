import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { fieldsIn } from '../../src/edge/cost.ts';
import { createSchema } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';

const schema = createSchema(definitions, { nodeField: 'omitted' });
const TEXT = `
  query Page($first: Int, $last: Int, $isShort: Boolean! = false, $filter: FlagEventFilter, $ids: [ID!]! = []) {
    flagEvents(first: $first, last: $last, filter: $filter) { nodes { id title @skip(if: $isShort) } }
    nodes(ids: $ids) { id }
  }
  query Other { flagEvents { nodes { id } } }
`;
const VALUES = {
  first: [undefined, null, 0, 1, 20, 100],
  last: [undefined, 50],
  isShort: [undefined, true, false],
  ids: [undefined, [], ['a'], ['a', 'b', 'c'], 'a'],
  filter: [undefined, null, {}, { flagKeys: ['a', 'b'] }],
};

function combinations(): Record<string, unknown>[] {
  return Object.entries(VALUES).reduce<Record<string, unknown>[]>(
    (all, [name, values]) =>
      all.flatMap((one) => values.map((value) => (value === undefined ? one : { ...one, [name]: value }))),
    [{}],
  );
}

describe('the fields of an answer', () => {
  it('are counted anew for all variables that change them, whatever was counted for the document before', () => {
    const shared = parse(TEXT);
    const counted = combinations().map((variables) => ({
      variables,
      of: (document = shared) => fieldsIn({ schema, document, variables, operationName: 'Page' }),
    }));
    expect(new Set(counted.map(({ of }) => of())).size).toBeGreaterThan(20);
    for (const { of, variables } of [...counted, ...counted]) {
      expect([variables, of()]).toEqual([variables, of(parse(TEXT))]);
    }
  });

  it('are those of the operation that is asked for', () => {
    const document = parse(TEXT);
    const of = (operationName: string) => fieldsIn({ schema, document, variables: {}, operationName });
    expect(of('Page')).toBeGreaterThan(of('Other'));
    expect(of('Other')).toBe(of('Other'));
  });

  it('are never those of a value that is missing', () => {
    const document = parse('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }');
    const of = (variables: Record<string, unknown>) =>
      fieldsIn({ schema, document, variables, operationName: undefined });
    expect(of({ ids: ['a'] })).toBe(2);
    expect(of({ ids: ['a', 'b'] })).toBe(3);
  });
});
