/**
 * Executes a subscription's operation for each batch, each with a context of its own: a deadline, a budget of calls and
 * loaders. A request's own would be used up by the first batches, and remember what they loaded for hours.
 */
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from './context.ts';

export interface BatchesOptions {
  /** What clients see of an error that ends a subscription. */
  toError(error: unknown): Error;
}

export function useBatches({ toError }: BatchesOptions): Plugin<GatewayContext> {
  return {
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(((args: ExecutionArgs) => subscribe(args, toError)) as never);
    },
  };
}

async function subscribe(
  args: ExecutionArgs,
  toError: (error: unknown) => Error,
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  return isAsyncIterable(source) ? executed(source as AsyncIterable<unknown>, args, toError) : source;
}

/** Ends with an answer that is only an error if the subscription does not end by itself. */
function executed(
  source: AsyncIterable<unknown>,
  args: ExecutionArgs,
  toError: (error: unknown) => Error,
): AsyncIterableIterator<ExecutionResult> {
  const batches = source[Symbol.asyncIterator]();
  let isOver = false;
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      if (isOver) return { done: true, value: undefined };
      try {
        const batch = await batches.next();
        return batch.done ? batch : { done: false, value: await executeBatch(batch.value, args) };
      } catch (error) {
        isOver = true;
        const shown = toError(error);
        const ended = shown instanceof GraphQLError ? shown : new GraphQLError(shown.message);
        return { done: false, value: { errors: [ended] } };
      }
    },
    async return() {
      isOver = true;
      await batches.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}

async function executeBatch(batch: unknown, args: ExecutionArgs): Promise<ExecutionResult> {
  const own = args.contextValue as GatewayContext;
  const contextValue: GatewayContext = { ...own, ...own.renew() };
  try {
    const result = await execute({ ...args, rootValue: batch, contextValue });
    return contextValue.isPartial && result.data ? { ...result, extensions: { partial: true } } : result;
  } finally {
    contextValue.finish();
  }
}
