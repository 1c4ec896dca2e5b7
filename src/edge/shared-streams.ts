/**
 * One event stream for many operations, for browsers that allow few connections to a host: the "single connection mode" of
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. A stream is reserved by PUT, opened by GET, and its
 * operations are begun by POST and ended by DELETE, all at the address of GraphQL and with the stream's token.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import type { Admit } from './admission.ts';
import { collect, readBody } from './body.ts';
import { endlessAnswer, HEARTBEAT } from './event-stream.ts';
import { type Result, type RunOperation, withoutInternals } from './operations.ts';
import { GRAPHQL_PATH } from './pages/pages.ts';
import { parseJson } from './parameters.ts';
import type { ServerContext } from './progress.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface SharedStreamsOptions {
  admit: Admit;
  run: RunOperation;
  heartbeatMs: number;
  /** After so long without an operation a stream is ended, in milliseconds. */
  idleMs: number;
}

export interface SharedStreams {
  plugin: Plugin<GatewayContext>;
  /** Ends each stream once its operations have ended. Reserves no more. */
  goAway(): void;
}

export const STREAM_LIMITS = {
  /** Of all clients together. */
  streams: 1_000,
  /** Operations of one stream at a time. */
  operations: 100,
} as const;

const SWEEP_MS = 50;
export const TOKEN_HEADER = 'x-graphql-event-stream-token';

interface Operation {
  /** Ends it, once it has begun. */
  leave(): void;
}

interface Stream {
  isOpen: boolean;
  /** By the ids that its client has given them. */
  operations: Map<string, Operation>;
  /** Aborted when the stream has ended. */
  gone: AbortController;
  usedAt: number;
  /** Resolves once the reader can take more, or has gone. */
  write(event: string, data: unknown): Promise<void>;
  open(): ReadableStream<Uint8Array>;
  end(): void;
}

export function createSharedStreams({ admit, heartbeatMs, idleMs, run }: SharedStreamsOptions): SharedStreams {
  const streams = new Map<string, Stream>();
  let isGoingAway = false;

  async function reserve(request: Request, incoming: IncomingMessage | undefined): Promise<Answer> {
    await admit(request.headers, incoming);
    if (isGoingAway || streams.size >= STREAM_LIMITS.streams)
      throw refuse({ code: 'TOO_MANY_STREAMS', message: 'No more event streams can be reserved.', status: 503 });
    const token = randomBytes(24).toString('base64url');
    const stream = createStream({ heartbeatMs, isUnused, whenEnded: () => streams.delete(token) });
    streams.set(token, stream);
    return { status: 201, headers: { 'content-type': 'text/plain; charset=utf-8' }, text: token };
  }

  /** For so long that it can go. */
  function isUnused({ operations, usedAt }: Stream): boolean {
    return operations.size === 0 && (isGoingAway || performance.now() - usedAt > idleMs);
  }

  async function begin(stream: Stream, request: Request, incoming: IncomingMessage): Promise<Answer> {
    const operation = parseJson(await readBody(request.headers, () => collect(incoming)));
    const id = (operation as { extensions?: { operationId?: unknown } } | undefined)?.extensions?.operationId;
    if (typeof id !== 'string' || id === '' || id.length > 100)
      throw badRequest('`extensions.operationId` has to be a text of 1 to 100 characters.');
    if (stream.operations.has(id)) throw refuse({ ...TAKEN, message: 'An operation of this stream has this id.' });
    if (stream.operations.size >= STREAM_LIMITS.operations)
      throw refuse({ code: 'TOO_MANY_OPERATIONS', message: 'The stream has too many operations.', status: 429 });
    const own: Operation = { leave() {} };
    stream.operations.set(id, own);
    const { signal } = stream.gone;
    const result = await run({ operation, headers: request.headers, incoming, signal });
    // What fails amid its results leaves its client without an end, unless the stream has one.
    send(stream, id, own, result).catch(() => stream.end());
    return { status: 202 };
  }

  async function send(stream: Stream, id: string, own: Operation, result: Result): Promise<void> {
    const { operations, write } = stream;
    // Its client may have ended it, and begun another one with the same id.
    const isWanted = () => operations.get(id) === own;
    if (isAsyncIterable(result)) {
      const iterator = result[Symbol.asyncIterator]();
      own.leave = () => void iterator.return?.();
      if (!isWanted()) own.leave();
      const next = async () => (isWanted() ? await iterator.next() : { done: true as const });
      for (let step = await next(); !step.done; step = await next()) await write('next', { id, payload: step.value });
    } else if (isWanted()) await write('next', { id, payload: result });
    stream.usedAt = performance.now();
    if (!isWanted()) return;
    operations.delete(id);
    await write('complete', { id });
  }

  async function answer(request: Request, url: URL, incoming: IncomingMessage | undefined): Promise<Answer | null> {
    const token = request.headers.get(TOKEN_HEADER) ?? url.searchParams.get('token');
    if (request.method === 'PUT') return hasBody(request) ? null : reserve(request, incoming);
    if (token === null || !incoming) return null;
    const stream = streams.get(token);
    if (!stream) throw refuse({ code: 'NOT_FOUND', message: 'No event stream has this token.', status: 404 });
    if (request.method === 'POST') return begin(stream, request, incoming);
    if (request.method === 'DELETE') {
      const id = url.searchParams.get('operationId') ?? '';
      const operation = stream.operations.get(id);
      stream.operations.delete(id);
      operation?.leave();
      return { status: 200 };
    }
    if (request.method !== 'GET') return null;
    if (stream.isOpen) throw refuse({ ...TAKEN, message: 'This event stream is open already.' });
    return { status: 200, stream: stream.open() };
  }

  return {
    plugin: {
      async onRequest({ endResponse, fetchAPI, request, serverContext, url }) {
        if (url.pathname !== GRAPHQL_PATH) return;
        const { req } = serverContext as ServerContext;
        const answered = await answer(request, url, req).catch(toRefusal);
        if (!answered) return;
        const { headers = {}, status, stream, text = null } = answered;
        if (stream) endResponse(endlessAnswer(stream, fetchAPI));
        else endResponse(new fetchAPI.Response(text, { status, headers }));
      },
    },
    goAway() {
      isGoingAway = true;
      const sweep = setInterval(() => {
        for (const stream of streams.values()) if (isUnused(stream)) stream.end();
        if (streams.size === 0) clearInterval(sweep);
      }, SWEEP_MS);
    },
  };
}

