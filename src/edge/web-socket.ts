/**
 * GraphQL over WebSocket, for subscriptions: the subprotocol `graphql-transport-ws`, at the same address as GraphQL over HTTP.
 * Queries are answered, too. https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError, parse } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { isAsyncIterable } from 'graphql-yoga';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../observe/log.ts';
import type { Admit } from './admission.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { type ReadableHeaders, readableHeaders } from './headers.ts';
import { type HostRules, isForeignHost } from './host.ts';
import type { Result, RunOperation } from './operations.ts';
import { GRAPHQL_PATH } from './pages/pages.ts';

export interface WebSocketOptions extends HostRules {
  admit: Admit;
  run: RunOperation;
  /** Pages of other origins may connect. */
  corsOrigins: readonly string[];
  log: Log;
  /** How often a client is asked whether it is still there, in milliseconds. */
  heartbeatMs: number;
  /** After so long without an operation a connection is closed, in milliseconds. */
  idleMs: number;
}

export interface WebSockets {
  /** The listener of an HTTP server's `upgrade`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes each connection once its operations have ended, and all of them after `graceMs`. Accepts no more. */
  goAway(options: { graceMs: number }): void;
}

export const SOCKET_LIMITS = {
  /** Operations of one connection at a time. */
  operations: 100,
  /** For a client to say who it is, in milliseconds. */
  initMs: 10_000,
} as const;

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, and those of the subprotocol. */
const CLOSE = {
  idle: [1000, 'Idle'],
  goingAway: [1001, 'Going away'],
  failed: [1011, 'Unexpected error'],
  tryAgainLater: [1013, 'Try again later'],
  forbidden: [4403, 'Forbidden'],
} satisfies Record<string, [code: number, reason: string]>;

const SWEEP_MS = 50;

interface Connection {
  socket: WebSocket;
  incoming: IncomingMessage;
  headers: ReadableHeaders;
  /** Aborted when the connection is closed. */
  gone: AbortController;
  /** The ids of the operations in progress, once there was one. */
  operations: Readonly<Record<string, unknown>>;
}

/** What the library takes for a document: {@link RunOperation} parses the real one. */
const PLACEHOLDER = parse('subscription { operation }');

const TOO_MANY = new GraphQLError(`One connection may have ${SOCKET_LIMITS.operations} operations at a time.`, {
  extensions: { code: 'TOO_MANY_OPERATIONS' },
});

export function createWebSockets(options: WebSocketOptions): WebSockets {
  const { admit, corsOrigins, isPrivate, log, run } = options;
  const connections = new Set<Connection>();
  let isGoingAway = false;
  const sockets = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: MAX_BODY_BYTES });

  const server = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: SOCKET_LIMITS.initMs,
    async onConnect({ connectionParams, extra, subscriptions }) {
      extra.operations = subscriptions;
      extra.headers = readableHeaders(extra.incoming.headers, credentialsIn(connectionParams));
      try {
        await admit(extra.headers, extra.incoming);
      } catch (error) {
        const isForbidden = error instanceof GraphQLError && error.extensions.code === 'UNAUTHENTICATED';
        extra.socket.close(...(isForbidden ? CLOSE.forbidden : CLOSE.tryAgainLater));
        // Nothing is acknowledged any more.
        await new Promise(() => {});
      }
    },
    onSubscribe: ({ extra }, _id, payload) => prepare(extra, payload),
    subscribe: ({ contextValue }) => contextValue as Result,
  });

  async function prepare(connection: Connection, operation: SubscribePayload) {
    const { gone, headers, incoming } = connection;
    if (countOf(connection) > SOCKET_LIMITS.operations) return [TOO_MANY];
    const result = await run({ operation, headers, incoming, signal: gone.signal });
    const errors = isAsyncIterable(result) || result.data !== undefined ? undefined : result.errors;
    // An operation that could not begin is answered by the message for that.
    return errors ?? ({ document: PLACEHOLDER, contextValue: result } as Partial<ExecutionArgs> as ExecutionArgs);
  }

  function open(socket: WebSocket, incoming: IncomingMessage): void {
    const gone = new AbortController();
    const headers = readableHeaders(incoming.headers);
    const connection: Connection = { socket, incoming, headers, gone, operations: {} };
    connections.add(connection);
    const stopWatching = watch(connection, options);
    const closed = server.opened(
      {
        protocol: socket.protocol,
        // Resolves once it is on its way: a reader who takes nothing is sent nothing more.
        send: (data) => sendText(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          socket.on('message', async (data) => {
            try {
              await take(String(data));
            } catch (error) {
              log.trouble('unexpected error', error, { level: 'error' });
              socket.close(...CLOSE.failed);
            }
          });
        },
      },
      connection,
    );
    // A message that breaks the protocol, or a connection that is reset: `ws` closes it.
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      stopWatching();
      connections.delete(connection);
      gone.abort();
      void closed(code, String(reason));
    });
  }

  function isAllowedOrigin({ headers: { host, origin } }: IncomingMessage): boolean {
    if (origin === undefined || corsOrigins.includes(origin)) return true;
    return URL.parse(origin)?.host === host;
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const status = statusFor(request);
      if (status !== null) return refuseUpgrade(socket, status);
      sockets.handleUpgrade(request, socket, head, open);
    },
    goAway({ graceMs }) {
      isGoingAway = true;
      const sweep = setInterval(() => {
        for (const connection of connections)
          if (countOf(connection) === 0) connection.socket.close(...CLOSE.goingAway);
        if (connections.size === 0) clearInterval(sweep);
      }, SWEEP_MS);
      setTimeout(() => {
        for (const { socket } of connections) socket.terminate();
      }, graceMs).unref();
    },
  };

  function statusFor(request: IncomingMessage): string | null {
    if (isForeignHost(request, { isPrivate }) || !isAllowedOrigin(request)) return '403 Forbidden';
    if (request.url?.replace(/\?.*/, '') !== GRAPHQL_PATH) return '404 Not Found';
    return isGoingAway ? '503 Service Unavailable' : null;
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** A browser cannot set the headers of a WebSocket: what would be there may be in the first message instead. */
function credentialsIn(params: Record<string, unknown> | undefined): Record<string, string> {
  const lowered = Object.entries(params ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(
    lowered.filter((each): each is [string, string] => CREDENTIALS.includes(each[0]) && typeof each[1] === 'string'),
  );
}

const CREDENTIALS = ['authorization', 'x-api-key', 'x-subgraph-secret'];

function sendText(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    // What cannot be sent closes the connection, which ends its operations.
    socket.send(data, () => resolve());
  });
}

/** Ends connections that are gone without having been closed, and closes those that nobody uses. */
function watch(connection: Connection, { heartbeatMs, idleMs }: WebSocketOptions): () => void {
  const { socket } = connection;
  let isAlive = true;
  let usedAt = performance.now();
  socket.on('pong', () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
    if (countOf(connection) > 0) usedAt = performance.now();
    if (performance.now() - usedAt > idleMs) socket.close(...CLOSE.idle);
  }, heartbeatMs);
  return () => clearInterval(timer);
}

function countOf({ operations }: Connection): number {
  return Object.keys(operations).length;
}
