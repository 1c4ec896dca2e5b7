/** The ways in which real clients subscribe. */
import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { GraphQLAnswer } from './gateway.ts';

export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

export interface Client extends AsyncDisposable {
  /** Begins an operation. */
  begin(operation: Operation): Running;
}

export interface Running {
  answers: GraphQLAnswer<Record<string, unknown>>[];
  /** What ended it, if it was no answer; `undefined` after the last answer. */
  ended: Promise<unknown>;
  until(isEnough: (running: Running) => boolean): Promise<void>;
  leave(): void;
}

type Sink = { next(answer: unknown): void; error(reason: unknown): void; complete(): void };
type Subscribe = (operation: Operation, sink: Sink) => () => void;

const LONGEST_MS = 8_000;

function toClient(subscribe: Subscribe, dispose: () => void | Promise<void>): Client {
  return {
    begin(operation) {
      const { promise: ended, resolve } = Promise.withResolvers<unknown>();
      let wake = () => {};
      let isOver = false;
      const end = (reason?: unknown) => {
        isOver = true;
        resolve(reason);
        wake();
      };
      const running: Running = {
        answers: [],
        ended,
        async until(isEnough) {
          const until = Date.now() + LONGEST_MS;
          while (!isEnough(running)) {
            if (isOver || Date.now() > until) throw new Error(`Not enough: ${JSON.stringify(running.answers)}`);
            await new Promise<void>((awake) => {
              wake = awake;
              setTimeout(awake, 100);
            });
          }
        },
        leave: () => leave(),
      };
      const leave = subscribe(operation, {
        next(answer) {
          running.answers.push(answer as never);
          wake();
        },
        error: (reason) => end(reason ?? new Error('It ended without a reason.')),
        complete: () => end(),
      });
      return running;
    },
    [Symbol.asyncDispose]: async () => dispose(),
  };
}

export type Headers = Readonly<Record<string, string>>;

function streamClient(url: string, headers: Headers, singleConnection: boolean): Client {
  const client = createStreamClient({ url, headers, singleConnection, retryAttempts: 0, lazy: true } as never);
  return toClient((operation, sink) => client.subscribe(operation as never, sink as never), client.dispose);
}

export const transports = {
  'an event stream of its own': (url: string, headers: Headers = {}) => streamClient(url, headers, false),
  'a shared event stream': (url: string, headers: Headers = {}) => streamClient(url, headers, true),
  'a WebSocket': (url: string, headers: Headers = {}) => {
    const client = createSocketClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: headers,
      retryAttempts: 0,
    });
    return toClient((operation, sink) => client.subscribe(operation as never, sink as never), client.dispose);
  },
};

export type TransportName = keyof typeof transports;
export const transportNames = Object.keys(transports) as TransportName[];
