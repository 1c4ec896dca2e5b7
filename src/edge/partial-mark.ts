/** Sets `extensions.partial: true` on a response that lacks the data of a source, for caches and logs. */
import { handleStreamOrSingleExecutionResult, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';

export function usePartialMark(): Plugin<GatewayContext> {
  return {
    onExecute: ({ args: { contextValue } }) => ({
      onExecuteDone: (payload) =>
        handleStreamOrSingleExecutionResult(payload, ({ result, setResult }) => {
          if (!contextValue.isPartial || result.data === undefined) return;
          setResult({ ...result, extensions: { ...result.extensions, partial: true } });
        }),
    }),
  };
}
