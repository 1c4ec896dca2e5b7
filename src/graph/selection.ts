/** Look-ahead: which fields below a connection's nodes a query selects, so that a page can be fetched with them at once. */
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

const PATHS_TO_NODES = [['edges', 'node'], ['nodes']] as const;

/** Names of the node's fields, through any fragment and alias; what is deferred or skipped does not count. */
export function selectedNodeFields(info: GraphQLResolveInfo): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of PATHS_TO_NODES) {
    let level: FieldNode[] = [...info.fieldNodes];
    for (const name of path)
      level = level.flatMap((field) => fieldsIn(field.selectionSet, info)).filter((field) => field.name.value === name);
    for (const field of level.flatMap((each) => fieldsIn(each.selectionSet, info))) found.add(field.name.value);
  }
  return found;
}

function fieldsIn(set: SelectionSetNode | undefined, info: GraphQLResolveInfo): FieldNode[] {
  return (set?.selections ?? []).flatMap((node) => {
    if (!isIncluded(node, info)) return [];
    if (node.kind === Kind.FIELD) return [node];
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : info.fragments[node.name.value];
    return fieldsIn(fragment?.selectionSet, info);
  });
}

function isIncluded(node: SelectionNode, { schema, variableValues }: GraphQLResolveInfo): boolean {
  const defer = schema.getDirective('defer');
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false &&
    !(defer && (getDirectiveValues(defer, node, variableValues)?.if ?? false))
  );
}
