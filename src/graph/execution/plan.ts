/**
 * What executing an operation comes down to, as far as its document alone tells: which fields each type of object has in
 * the answer, with their definitions. Worked out once per document, and only as far as answers need it.
 */
import {
  defaultFieldResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  GraphQLIncludeDirective,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  type InlineFragmentNode,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  typeFromAST,
} from 'graphql';

type AbstractType = Parameters<GraphQLSchema['getPossibleTypes']>[0];

export interface OperationPlan {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  root: ObjectPlan;
}

export interface ObjectPlan {
  type: GraphQLObjectType;
  /** In the order of the answer. */
  fields: readonly FieldPlan[];
}

export interface FieldPlan {
  /** The key in the answer. */
  key: string;
  parentType: GraphQLObjectType;
  definition: GraphQLField<unknown, unknown>;
  /** The same list for every item of the answer, and for every request. */
  nodes: readonly [FieldNode, ...FieldNode[]];
  /** `undefined`: the property of the field's name. */
  resolve: GraphQLFieldResolver<unknown, unknown> | undefined;
  hasArguments: boolean;
  shape: Shape;
}

/** How a value of a type becomes a part of the answer. */
export type Shape = { isNonNull: boolean } & (
  | { kind: 'leaf'; type: GraphQLLeafType }
  | { kind: 'list'; item: Shape }
  | { kind: 'object'; type: GraphQLObjectType; plan(): ObjectPlan }
  /** `plan` throws for a name that is none of the type's objects. */
  | { kind: 'abstract'; type: AbstractType; plan(typename: string): ObjectPlan }
);

/**
 * `variableValues` are those that `@skip` and `@include` depend on: the plan holds for every request that has the same
 * values there. The operation must be a query, and its document valid.
 */
export function createPlan(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
  variableValues: Readonly<Record<string, unknown>>,
): OperationPlan {
  function planObject(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): ObjectPlan {
    const nodesByKey = new Map<string, [FieldNode, ...FieldNode[]]>();
    const entered = new Set<string>();
    for (const set of sets) collect(type, set, nodesByKey, entered);
    const fields = [...nodesByKey].flatMap(([key, nodes]) => {
      const definition = findDefinition(type, nodes[0].name.value);
      return definition ? planField(type, definition, key, nodes) : [];
    });
    return { type, fields };
  }

  function collect(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    into: Map<string, [FieldNode, ...FieldNode[]]>,
    entered: Set<string>,
  ): void {
    for (const node of selections) {
      if (!isIncluded(node)) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const others = into.get(key);
        if (others) others.push(node);
        else into.set(key, [node]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        if (appliesTo(type, node)) collect(type, node.selectionSet, into, entered);
      } else if (!entered.has(node.name.value)) {
        entered.add(node.name.value);
        const fragment = fragments[node.name.value];
        if (fragment && appliesTo(type, fragment)) collect(type, fragment.selectionSet, into, entered);
      }
    }
  }

  function isIncluded(node: SelectionNode): boolean {
    if (!node.directives?.length) return true;
    return (
      getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
      getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false
    );
  }

  function appliesTo(type: GraphQLObjectType, { typeCondition }: InlineFragmentNode | FragmentDefinitionNode): boolean {
    if (!typeCondition) return true;
    const wanted = typeFromAST(schema, typeCondition);
    return wanted === type || (isAbstractType(wanted) && schema.isSubType(wanted, type));
  }

  function findDefinition(type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
    if (type === schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return type.getFields()[name];
  }

  function planField(
    parentType: GraphQLObjectType,
    definition: GraphQLField<unknown, unknown>,
    key: string,
    nodes: readonly [FieldNode, ...FieldNode[]],
  ): FieldPlan {
    const { args, resolve, type } = definition;
    return {
      key,
      parentType,
      definition,
      nodes,
      resolve: resolve === defaultFieldResolver ? undefined : resolve,
      hasArguments: args.length > 0,
      shape: planShape(type, nodes),
    };
  }

  function planShape(type: GraphQLOutputType, nodes: readonly FieldNode[]): Shape {
    if (isNonNullType(type)) return { ...planShape(type.ofType, nodes), isNonNull: true };
    if (isListType(type)) return { kind: 'list', isNonNull: false, item: planShape(type.ofType, nodes) };
    if (isLeafType(type)) return { kind: 'leaf', isNonNull: false, type };
    // Not before there is such an object: fragments of one type may be all that a document has.
    const planned = new Map<string, ObjectPlan>();
    const planOf = (own: GraphQLObjectType): ObjectPlan => {
      const known = planned.get(own.name);
      if (known) return known;
      const plan = planObject(
        own,
        nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
      );
      planned.set(own.name, plan);
      return plan;
    };
    if (isObjectType(type)) return { kind: 'object', isNonNull: false, type, plan: () => planOf(type) };
    return {
      kind: 'abstract',
      isNonNull: false,
      type,
      plan: (typename) => planned.get(typename) ?? planOf(possibleType(schema, type, typename, nodes)),
    };
  }

  const type = schema.getRootType(operation.operation);
  if (!type) throw new Error('The schema has no type for this operation.');
  return { schema, operation, fragments, root: planObject(type, [operation.selectionSet]) };
}

function possibleType(
  schema: GraphQLSchema,
  type: AbstractType,
  typename: string,
  nodes: readonly FieldNode[],
): GraphQLObjectType {
  const own = schema.getType(typename);
  if (isObjectType(own) && schema.isSubType(type, own)) return own;
  const was = `Abstract type "${type.name}" was resolved to a`;
  if (own === undefined) {
    throw new GraphQLError(`${was} type "${typename}" that does not exist inside the schema.`, { nodes });
  }
  if (!isObjectType(own)) throw new GraphQLError(`${was} non-object type "${typename}".`, { nodes });
  throw new GraphQLError(`Runtime Object type "${typename}" is not a possible type for "${type.name}".`, { nodes });
}
