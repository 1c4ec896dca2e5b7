/** Look-ahead: which fields a query selects, so that what they cost can be asked for at once. */
import {
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

const PATHS_TO_NODES = [['edges', 'node'], ['nodes']] as const;

/** Names of the fields selected on a connection's nodes; see {@link selectedFields}. */
export function selectedNodeFields(info: GraphQLResolveInfo): ReadonlySet<string> {
  const found = PATHS_TO_NODES.flatMap((path) => {
    const nodes = path.reduce<readonly FieldNode[]>(
      (fields, name) => fieldsBelow(fields, info).filter((field) => field.name.value === name),
      info.fieldNodes,
    );
    return fieldsBelow(nodes, info);
  });
  return new Set(found.map((field) => field.name.value));
}

/** Names of the fields selected on a field's value, through any fragment and alias; what is deferred or skipped is not. */
export function selectedFields(info: GraphQLResolveInfo): ReadonlySet<string> {
  return new Set(fieldsBelow(info.fieldNodes, info).map((field) => field.name.value));
}

function fieldsBelow(fields: readonly FieldNode[], info: GraphQLResolveInfo): FieldNode[] {
  return fields.flatMap((field) => fieldsIn(field.selectionSet, info));
}

function fieldsIn(set: SelectionSetNode | undefined, info: GraphQLResolveInfo): FieldNode[] {
  return (set?.selections ?? []).flatMap((node) => {
    if (!isSelectedNow(node, info)) return [];
    if (node.kind === Kind.FIELD) return [node];
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : info.fragments[node.name.value];
    return fieldsIn(fragment?.selectionSet, info);
  });
}

function isSelectedNow(node: SelectionNode, { variableValues }: GraphQLResolveInfo): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false &&
    (getDirectiveValues(GraphQLDeferDirective, node, variableValues)?.if ?? false) !== true
  );
}
