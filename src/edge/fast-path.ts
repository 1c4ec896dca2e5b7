/**
 * The fast path, for what nearly every request is: JSON sent by POST, and answered by one part of JSON without errors. It is
 * admitted, parsed, validated and executed by the same code as in Yoga, but without the objects of the Fetch API, which cost
 * more than all the rest of such a request. Anything else is left to Yoga together with what was done for it so far:
 * nothing is counted, read or executed twice.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';
import type { Log } from '../observe/log.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Caller } from '../request/caller.ts';
import type { GatewayContext } from '../request/context.ts';
import type { Admit } from './admission.ts';
import type { Answers } from './answers.ts';
import { collect, readBody } from './body.ts';
import { COMPRESSED_FROM_BYTES, compress, negotiateEncoding } from './compression.ts';
import { NEVER_CACHED, type ReadableHeaders, readableHeaders } from './headers.ts';
import { type Accepted, accept, isJson, toHeader } from './negotiation.ts';
import type { Execute, Result } from './operations.ts';
import { GRAPHQL_PATH } from './pages/pages.ts';
import { mediaTypeOf, normalize, parseJson } from './parameters.ts';
import type { Progress, ServerContext } from './progress.ts';
import { createEntry, type LogEntry, logWhenClosed, note, withEntry } from './request-log.ts';
import { TOKEN_HEADER } from './shared-streams.ts';
import { cutOffSlowReader, READING_LIMITS } from './slow-readers.ts';

export interface FastPathOptions {
  admit: Admit;
  answers: Answers;
  /** Yoga's, with all plugins. */
  execute: Execute;
  /** Whether the request is the router's, who may ask what others may not. */
  isSupergraph(headers: ReadableHeaders): boolean;
  /** Pages of other origins may read answers. */
  corsOrigins: readonly string[];
  log: Log;
  /** @default nothing is traced */
  tracing?: Tracing | undefined;
}

/** `next` answers what the fast path does not, and is told what was done; `undefined` is nothing at all. */
export type FastPath = (
  incoming: IncomingMessage,
  response: ServerResponse,
  next: (progress: Progress | undefined) => Promise<void>,
) => Promise<void>;

export function createFastPath(options: FastPathOptions): FastPath {
  const { admit, answers, corsOrigins, execute, isSupergraph, log } = options;
  const vary = corsOrigins.length > 0 ? ['origin'] : [];

  async function run(plain: Plain, progress: Progress): Promise<boolean> {
    const { entry, headers, incoming, response } = plain;
    const caller = await admit(headers, incoming);
    const body = await readBody(headers, () => collect(incoming));
    const key = keyOf(plain, caller, body);
    const known = answers.get(key);
    if (known) {
      entry.operation = known.operation;
      entry.calls = NO_CALLS;
      send(plain, known.headers, known.body);
      return true;
    }
    const params = normalize(parseJson(body));
    progress.params = params;
    // A batch, which Yoga refuses.
    if (Array.isArray(params)) return false;
    const context: ServerContext & Partial<GatewayContext> = { req: incoming, res: response, caller };
    progress.result = await execute({ params, request: toRequest(plain) }, context);
    const { result } = progress;
    if (!isPlainResult(result)) return false;
    note(result, entry);
    const answer = await print(result, plain);
    const isComplete = !context.isPartial && context.failures?.length === 0;
    if (isComplete) answers.keep(key, { ...answer, operation: entry.operation }, context.budget?.calls.believedUntil);
    send(plain, answer.headers, answer.body);
    return true;
  }

  /** One subject may have tokens with different claims, and see more with one than with another. */
  function keyOf({ headers }: Plain, caller: Caller | null, body: string): string {
    const who = [caller?.name ?? null, caller?.scope?.digest ?? null];
    const own = [...who, isSupergraph(headers), headers.get('accept'), headers.get('accept-encoding')];
    return `${JSON.stringify(own)} ${body}`;
  }

  async function print(
    result: ExecutionResult,
    { accepted, headers: { get } }: Plain,
  ): Promise<{ headers: OutgoingHttpHeaders; body: string | Buffer }> {
    const text = JSON.stringify(result);
    const bytes = Buffer.byteLength(text);
    const headers = { 'content-type': `${accepted.whole}; charset=utf-8`, 'cache-control': NEVER_CACHED };
    const isLarge = bytes >= COMPRESSED_FROM_BYTES;
    const varies = isLarge ? [...vary, 'accept-encoding'] : vary;
    const encoding = isLarge ? negotiateEncoding(get('accept-encoding')) : null;
    const body = encoding ? Buffer.from(await compress(Buffer.from(text), encoding)) : text;
    return {
      headers: {
        ...headers,
        'content-length': typeof body === 'string' ? bytes : body.length,
        ...(varies.length > 0 && { vary: varies.join(', ') }),
        ...(encoding && { 'content-encoding': encoding }),
      },
      body,
    };
  }

  function send({ entry, response }: Plain, headers: OutgoingHttpHeaders, body: string | Buffer): void {
    entry.status = 200;
    if (response.destroyed) return;
    response.writeHead(200, { ...headers, 'x-request-id': entry.requestId }).end(body);
    if (response.writableLength > 0) cutOffSlowReader(response, READING_LIMITS);
  }

  return (incoming, response, next) => {
    const plain = toPlain(incoming, response, options);
    if (!plain) return next(undefined);
    const progress: Progress = {};
    logWhenClosed(log, plain.entry, response);
    return withEntry(plain.entry, async () => {
      try {
        if (await run(plain, progress)) return;
      } catch (error) {
        progress.refusal = error;
      }
      await next(progress);
    });
  };
}

const NO_CALLS = { made: 0, limit: 0 };

interface Plain {
  incoming: IncomingMessage;
  response: ServerResponse;
  headers: ReadableHeaders;
  accepted: Accepted;
  entry: LogEntry;
}

function toPlain(
  incoming: IncomingMessage,
  response: ServerResponse,
  { corsOrigins, tracing }: Pick<FastPathOptions, 'corsOrigins' | 'tracing'>,
): Plain | null {
  if (incoming.method !== 'POST' || incoming.url !== GRAPHQL_PATH) return null;
  const headers = readableHeaders(incoming.headers);
  if (headers.has(TOKEN_HEADER)) return null;
  if (mediaTypeOf(headers) !== 'application/json' || (corsOrigins.length > 0 && headers.has('origin'))) return null;
  const accepted = accept(headers.get('accept'));
  if (!accepted || !isJson(accepted.whole)) return null;
  const entry = createEntry(headers, tracing);
  entry.isGraphQL = true;
  return { incoming, response, headers, accepted, entry };
}

/** Errors have a say in the status and in the headers: Yoga knows how. */
function isPlainResult(result: Result | undefined): result is ExecutionResult {
  return result !== undefined && !isAsyncIterable(result) && !result.errors && result.data != null;
}

/** What plugins, and the context, read of a request. */
function toRequest({ accepted, incoming, response }: Plain): Request {
  let signal: AbortSignal | undefined;
  const request = {
    method: 'POST',
    url: GRAPHQL_PATH,
    headers: readableHeaders(incoming.headers, { accept: toHeader(accepted) }),
    get signal() {
      signal ??= signalOf(response);
      return signal;
    },
  };
  return request as unknown as Request;
}

/** Aborted when the client has gone before its answer. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    if (!response.writableFinished) controller.abort();
  };
  if (response.destroyed) abort();
  else response.once('close', abort);
  return controller.signal;
}
