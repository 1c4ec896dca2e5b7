import { type DocumentNode, type FieldNode, type GraphQLResolveInfo, Kind, parse, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import { selectedFields, selectedNodeFields } from '../../src/graph/selection.ts';

type Info = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'variableValues'>;

describe('selectedFields', () => {
  it.for<[string, string, Record<string, unknown>, string[]]>([
    ['fields, by their names', '{ f { a b: c } }', {}, ['a', 'c']],
    ['what is in fragments', '{ f { ... { a ...F } } } fragment F on T { ... on U { b } }', {}, ['a', 'b']],
    ['nothing that is skipped', '{ f { a @skip(if: true) b @include(if: false) c @skip(if: false) } }', {}, ['c']],
    ['nothing that is deferred', '{ f { ... @defer { a } ... @defer(if: false) { b } } }', {}, ['b']],
    ['what is selected at once beside a deferred part', '{ f { ...F @defer ...F } } fragment F on T { a }', {}, ['a']],
    ['what a variable includes', 'query ($v: Boolean!) { f { a @include(if: $v) b } }', { v: true }, ['a', 'b']],
    ['what a variable skips', 'query ($v: Boolean!) { f { a @skip(if: $v) b } }', { v: true }, ['b']],
    ['a fragment that spreads itself, once', '{ f { ...F } } fragment F on T { a ...F }', {}, ['a']],
  ])('finds %s', ([, document, variables, names]) => {
    expect([...selectedFields(infoOf(parse(document), variables))]).toEqual(names);
  });

  it('finds something else for other variables of the same document', () => {
    const info = infoOf(parse('query ($v: Boolean!) { f { a @include(if: $v) } }'), {});
    const found = [true, false, true].map((v) => [...selectedFields({ ...info, variableValues: { v } })]);
    expect(found).toEqual([['a'], [], ['a']]);
  });

  it('visits each selection of a field once, whether there is one item or a thousand', () => {
    const { document, visits } = counted(`{ f { ${'a b ...F '.repeat(100)} } } fragment F on T { c d }`);
    const info = infoOf(document, {});
    for (let item = 0; item < 1_000; item += 1) selectedFields(info);
    expect(visits()).toBe(302);
  });

  it('visits them once for each request if they depend on a variable', () => {
    const { document, visits } = counted('query ($v: Boolean!) { f { a @include(if: $v) b c } }');
    const info = infoOf(document, {});
    for (let request = 0; request < 10; request += 1) {
      const variableValues = { v: true };
      for (let item = 0; item < 100; item += 1) selectedFields({ ...info, variableValues });
    }
    expect(visits()).toBe(30);
  });

  it('visits no fragment twice, however often it is spread', () => {
    const names = Array.from({ length: 30 }, (_, index) => index);
    const fragments = names.map((n) => `fragment F${n} on T { a${n} ...F${n + 1} ...F${n + 1} }`);
    const { document, visits } = counted(`{ f { ...F0 ...F0 } } ${fragments.join(' ')} fragment F30 on T { end }`);
    expect(selectedFields(infoOf(document, {})).size).toBe(31);
    expect(visits()).toBe(2 + 3 * 30 + 1);
  });
});

describe('selectedNodeFields', () => {
  it('finds the fields of a connection’s nodes, by either way', () => {
    const info = infoOf(parse('{ f { edges { cursor node { a } } nodes { b } pageInfo { c } } }'), {});
    expect([...selectedNodeFields(info)].toSorted()).toEqual(['a', 'b']);
  });
});

/** As a resolver of the query's first field gets it. */
function infoOf(document: DocumentNode, variableValues: Record<string, unknown>): Info {
  const fields: FieldNode[] = [];
  const fragments: Info['fragments'] = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind === Kind.OPERATION_DEFINITION) fields.push(definition.selectionSet.selections[0] as FieldNode);
  }
  return { fieldNodes: fields, fragments, variableValues };
}

/** A document that counts how often one of its selections is looked at, those of the operation itself left out. */
function counted(text: string): { document: DocumentNode; visits(): number } {
  let visits = 0;
  const document = visit(parse(text), {
    SelectionSet: {
      leave(set, _key, parent) {
        if ((parent as { kind?: Kind }).kind === Kind.OPERATION_DEFINITION) return undefined;
        const { selections } = set;
        const observed = {
          *[Symbol.iterator]() {
            for (const node of selections) {
              visits += 1;
              yield node;
            }
          },
        };
        return { ...set, selections: observed as never };
      },
    },
  });
  return { document, visits: () => visits };
}
