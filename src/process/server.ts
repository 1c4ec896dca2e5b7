/** The HTTP server around the gateway. It shuts down without dropping a request that it has accepted. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const SWEEP_MS = 50;

/** Clients that send headers or a body too slowly are cut off. Connections outlive the minute that load balancers keep them. */
const LIMITS = { headersTimeout: 15_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 };

export interface GracefulServer {
  server: Server;
  isShuttingDown(): boolean;
  /**
   * From now on clients are told to close their connections. After `delayMs` no new connection is accepted; requests in
   * progress are answered, and cut off after another `graceMs`.
   */
  shutDown(options: { delayMs: number; graceMs: number }): Promise<void>;
}

export function createServer(listener: RequestListener): GracefulServer {
  const inProgress = new Set<ServerResponse>();
  let isShuttingDown = false;
  const server = createHttpServer(LIMITS, (request, response) => {
    inProgress.add(response);
    response.once('close', () => inProgress.delete(response));
    if (isShuttingDown) response.setHeader('connection', 'close');
    listener(request, response);
  });
  return {
    server,
    isShuttingDown: () => isShuttingDown,
    async shutDown({ delayMs, graceMs }) {
      isShuttingDown = true;
      for (const response of inProgress) if (!response.headersSent) response.setHeader('connection', 'close');
      if (delayMs > 0) await wait(delayMs);
      const closed = once(server, 'close');
      server.close();
      // `close` ends the connections that are idle now. Those whose answer had begun stay open afterwards, kept alive.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}
