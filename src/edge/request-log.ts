/** One line in the log for each GraphQL request, and the request's id. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type DocumentNode, type ExecutionResult, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { FeedFailure } from '../errors.ts';
import type { CallCount } from '../model.ts';
import type { Log, RequestLine } from '../observe/log.ts';
import type { RequestSpan, Tracing } from '../observe/tracing.ts';
import type { GatewayContext } from '../request/context.ts';
import type { ReadableHeaders } from './headers.ts';
import type { ServerContext } from './progress.ts';

/** What the log will say of a request. */
export interface LogEntry {
  requestId: string;
  startedAt: number;
  /** Health checks, GraphiQL and 404s are not logged. */
  isGraphQL: boolean;
  status: number | null;
  operation: RequestLine['operation'];
  calls: CallCount | undefined;
  failures: readonly FeedFailure[];
  partial: boolean;
  codes: Set<string>;
  span: RequestSpan | undefined;
}

const entries = new AsyncLocalStorage<LogEntry>();

/** The id of the current request, for lines about it. */
export function currentRequestId(): string | undefined {
  return entries.getStore()?.requestId;
}

/** Must be the first plugin, so that it sees what other plugins refuse. */
export function useRequestLog(log: Log, tracing?: Tracing): Plugin<GatewayContext> {
  return {
    instrumentation: {
      // The fast path has begun an entry of its own.
      request: ({ request }, wrapped) =>
        entries.getStore() ? wrapped() : withEntry(createEntry(request.headers, tracing), wrapped),
    },
    onRequestParse({ serverContext }) {
      const entry = entries.getStore();
      if (!entry || entry.isGraphQL) return;
      entry.isGraphQL = true;
      const { res } = serverContext as ServerContext;
      if (res) logWhenClosed(log, entry, res);
    },
    onParse: () => (parsed) => {
      const entry = entries.getStore();
      const { operationName } = parsed.context.params ?? {};
      if (entry) entry.operation = operationIn(parsed.result, operationName);
    },
    onExecute({ args }) {
      const entry = entries.getStore();
      if (!entry) return;
      entry.calls = args.contextValue.budget.calls;
      entry.failures = args.contextValue.failures;
    },
    onResultProcess({ result, setResult }) {
      const entry = entries.getStore();
      if (!entry) return;
      if (isAsyncIterable(result)) setResult(observed(result as AsyncIterable<ExecutionResult>, entry) as never);
      else for (const each of [result].flat()) note(each as ExecutionResult, entry);
    },
    onResponse({ response, serverContext }) {
      const entry = entries.getStore();
      if (!entry) return;
      response.headers.set('x-request-id', entry.requestId);
      entry.status = response.status;
      if (entry.isGraphQL && !(serverContext as ServerContext).res) writeLine(log, entry, false);
    },
  };
}

/** Runs what answers a request: lines that are written in it bear its id, and spans that begin in it belong to its own. */
export function withEntry<T>(entry: LogEntry, run: () => T): T {
  const { span } = entry;
  return entries.run(entry, span ? () => span.within(run) : run);
}

/** The same result: when it has been read, or its reader has left, there is a line in the log. */
export function logAtEnd<R extends ExecutionResult | AsyncIterable<ExecutionResult>>(
  log: Log,
  entry: LogEntry,
  result: R,
): R | AsyncIterable<ExecutionResult> {
  const write = (aborted: boolean) => writeLine(log, entry, aborted);
  if (isAsyncIterable(result)) return observed(result, entry, write);
  note(result as ExecutionResult, entry);
  write(false);
  return result;
}

/** If the client disconnects, there may never be a response. */
export function logWhenClosed(log: Log, entry: LogEntry, response: ServerResponse): void {
  response.once('close', () => writeLine(log, entry, !response.writableFinished));
}

/** An id from a load balancer is kept if it has the form of an id. */
const ID = /^[0-9a-f-]{16,64}$/i;

/** A span that belongs to no GraphQL request is not ended, and so not seen by anybody. */
export function createEntry(headers: ReadableHeaders, tracing?: Tracing): LogEntry {
  const given = headers.get('x-request-id') ?? '';
  return {
    requestId: ID.test(given) ? given : randomUUID(),
    startedAt: performance.now(),
    isGraphQL: false,
    status: null,
    operation: null,
    calls: undefined,
    failures: [],
    partial: false,
    codes: new Set(),
    span: tracing?.request(headers),
  };
}

const LONGEST_NAME = 80;
/** Of one request, in the log. */
const MAX_FAILURES = 20;

function operationIn(parsed: unknown, name: string | undefined): RequestLine['operation'] {
  if (parsed instanceof Error || parsed === null) return null;
  const operation = getOperationAST(parsed as DocumentNode, name);
  return operation ? { type: operation.operation, name: operation.name?.value.slice(0, LONGEST_NAME) ?? null } : null;
}

/** Later parts are executed while the response is read, outside of the async context of the request. */
function observed(
  parts: AsyncIterable<ExecutionResult>,
  entry: LogEntry,
  whenEnded: (isAborted: boolean) => void = () => {},
): AsyncIterable<ExecutionResult> {
  const iterator = parts[Symbol.asyncIterator]();
  let isOver = false;
  const end = (isAborted: boolean) => {
    if (!isOver) whenEnded(isAborted);
    isOver = true;
  };
  const inside = async (step: () => Promise<IteratorResult<ExecutionResult>>) => {
    const taken = await withEntry(entry, step);
    if (!taken.done) note(taken.value, entry);
    else end(false);
    return taken;
  };
  const same: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => same,
    next: () => inside(() => iterator.next()),
    return: () => {
      end(true);
      return inside(async () => (await iterator.return?.()) ?? { done: true, value: undefined });
    },
  };
  return same;
}

interface Part extends ExecutionResult {
  incremental?: readonly { errors?: ExecutionResult['errors'] }[];
}

/** Notes the codes of an answer, or of a part of one, and whether it lacks something. */
export function note({ errors = [], extensions, incremental = [] }: Part, entry: LogEntry): void {
  if (extensions?.partial === true) entry.partial = true;
  for (const error of [...errors, ...incremental.flatMap((each) => each.errors ?? [])]) {
    entry.codes.add(String(error.extensions?.code ?? 'UNKNOWN'));
  }
}

/** The end of a request. */
function writeLine(log: Log, entry: LogEntry, aborted: boolean): void {
  const line = toLine(entry, aborted);
  entry.span?.end(line);
  log.request(line);
}

function toLine(entry: LogEntry, aborted: boolean): RequestLine {
  return {
    requestId: entry.requestId,
    operation: entry.operation,
    status: entry.status,
    durationMs: Math.round((performance.now() - entry.startedAt) * 10) / 10,
    upstreamCalls: entry.calls?.made ?? null,
    partial: entry.partial,
    failures: entry.failures.slice(0, MAX_FAILURES),
    codes: [...entry.codes],
    aborted,
  };
}
