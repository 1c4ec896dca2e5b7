/** Ends what a request holds as soon as its answer is complete: its deadline's timer would keep all of it until then. */
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from './context.ts';

export function useFinish(): Plugin<GatewayContext> {
  return {
    onExecute({ args: { contextValue } }) {
      return {
        onExecuteDone({ result }) {
          if (!isAsyncIterable(result)) return contextValue.finish();
          return { onEnd: () => contextValue.finish() };
        },
      };
    },
  };
}
