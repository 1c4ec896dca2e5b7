/** Corrections of Yoga's `@defer` and `@stream`: errors in every part are masked, and `accept` is checked first. */
import {
  type DirectiveNode,
  type DocumentNode,
  type ExecutionResult,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  visit,
} from 'graphql';
import { handleStreamOrSingleExecutionResult, type MaskError, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { acceptsParts } from './negotiation.ts';
import { refuse } from './refusal.ts';

/** To be used together with Yoga's own plugin, `useDeferStream`. */
export function useSafeIncrementalDelivery(maskError: MaskError): Plugin<GatewayContext>[] {
  return [useCheckedCounts(), useOnePartWhereNeeded(), useMaskedParts(maskError)];
}

/** The executor would fail with an unexpected error in the middle of an answer. */
function useCheckedCounts(): Plugin<GatewayContext> {
  const streams = new WeakMap<DocumentNode, readonly DirectiveNode[]>();
  return {
    onExecute({ args: { document, operationName, schema, variableValues } }) {
      const found = streams.get(document) ?? directivesIn(document, 'stream');
      streams.set(document, found);
      const definition = schema.getDirective('stream');
      if (found.length === 0 || !definition) return;
      const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
      const { coerced } = getVariableValues(schema, definitions, (variableValues ?? {}) as Record<string, unknown>);
      // Variables of the wrong type: execution will refuse them, with a better message.
      if (!coerced || found.every((node) => isCounted(getArgumentValues(definition, node, coerced)))) return;
      const message = '`initialCount` of @stream must be 0 or more.';
      const extensions = { argument: 'initialCount' };
      throw refuse({ code: 'BAD_USER_INPUT', message, status: 400, isAboutDocument: true, extensions });
    },
  };
}

function isCounted({ if: isOn, initialCount }: Record<string, unknown>): boolean {
  return isOn === false || (typeof initialCount === 'number' && initialCount >= 0);
}

function directivesIn(document: DocumentNode, name: string): DirectiveNode[] {
  const found: DirectiveNode[] = [];
  visit(document, { Directive: (node) => void (node.name.value === name && found.push(node)) });
  return found;
}

/**
 * A client that does not ask for parts gets one complete response: the directives are hints. Yoga would answer 406 after it
 * has executed the operation.
 */
function useOnePartWhereNeeded(): Plugin<GatewayContext> {
  const withoutHints = new WeakMap<DocumentNode, DocumentNode>();
  return {
    onExecute({ args }) {
      const { request } = args.contextValue as unknown as { request: Request };
      if (acceptsParts(request)) return;
      const document = withoutHints.get(args.document) ?? removeHints(args.document);
      withoutHints.set(args.document, document);
      args.document = document;
    },
  };
}

function removeHints(document: DocumentNode): DocumentNode {
  return visit(document, {
    Directive: ({ name }) => (name.value === 'defer' || name.value === 'stream' ? null : undefined),
  });
}

interface Part extends ExecutionResult {
  incremental?: readonly { errors?: readonly unknown[] }[];
}

/** Yoga masks the errors of the first part only; those of later parts would show the original messages. */
function useMaskedParts(maskError: MaskError): Plugin<GatewayContext> {
  const mask = (errors: readonly unknown[]) => errors.map((error) => maskError(error, 'Unexpected error.'));
  return {
    onExecute: () => ({
      onExecuteDone: (payload) =>
        handleStreamOrSingleExecutionResult(payload, ({ result, setResult }) => {
          const part = result as Part;
          if (!part.incremental?.some(({ errors }) => errors)) return;
          const incremental = part.incremental.map((each) =>
            each.errors ? { ...each, errors: mask(each.errors) } : each,
          );
          setResult({ ...part, incremental } as ExecutionResult);
        }),
    }),
  };
}
