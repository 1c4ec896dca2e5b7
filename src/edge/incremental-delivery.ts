/** Two corrections of Yoga's `@defer` and `@stream`: errors in every part are masked, and `accept` is checked first. */
import { type DocumentNode, type ExecutionResult, visit } from 'graphql';
import { handleStreamOrSingleExecutionResult, type MaskError, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';

/** To be used together with Yoga's own plugin, `useDeferStream`. */
export function useSafeIncrementalDelivery(maskError: MaskError): Plugin<GatewayContext>[] {
  return [useOnePartWhereNeeded(), useMaskedParts(maskError)];
}

/**
 * A client that accepts neither multipart nor server-sent events gets one complete response: the directives are hints.
 * Yoga would answer 406 after it has executed the operation.
 */
function useOnePartWhereNeeded(): Plugin<GatewayContext> {
  const withoutHints = new WeakMap<DocumentNode, DocumentNode>();
  return {
    onExecute({ args }) {
      const { request } = args.contextValue as unknown as { request: Request };
      if (acceptsParts(request.headers.get('accept') ?? '*/*')) return;
      const document = withoutHints.get(args.document) ?? removeHints(args.document);
      withoutHints.set(args.document, document);
      args.document = document;
    },
  };
}

function acceptsParts(accept: string): boolean {
  return /\*\/\*|multipart\/(mixed|\*)|text\/(event-stream|\*)/i.test(accept);
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
