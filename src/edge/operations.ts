/**
 * One GraphQL operation that has no HTTP request of its own: it came over a WebSocket or goes out on a shared event stream.
 * It passes what every request passes: authentication, rate limit, trusted documents, limits, masking and the log.
 */
import type { IncomingMessage } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { type GraphQLParams, isAsyncIterable, type MaskError } from 'graphql-yoga';
import type { Log } from '../observe/log.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Admit } from './admission.ts';
import type { ReadableHeaders } from './headers.ts';
import { GRAPHQL_PATH } from './pages/pages.ts';
import { normalize } from './parameters.ts';
import type { ServerContext } from './progress.ts';
import { createEntry, logAtEnd, withEntry } from './request-log.ts';

export interface OperationsOptions {
  admit: Admit;
  /** Yoga's, with all plugins. */
  execute: Execute;
  maskError: MaskError;
  log: Log;
  /** @default nothing is traced */
  tracing?: Tracing | undefined;
}

export type Result = ExecutionResult | AsyncIterable<ExecutionResult>;

/** Yoga's execution of one operation. */
export type Execute = (
  request: { params: GraphQLParams; request: Request },
  context: ServerContext,
) => PromiseLike<Result | undefined> | Result | undefined;

export interface Asked {
  /** As the client has sent it. */
  operation: unknown;
  headers: ReadableHeaders;
  incoming: IncomingMessage;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}

/** Never rejects. Every operation leaves one line in the log, once its last result was taken. */
export type RunOperation = (asked: Asked) => Promise<Result>;

/** What a client has to accept for several answers: here it gets them whatever it has said. */
const ACCEPTS_PARTS = 'multipart/mixed, text/event-stream, application/json';

export function createOperations({ admit, execute, log, maskError, tracing }: OperationsOptions): RunOperation {
  const toAnswer = (error: unknown): ExecutionResult => {
    const shown = maskError(error, 'Unexpected error.');
    return { errors: [shown instanceof GraphQLError ? shown : new GraphQLError(shown.message)] };
  };
  return async ({ headers, incoming, operation, signal }) => {
    const entry = createEntry(headers, tracing);
    entry.isGraphQL = true;
    const get = (name: string) => (name === 'accept' ? ACCEPTS_PARTS : headers.get(name));
    const own = {
      method: 'POST',
      url: GRAPHQL_PATH,
      headers: { get, has: (name: string) => get(name) !== null },
      signal,
    };
    const result = await withEntry(entry, async () => {
      try {
        const caller = await admit(headers, incoming);
        const request = own as unknown as Request;
        return (await execute({ params: normalize(operation), request }, { req: incoming, caller })) ?? {};
      } catch (error) {
        return toAnswer(error);
      }
    });
    return logAtEnd(log, entry, isAsyncIterable(result) ? result : withoutInternals(result));
  };
}

/** Without what is meant for HTTP. */
export function withoutInternals(result: ExecutionResult): ExecutionResult {
  return result.errors ? { ...result, errors: result.errors.map(withoutHttp) } : result;
}

function withoutHttp(error: GraphQLError): GraphQLError {
  if (error.extensions?.http === undefined) return error;
  const { http: _, ...extensions } = error.extensions;
  const { message, nodes, path, positions, source } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    path: path ?? null,
    positions: positions ?? null,
    source: source ?? null,
    extensions,
  });
}
