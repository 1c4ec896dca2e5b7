/** Look-ahead: which fields a query selects, so that what they cost can be asked for at once. */
import {
  type DirectiveNode,
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { GraphQLDeferDirective } from './incremental.ts';

type Fields = ReadonlySet<string>;

const PATHS_TO_NODES = [['edges', 'node'], ['nodes']] as const;

/** Names of the fields selected on a field's value, through any fragment and alias; what is deferred or skipped is not. */
export const selectedFields = oncePerField((search) => namesOf(search.below(search.fieldNodes)));

/** Names of the fields selected on a connection's nodes; see {@link selectedFields}. */
export const selectedNodeFields = oncePerField((search) =>
  namesOf(PATHS_TO_NODES.flatMap((path) => search.below(fieldsAt(search, path)))),
);

/** Whether a field of a connection's nodes is selected, by its path below the node: `auditLogEntry.changes`. */
export function isSelectedOnNodes(info: Info, field: string): boolean {
  const search = createSearch(info);
  return PATHS_TO_NODES.some((path) => fieldsAt(search, [...path, ...field.split('.')]).length > 0);
}

/** Names of the fields selected beside a field, on the same object and in the same part of the answer. */
export const selectedBeside = oncePerField<Around>((search, { operation, path }) => {
  let sets: (SelectionSetNode | undefined)[] = [operation.selectionSet];
  for (const name of responseNames(path.prev)) {
    const fields = sets.flatMap((set) => search.collect(set, { withDeferred: true }));
    sets = fields.flatMap((field) => ((field.alias ?? field.name).value === name ? [field.selectionSet] : []));
  }
  return namesOf(sets.flatMap((set) => search.collect(set)));
});

type Info = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'variableValues'>;
type Around = Info & Pick<GraphQLResolveInfo, 'operation' | 'path'>;

/** From the outside in, without the places in lists. */
function responseNames(path: GraphQLResolveInfo['path'] | undefined): string[] {
  const names: string[] = [];
  for (let at = path; at !== undefined; at = at.prev) if (typeof at.key === 'string') names.unshift(at.key);
  return names;
}

interface Search {
  fieldNodes: readonly FieldNode[];
  /** All fields selected below these, each as often as it stands in a selection or in a fragment. */
  below(fields: readonly FieldNode[]): FieldNode[];
  /** The fields of one selection; `withDeferred`: those of later parts of the answer, too. */
  collect(set: SelectionSetNode | undefined, options?: { withDeferred: boolean }): FieldNode[];
}

function oncePerField<Asked extends Info = Info>(
  find: (search: Search, info: Asked) => Fields,
): (info: Asked) => Fields {
  // Executors make one list of nodes for a field at its place, and one object of variables for a request; documents outlive
  // requests.
  const ofField = new WeakMap<Info['fieldNodes'], Fields | WeakMap<Info['variableValues'], Fields>>();
  return (info) => {
    const known = ofField.get(info.fieldNodes);
    const found = known instanceof WeakMap ? known.get(info.variableValues) : known;
    if (found !== undefined) return found;
    const search = createSearch(info);
    const fields = find(search, info);
    if (!search.dependsOnVariables()) ofField.set(info.fieldNodes, fields);
    else {
      const ofRequest = known instanceof WeakMap ? known : new WeakMap<Info['variableValues'], Fields>();
      ofField.set(info.fieldNodes, ofRequest.set(info.variableValues, fields));
    }
    return fields;
  };
}

function createSearch({ fieldNodes, fragments, variableValues }: Info): Search & { dependsOnVariables(): boolean } {
  let dependsOnVariables = false;

  function isSelected(node: SelectionNode, withDeferred: boolean): boolean {
    if (!node.directives?.length) return true;
    dependsOnVariables ||= node.directives.some(hasVariable);
    return (
      getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
      getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false &&
      (withDeferred || (getDirectiveValues(GraphQLDeferDirective, node, variableValues)?.if ?? false) !== true)
    );
  }

  function add(
    set: SelectionSetNode | undefined,
    into: FieldNode[],
    entered: Set<string>,
    withDeferred: boolean,
  ): void {
    for (const node of set?.selections ?? []) {
      if (!isSelected(node, withDeferred)) continue;
      if (node.kind === Kind.FIELD) into.push(node);
      else if (node.kind === Kind.INLINE_FRAGMENT) add(node.selectionSet, into, entered, withDeferred);
      else if (!entered.has(node.name.value)) {
        // Once is enough: fragments that each spread the next one twice would otherwise take exponential time.
        entered.add(node.name.value);
        add(fragments[node.name.value]?.selectionSet, into, entered, withDeferred);
      }
    }
  }

  return {
    fieldNodes,
    below(fields) {
      const found: FieldNode[] = [];
      const entered = new Set<string>();
      for (const { selectionSet } of fields) add(selectionSet, found, entered, false);
      return found;
    },
    collect(set, { withDeferred } = { withDeferred: false }) {
      const found: FieldNode[] = [];
      add(set, found, new Set(), withDeferred);
      return found;
    },
    dependsOnVariables: () => dependsOnVariables,
  };
}

/** The fields at a path of names below the field. */
function fieldsAt(search: Search, path: readonly string[]): readonly FieldNode[] {
  return path.reduce<readonly FieldNode[]>(
    (fields, name) => search.below(fields).filter((field) => field.name.value === name),
    search.fieldNodes,
  );
}

function hasVariable(directive: DirectiveNode): boolean {
  return directive.arguments?.some(({ value }) => value.kind === Kind.VARIABLE) ?? false;
}

function namesOf(fields: readonly FieldNode[]): Fields {
  return new Set(fields.map((field) => field.name.value));
}
