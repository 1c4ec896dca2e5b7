/**
 * Errors about a client's request: each has a code, and none repeats a long value of the request. Where introspection is
 * off, none suggests a name of the schema.
 */
import {
  type ExecutionResult,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  print,
  type ValidationRule,
  type VariableDefinitionNode,
} from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';

export function useClientErrors({ introspection }: { introspection: boolean }): Plugin<GatewayContext> {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(knownOperationTypes);
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
    onExecute: () => ({ onExecuteDone: tellVariables }),
    onSubscribe: () => ({ onSubscribeResult: tellVariables }),
    onResultProcess({ result, setResult }) {
      if (isAsyncIterable(result) || Array.isArray(result)) return;
      const { data, errors } = result as ExecutionResult;
      if (data === undefined && errors) {
        setResult({ ...result, errors: errors.map((error) => reworded(error, introspection)) });
      }
    },
  };
}

interface Executed {
  result: ExecutionResult | AsyncIterable<unknown>;
  setResult(result: ExecutionResult): void;
}

function tellVariables({ result, setResult }: Executed): void {
  if (isAsyncIterable(result)) return;
  const { data, errors } = result as ExecutionResult;
  if (data === undefined && errors)
    setResult({ ...result, errors: errors.map((error) => toVariableError(error) ?? error) });
}

/** graphql 16 notices this only during execution, and reports it without a code. */
const knownOperationTypes: ValidationRule = (context) => ({
  OperationDefinition(node) {
    if (context.getSchema().getRootType(node.operation)) return;
    context.reportError(new GraphQLError(`There are no operations of type ${node.operation}.`, { nodes: [node] }));
  },
});

const LONGEST_REASON = 120;
const LONGEST_MESSAGE = 240;
const LONGEST_QUOTE = 40;
/** Also short ones: what is between two quotations is none. */
const QUOTE = /"((?:[^"\\]|\\.)*)"/g;
/** Always at the end. */
const SUGGESTION = / Did you mean .*$/s;

/** graphql's own message begins with the whole value. `undefined` if the error is not about a variable. */
function toVariableError(error: GraphQLError): GraphQLError | undefined {
  const [definition] = error.nodes ?? [];
  if (definition?.kind !== Kind.VARIABLE_DEFINITION) return undefined;
  return new GraphQLError(describe(error, definition), {
    nodes: [definition],
    extensions: { code: 'BAD_USER_INPUT', argument: `$${definition.variable.name.value}`, http: BAD_DOCUMENT },
  });
}

const BAD_DOCUMENT = { status: 400, spec: true };

function describe({ message, originalError }: GraphQLError, { type, variable }: VariableDefinitionNode) {
  const name = `\`$${variable.name.value}\``;
  const expected = `must be of type \`${print(type)}\``;
  // There is no value to describe: the variable is missing or null.
  if (!originalError) return `${name} ${expected}.`;
  const reason = withShortQuotes(originalError.message);
  const place = / at "([^"]*)"$/.exec(message.slice(0, -(originalError.message.length + '; '.length)))?.[1];
  const at = place === undefined ? '' : ` at \`${place.slice(0, LONGEST_REASON)}\``;
  return reason.length > LONGEST_REASON ? `${name} cannot be used${at}.` : `${name} cannot be used${at}: ${reason}`;
}

function withShortQuotes(message: string): string {
  return message.replaceAll(QUOTE, (quote, quoted: string) => (quoted.length > LONGEST_QUOTE ? '"…"' : quote));
}

function reworded(error: GraphQLError, suggestions: boolean): GraphQLError {
  const message = withShortQuotes(suggestions ? error.message : error.message.replace(SUGGESTION, ''));
  const cut = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  if (cut === error.message) return error;
  const { extensions, nodes, path, positions, source } = error;
  return new GraphQLError(cut, {
    extensions,
    nodes: nodes ?? null,
    path: path ?? null,
    positions: positions ?? null,
    source: source ?? null,
  });
}
