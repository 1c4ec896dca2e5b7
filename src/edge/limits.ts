/** Limits on the size and cost of one query, checked before any upstream call. No error message quotes the query. */
import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor';
import { GraphQLError, getNullableType, getOperationAST, getVariableValues, isListType } from 'graphql';
import { type ComplexityEstimator, getComplexity } from 'graphql-query-complexity';
import type { Plugin } from 'graphql-yoga';
import { z } from 'zod';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../graph/connection.ts';
import type { GatewayContext } from '../request/context.ts';
import { refuse } from './refusal.ts';

export const LIMITS = {
  /** The experiments of a flag's events, below a page of events, are 12 levels deep. Fragments do not count. */
  depth: 12,
  /** A batch of flags by key takes one alias for each flag. */
  aliases: 50,
  directives: 50,
  /** Enough for 500 ids, or for the introspection query of GraphiQL, several times over. */
  tokens: 2_000,
  /** Fields of the response, if every page is full. */
  cost: 50_000,
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
  return [armor as unknown as Plugin<GatewayContext>, useBoundedStack(), useOnlyRefusals(), useCostLimit()];
}

const REFUSALS = new Set(['QUERY_TOO_DEEP', 'TOO_MANY_ALIASES', 'TOO_MANY_DIRECTIVES']);

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

function useCostLimit(): Plugin<GatewayContext> {
  return {
    onExecute({ args: { document, operationName, schema, variableValues } }) {
      const operation = getOperationAST(document, operationName);
      const variables: Variables = variableValues ?? {};
      // Variables of the wrong type: execution will refuse them, with a better message.
      if (!operation || getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors) return;
      const name = operation.name && { operationName: operation.name.value };
      const cost = costOf({ schema, query: document, variables, estimators: [estimate], ...name });
      if (cost <= LIMITS.cost) return;
      const message = `The answer may hold more than ${LIMITS.cost} fields: ask for smaller pages.`;
      throw refuse({ code: 'QUERY_TOO_COMPLEX', message, status: 400, isAboutDocument: true });
    },
  };
}

type Variables = Record<string, unknown>;

/** A cost that cannot be computed must not count as zero. */
function costOf(options: Parameters<typeof getComplexity>[0]): number {
  try {
    return getComplexity(options);
  } catch (error) {
    if (!(error instanceof GraphQLError) || /^Query exceeds/.test(error.message)) return Number.POSITIVE_INFINITY;
    // A required argument whose variable has no value. Otherwise it would be an error of that field.
    throw refuse({ code: 'BAD_USER_INPUT', message: error.message, status: 400, isAboutDocument: true });
  }
}

/** One for the field, and the cost of its selection as often as it may be in the response. */
const estimate: ComplexityEstimator = ({ args, childComplexity, field }) => 1 + childComplexity * sizeOf(field, args);

function sizeOf(
  { args, extensions, type }: Parameters<ComplexityEstimator>[0]['field'],
  values: Record<string, unknown>,
): number {
  if (args.some(({ name }) => name === 'first')) {
    // A page size out of range is refused by the resolver, which names the argument.
    const size = Number(values.first ?? values.last ?? DEFAULT_PAGE_SIZE);
    return Math.min(Math.max(size, 0), MAX_PAGE_SIZE);
  }
  if (!isListType(getNullableType(type))) return 1;
  const keys = Object.values(values).find(Array.isArray);
  return keys?.length ?? assumedSizeOf(extensions) ?? 1;
}

/** Of a list without a page size that may be long: as its `@listSize` says. */
function assumedSizeOf(extensions: unknown): number | undefined {
  return listSizeSchema.safeParse(extensions).data?.directives.listSize[0].assumedSize;
}

const listSizeSchema = z.object({
  directives: z.object({ listSize: z.tuple([z.object({ assumedSize: z.int() })]) }),
});
