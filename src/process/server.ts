/** The HTTP server around the gateway. It shuts down without dropping a request that it has accepted. */
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { Server as ConnectionServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

const SWEEP_MS = 50;

/**
 * Clients that send headers or a body too slowly are cut off, within a second of these times. Connections outlive the
 * minute that load balancers keep them.
 */
export const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
} satisfies ServerOptions;

/** For how long the last connections are accepted. */
const MOST_WAIT_MS = 500;

/** For how long an open connection may still bring a request once no new one is accepted. */
const LAST_CALL_MS = 250;

export interface GracefulServer {
  server: Server;
  isShuttingDown(): boolean;
  /** How many requests are being answered. */
  inProgress(): number;
  /**
   * From now on clients are told to close their connections. After `delayMs` no new connection is accepted; requests in
   * progress are answered, and cut off after another `graceMs`.
   */
  shutDown(options: { delayMs: number; graceMs: number }): Promise<void>;
}

/** Answers requests, and takes over connections that become WebSockets. */
export type ServerListener = RequestListener & {
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

export function createServer(listener: ServerListener, limits: ServerOptions = LIMITS): GracefulServer {
  const inProgress = new Set<ServerResponse>();
  let isShuttingDown = false;
  /** Requests that wait while the last connections are accepted. */
  let held: (() => void)[] | null = null;
  const { upgrade } = listener;
  // Any other upgrade that a client offers is left alone, and its request answered.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';
  const server = createHttpServer({ ...limits, ...(upgrade && { shouldUpgradeCallback }) }, (request, response) => {
    inProgress.add(response);
    response.once('close', () => inProgress.delete(response));
    if (isShuttingDown) response.setHeader('connection', 'close');
    if (held) held.push(() => listener(request, response));
    else listener(request, response);
  });

  if (upgrade) server.on('upgrade', upgrade);

  async function stopListening(): Promise<void> {
    const waiting: (() => void)[] = [];
    held = waiting;
    await acceptWaiting(server);
    // Only the listening socket. `close` of an HTTP server would also end connections whose request is on its way.
    ConnectionServer.prototype.close.call(server);
    held = null;
    for (const start of waiting) start();
  }

  return {
    server,
    isShuttingDown: () => isShuttingDown,
    inProgress: () => inProgress.size,
    async shutDown({ delayMs, graceMs }) {
      isShuttingDown = true;
      for (const response of inProgress) if (!response.headersSent) response.setHeader('connection', 'close');
      if (delayMs > 0) await wait(delayMs);
      const closed = once(server, 'close');
      await stopListening();
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
      await Promise.race([closed, wait(LAST_CALL_MS)]);
      // Those whose answer had begun before the shutdown stay open afterwards, kept alive.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}

/**
 * Takes the connections that the system has accepted for the server and the server has not yet: they would be reset. One
 * is taken in each turn of the event loop, so after a turn without any none waits.
 */
async function acceptWaiting(server: Server): Promise<void> {
  const until = performance.now() + MOST_WAIT_MS;
  let isWaiting: boolean;
  const note = () => {
    isWaiting = true;
  };
  server.on('connection', note);
  do {
    isWaiting = false;
    await nextTurn();
  } while (isWaiting && performance.now() < until);
  server.off('connection', note);
}