function hasBody({ headers }: Request): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}

interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  text?: string;
  stream?: ReadableStream<Uint8Array>;
}

const TAKEN = { code: 'CONFLICT', status: 409 } as const;

function badRequest(message: string) {
  return refuse({ code: 'BAD_REQUEST', message, status: 400 });
}

/** As Yoga would answer. */
function toRefusal(error: unknown): Answer {
  if (!(error instanceof GraphQLError)) throw error;
  const { headers, status = 500 } = (error.extensions.http ?? {}) as Partial<Refusal>;
  const text = JSON.stringify(withoutInternals({ errors: [error] }));
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, text };
}

interface StreamOptions {
  heartbeatMs: number;
  isUnused(stream: Stream): boolean;
  whenEnded(): void;
}

function createStream({ heartbeatMs, isUnused, whenEnded }: StreamOptions): Stream {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let pulled = Promise.withResolvers<void>();

  function leave(): void {
    clearInterval(timer);
    gone.abort();
    pulled.resolve();
    for (const operation of stream.operations.values()) operation.leave();
    stream.operations.clear();
    whenEnded();
  }

  const stream: Stream = {
    isOpen: false,
    operations: new Map(),
    gone,
    usedAt: performance.now(),
    async write(event, data) {
      while (!gone.signal.aborted && (controller?.desiredSize ?? 0) <= 0) await pulled.promise;
      if (!gone.signal.aborted)
        controller?.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    open() {
      stream.isOpen = true;
      return new ReadableStream<Uint8Array>({
        start(own) {
          controller = own;
          // Some browsers tell of the answer only when something of it has come.
          own.enqueue(encoder.encode(HEARTBEAT));
        },
        pull() {
          pulled.resolve();
          pulled = Promise.withResolvers();
        },
        cancel: leave,
      });
    },
    end() {
      leave();
      controller?.close();
    },
  };
  const timer = setInterval(() => {
    if (isUnused(stream)) stream.end();
    else if ((controller?.desiredSize ?? 0) > 0) controller?.enqueue(encoder.encode(HEARTBEAT));
  }, heartbeatMs).unref();
  return stream;
}
