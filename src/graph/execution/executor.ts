/**
 * Chooses how an operation is executed: by a plan of its document where it is a query that is answered in one part, by the
 * ordinary executor wherever there is anything else to it (parts, other kinds of operations, variables that do not fit).
 *
 * Plans are data: unlike graphql-jit 0.8.9, which prints them as JavaScript and runs what it finds in a client's string
 * (`"__MAGIC_DATE__…"` is put into the program as code), nothing of a document is ever evaluated.
 */
import {
  type DocumentNode,
  type ExecutionArgs,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { createPlan, type OperationPlan } from './plan.ts';
import { runPlan } from './run.ts';

export type Execute<Result> = (args: ExecutionArgs) => Result;

export interface ExecutorOptions {
  /** For all plans together, with their documents, as far as the lengths of these tell. @default 32 MiB */
  maxBytes?: number;
}

const MAX_BYTES = 32 * 1024 * 1024;
/** Per character of a document, as measured: of the document itself, and of each plan with all it may come to hold. */
const DOCUMENT_BYTES = 80;
const PLAN_BYTES = 70;
/** Plans of one document: one for each operation, and for each set of values of what it includes and skips. */
const MAX_PLANS = 8;

/** Where Yoga executes, this does. It has to come after what replaces the document or the executor. */
export function usePlans(options: ExecutorOptions = {}): Plugin {
  const execute = createExecutor(options);
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => execute(args, executeFn));
    },
  };
}

interface Known {
  fragments: Record<string, FragmentDefinitionNode>;
  /** The names of variables that decide what is included. */
  deciding: readonly string[];
  plans: Map<string, OperationPlan>;
}

/** Executes, `ordinary` being what an operation is executed by that cannot be planned. */
export type Executor = <Result>(args: ExecutionArgs, ordinary: Execute<Result>) => Result | ReturnType<typeof runPlan>;

export function createExecutor({ maxBytes = MAX_BYTES }: ExecutorOptions = {}): Executor {
  const documents = new LRUCache<DocumentNode, Known>({
    maxSize: maxBytes,
    sizeCalculation: ({ plans }, document) =>
      1_000 + (document.loc?.end ?? 10_000) * (DOCUMENT_BYTES + PLAN_BYTES * Math.max(1, plans.size)),
  });
  let ofSchema: GraphQLSchema | undefined;

  function lookAt(schema: GraphQLSchema, document: DocumentNode): Known | undefined {
    if (schema !== ofSchema) documents.clear();
    ofSchema = schema;
    const known = documents.get(document);
    if (known) return known;
    const found = toKnown(document);
    if (found) documents.set(document, found);
    return found;
  }

  return (args, ordinary) => {
    const { contextValue, document, operationName, rootValue, schema, variableValues } = args;
    const operation = getOperationAST(document, operationName);
    if (operation?.operation !== OperationTypeNode.QUERY) return ordinary(args);
    const known = lookAt(schema, document);
    if (!known) return ordinary(args);
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
    if (!coerced) return ordinary(args);
    const before = known.plans.size;
    const plan = planFor(known, schema, operation, coerced);
    // It has grown.
    if (known.plans.size > before && before > 0) documents.set(document, known);
    return runPlan(plan, { rootValue, contextValue, variableValues: coerced });
  };
}

function planFor(
  { deciding, fragments, plans }: Known,
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): OperationPlan {
  const key = `${operation.name?.value ?? ''} ${deciding.map((name) => variables[name])}`;
  const known = plans.get(key);
  if (known) return known;
  const plan = createPlan(schema, operation, fragments, variables);
  if (plans.size >= MAX_PLANS) plans.clear();
  plans.set(key, plan);
  return plan;
}

/** `undefined` if there is something in the document that a plan does not do. */
function toKnown(document: DocumentNode): Known | undefined {
  const fragments: Known['fragments'] = Object.create(null);
  const deciding = new Set<string>();
  let isPlain = true;
  visit(document, {
    FragmentDefinition(node) {
      fragments[node.name.value] = node;
    },
    Field({ alias }) {
      // Of a plain object, it is not a property like any other.
      if (alias?.value === '__proto__') isPlain = false;
    },
    Directive({ arguments: given = [], name }) {
      if (name.value === 'defer' || name.value === 'stream') isPlain = false;
      for (const { value } of given) if (value.kind === Kind.VARIABLE) deciding.add(value.name.value);
    },
  });
  return isPlain ? { fragments, deciding: [...deciding], plans: new Map() } : undefined;
}
