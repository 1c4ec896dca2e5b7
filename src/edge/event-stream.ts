/** Subscriptions over Server-Sent Events: each answer with its cursor as the event's id, and a heartbeat between them. */
import type { ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { type Placed, placeOf } from '../request/batches.ts';
import type { GatewayContext } from '../request/context.ts';
import { acceptsStream } from './negotiation.ts';
import type { ServerContext } from './progress.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface EventStreamOptions {
  /** How often something is sent where nothing happens, in milliseconds. */
  heartbeatMs: number;
}

/** A comment, which clients pass over. */
export const HEARTBEAT = ':\n\n';
const EVENT_STREAM = 'text/event-stream';
const HEADERS = { 'content-type': EVENT_STREAM, 'content-encoding': 'none', 'x-accel-buffering': 'no' };

const NOT_ACCEPTABLE: Refusal = {
  code: 'NOT_ACCEPTABLE',
  message: `A subscription has many answers: send \`accept: ${EVENT_STREAM}\`, or use a WebSocket.`,
  status: 406,
};

const endless = new WeakSet<Response>();

/** Whether the answer has no end of its own. */
export function isEndless(response: Response): boolean {
  return endless.has(response);
}

export function endlessAnswer(stream: ReadableStream<Uint8Array>, { Response: FetchResponse }: Fetch): Response {
  const response = new FetchResponse(stream, { headers: HEADERS });
  endless.add(response);
  return response;
}

interface Fetch {
  Response: typeof Response;
}

/** Must come after what looks into the results. */
export function useEventStream({ heartbeatMs }: EventStreamOptions): Plugin<GatewayContext> {
  // By their connection, if there is one: the fast path has a request of its own.
  const subscribing = new WeakSet<object>();
  return {
    onSubscribe({ args }) {
      const { req, request } = args.contextValue as unknown as ServerContext & { request: Request };
      if (!acceptsStream(request)) throw refuse(NOT_ACCEPTABLE);
      subscribing.add(req ?? request);
    },
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      const { req } = serverContext as ServerContext;
      if (!isAsyncIterable(result) || !subscribing.has(req ?? request)) return;
      setResultProcessor(
        (results, fetchAPI) =>
          endlessAnswer(toStream(results as AsyncIterable<ExecutionResult>, heartbeatMs), fetchAPI),
        EVENT_STREAM,
      );
    },
  };
}

/** Pulls when its reader has taken what there was. */
function toStream(results: AsyncIterable<ExecutionResult>, heartbeatMs: number): ReadableStream<Uint8Array> {
  const iterator = results[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let heartbeat: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // Some browsers tell of the answer only when something of it has come.
      controller.enqueue(encoder.encode(HEARTBEAT));
      heartbeat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(HEARTBEAT));
      }, heartbeatMs);
    },
    async pull(controller) {
      const step = await iterator.next();
      controller.enqueue(encoder.encode(step.done ? toEvent('complete', '') : toEvent('next', step.value)));
      if (!step.done) return;
      clearInterval(heartbeat);
      controller.close();
    },
    async cancel() {
      clearInterval(heartbeat);
      await iterator.return?.();
    },
  });
}

function toEvent(name: string, data: ExecutionResult | string): string {
  const place = typeof data === 'string' ? undefined : placeOf(data as Placed);
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `event: ${name}\n${place === undefined ? '' : `id: ${place}\n`}data: ${text}\n\n`.replace(
    'data: \n',
    'data:\n',
  );
}
