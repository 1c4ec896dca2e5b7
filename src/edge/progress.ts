/** What is there of a request when Yoga gets it: the connection, and what the fast path has done already. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { Caller } from '../request/caller.ts';
import type { GatewayContext } from '../request/context.ts';

/** The connection is missing where the gateway is called as a function. */
export interface ServerContext {
  req?: IncomingMessage;
  res?: ServerResponse;
  progress?: Progress;
  /** Who asks; `null` where everybody is accepted. */
  caller?: Caller | null;
}

/** The request has been admitted, and its body read unless it was refused. */
export interface Progress {
  /** What was thrown. */
  refusal?: unknown;
  params?: GraphQLParams;
  /** Of the execution, if it came to that. */
  result?: ExecutionResult | AsyncIterable<ExecutionResult> | undefined;
}

/** Goes on where the fast path has ended. Must come after what reads the parameters. */
export function useProgress(): Plugin<GatewayContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const { progress } = serverContext as ServerContext;
      if (progress?.refusal !== undefined) throw progress.refusal;
      const { params } = progress ?? {};
      if (params) setRequestParser(() => params);
    },
    onParams({ context, setResult }) {
      const { progress } = context as ServerContext;
      if (progress?.result) setResult(progress.result);
    },
  };
}
