/** Limits on the size and cost of one query, and of its answer, checked before any upstream call. No error message quotes the query. */
import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor';
import { type DocumentNode, type ExecutionArgs, GraphQLError, getOperationAST, getVariableValues } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { bytesIn, fieldsIn } from './cost.ts';
import { refuse } from './refusal.ts';
import { hasLongerAlias, needsMoreComparisons } from './selections.ts';

const MEGABYTE = 1024 * 1024;

export const LIMITS = {
  /** The experiments of a flag's events, below a page of events, are 12 levels deep. Fragments do not count. */
  depth: 12,
  /** A batch of flags by key takes one alias for each flag. */
  aliases: 50,
  directives: 50,
  /** Enough for 500 ids, or for the introspection query of GraphiQL, several times over. */
  tokens: 2_000,
  /** Fields of the response, if every page is full. A page of events counts as 30, a part of its own (`@defer`, `@stream`) as 50. */
  cost: 50_000,
  /** Of two fields of one name that come together: graphql's validation makes them all. */
  comparisons: 5_000,
  /** Characters. An alias is in the answer as often as its field. */
  aliasLength: 100,
  /** Of JSON, if every page is full. */
  answerBytes: 10 * MEGABYTE,
} as const;

export function useLimits(): Plugin<GatewayContext>[] {
  const limit = (n: number, code: string) => ({ n, propagateOnRejection: false, onReject: [reject(code)] });
  const armor = EnvelopArmorPlugin({
    maxDepth: { ...limit(LIMITS.depth, 'QUERY_TOO_DEEP'), flattenFragments: true },
    maxAliases: limit(LIMITS.aliases, 'TOO_MANY_ALIASES'),
    maxDirectives: limit(LIMITS.directives, 'TOO_MANY_DIRECTIVES'),
    maxTokens: limit(LIMITS.tokens, 'TOO_MANY_TOKENS'),
    // It counts a page size that comes as a variable as 1: see `useCostLimit`.
    costLimit: { enabled: false },
    // Suggestions of every kind are removed where errors are: see `useClientErrors`.
    blockFieldSuggestion: { enabled: false },
  });
  // It is typed with an empty context; these rules use none.
  return [
    armor as unknown as Plugin<GatewayContext>,
    useBoundedStack(),
    useBoundedValidation(),
    useOnlyRefusals(),
    useCostLimit(),
  ];
}

const REFUSALS = new Set(['QUERY_TOO_DEEP', 'QUERY_TOO_COMPLEX', 'TOO_MANY_ALIASES', 'TOO_MANY_DIRECTIVES']);

/** Reports to a validation rule's context. The parser has none: there the error is thrown. */
function reject(code: string) {
  return (context: { reportError(error: GraphQLError): void } | null, error: GraphQLError): void => {
    const message = error.message.replace(/^Syntax Error: /, '');
    const refusal = refuse({ code, message, status: 400, isAboutDocument: true });
    if (context === null) throw refusal;
    context.reportError(refusal);
  };
}

/** The parser is recursive, and some two thousand brackets are enough to exhaust the stack. */
function useBoundedStack(): Plugin<GatewayContext> {
  return {
    onParse:
      () =>
      ({ replaceParseResult, result }) => {
        if (!(result instanceof RangeError)) return;
        const message = 'The query is nested too deeply.';
        replaceParseResult(refuse({ code: 'QUERY_TOO_DEEP', message, status: 400, isAboutDocument: true }));
      },
  };
}

/** Other validation errors of a document that is refused would quote it, at length. */
function useOnlyRefusals(): Plugin<GatewayContext> {
  return {
    onValidate:
      () =>
      ({ result, setResult }) => {
        const refusals = result.filter(({ extensions }) => REFUSALS.has(String(extensions?.code)));
        if (refusals.length > 0) setResult(refusals);
      },
  };
}

/** Before graphql's own rules: the document is what makes them expensive. */
function useBoundedValidation(): Plugin<GatewayContext> {
  const judged = new WeakMap<DocumentNode, GraphQLError | null>();
  return {
    onValidate({ params: { documentAST }, setResult }) {
      const known = judged.get(documentAST);
      const refusal = known === undefined ? judge(documentAST) : known;
      judged.set(documentAST, refusal);
      if (refusal) setResult([refusal]);
    },
  };
}

function judge(document: DocumentNode): GraphQLError | null {
  if (needsMoreComparisons(document, LIMITS.comparisons)) {
    const message = 'Too many fields of one name are selected together: select each once.';
    return refuse({ code: 'QUERY_TOO_COMPLEX', message, status: 400, isAboutDocument: true });
  }
  if (!hasLongerAlias(document, LIMITS.aliasLength)) return null;
  const message = `An alias is longer than ${LIMITS.aliasLength} characters.`;
  return refuse({ code: 'QUERY_TOO_COMPLEX', message, status: 400, isAboutDocument: true });
}

function useCostLimit(): Plugin<GatewayContext> {
  // What is limited of a subscription is one batch.
  return { onExecute: ({ args }) => refuseCostly(args), onSubscribe: ({ args }) => refuseCostly(args) };
}

type Operation = Pick<ExecutionArgs, 'document' | 'operationName' | 'schema' | 'variableValues'>;

function refuseCostly({ document, operationName, schema, variableValues }: Operation): void {
  const operation = getOperationAST(document, operationName);
  const variables: Record<string, unknown> = variableValues ?? {};
  // Variables of the wrong type: execution will refuse them, with a better message.
  if (!operation || getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors) return;
  const request = { schema, document, variables, operationName: operation.name?.value };
  const fields = count(() => fieldsIn(request));
  if (fields > LIMITS.cost) {
    const message = `The answer may hold more than ${LIMITS.cost} fields: ask for smaller pages.`;
    throw refuse({ code: 'QUERY_TOO_COMPLEX', message, status: 400, isAboutDocument: true });
  }
  const limit = LIMITS.answerBytes;
  if (count(() => bytesIn(request, { fields, atMost: limit })) <= limit) return;
  const message = `The answer may be larger than ${limit / MEGABYTE} MB: ask for smaller pages.`;
  throw refuse({ code: 'ANSWER_TOO_LARGE', message, status: 400, isAboutDocument: true, extensions: { limit } });
}

function count(estimate: () => number): number {
  try {
    return estimate();
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    // A required argument whose variable has no value. Otherwise it would be an error of that field.
    throw refuse({ code: 'BAD_USER_INPUT', message: error.message, status: 400, isAboutDocument: true });
  }
}
