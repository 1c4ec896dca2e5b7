/**
 * How much a document asks of validation. graphql compares every two fields of one name that come together in an answer, and
 * what is selected below them: work that grows with the square of the fields, in a document within all other limits.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** The fragments of a document by their names. */
export function fragmentsOf({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((each) => [each.name.value, each]));
}

/** Whether validating a document takes more than so many comparisons of two fields; looks at no more than it takes to say. */
export function needsMoreComparisons(document: DocumentNode, limit: number): boolean {
  const fragments = fragmentsOf(document);
  const waiting: SelectionSetNode[][] = [];
  for (const each of document.definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION || each.kind === Kind.OPERATION_DEFINITION)
      waiting.push([each.selectionSet]);
  }
  let work = 0;
  for (let sets = waiting.pop(); sets && work <= limit; sets = waiting.pop()) {
    for (const fields of byName(sets, fragments)) {
      // Fragments that multiply are visited again and again, without two fields of one name: a visit is work, too.
      work += 1 + (fields.length * (fields.length - 1)) / 2;
      const below = fields.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (below.length > 0) waiting.push(below);
    }
  }
  return work > limit;
}

/** The fields that come together, by the name they have in the answer. */
function byName(
  sets: SelectionSetNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Iterable<FieldNode[]> {
  const found = new Map<string, FieldNode[]>();
  const entered = new Set<string>();
  const add = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const name = (node.alias ?? node.name).value;
        const others = found.get(name);
        if (others) others.push(node);
        else found.set(name, [node]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) add(node.selectionSet);
      else if (!entered.has(node.name.value)) {
        entered.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment) add(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) add(set);
  return found.values();
}

/** Whether a name that an answer repeats for each of its rows is longer than this. */
export function hasLongerAlias(document: DocumentNode, limit: number): boolean {
  let isLonger = false;
  visit(document, {
    Field({ alias }) {
      isLonger ||= alias !== undefined && alias.value.length > limit;
    },
  });
  return isLonger;
}
