/**
 * Executes a subscription's operation for each batch, each with a context of its own: a deadline, a budget of calls and
 * loaders. A request's own would be used up by the first batches, and remember what they loaded for hours.
 */
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Caller } from './caller.ts';
import type { GatewayContext } from './context.ts';
import { EndedError } from './live.ts';

const PLACE = Symbol('place');

/** An answer that knows where its reader stands. JSON leaves out what is named by a symbol. */
export interface Placed extends ExecutionResult {
  [PLACE]?: () => string;
}

/** The cursor to go on with after this answer. */
export function placeOf(answer: Placed): string | undefined {
  return answer[PLACE]?.();
}

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
  const { caller } = args.contextValue as GatewayContext;
  let isOver = false;
  let hasExpired = false;
  const expiry = whenExpired(caller, () => {
    hasExpired = true;
    void batches.return?.();
  });
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      if (isOver) return { done: true, value: undefined };
      try {
        const batch = await batches.next();
        if (hasExpired) throw new EndedError('CREDENTIALS_EXPIRED');
        if (batch.done) clearTimeout(expiry);
        return batch.done ? batch : { done: false, value: await executeBatch(batch.value, args) };
      } catch (error) {
        isOver = true;
        clearTimeout(expiry);
        const shown = toError(error);
        const ended = shown instanceof GraphQLError ? shown : new GraphQLError(shown.message);
        return { done: false, value: { errors: [ended] } };
      }
    },
    async return() {
      isOver = true;
      clearTimeout(expiry);
      await batches.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}

/** A timer cannot wait for longer. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

function whenExpired(caller: Caller | null, end: () => void): NodeJS.Timeout | undefined {
  if (caller?.expiresAt === undefined) return undefined;
  return setTimeout(end, Math.min(Math.max(0, caller.expiresAt - Date.now()), LONGEST_WAIT_MS)).unref();
}

async function executeBatch(batch: unknown, args: ExecutionArgs): Promise<ExecutionResult> {
  const own = args.contextValue as GatewayContext;
  const contextValue: GatewayContext = { ...own, ...own.renew() };
  try {
    const result = await execute({ ...args, rootValue: batch, contextValue });
    const placed: Placed = { ...result, ...(contextValue.place && { [PLACE]: contextValue.place }) };
    return contextValue.isPartial && result.data ? { ...placed, extensions: { partial: true } } : placed;
  } finally {
    contextValue.finish();
  }
}
