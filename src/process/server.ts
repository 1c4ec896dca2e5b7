/** The HTTP server around the gateway, which can be stopped without dropping a request that it has accepted. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const SWEEP_MS = 50;

/** A client that dawdles over its headers or its body is cut off; connections outlive the minute a balancer keeps them. */
const LIMITS = { headersTimeout: 15_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 };

export interface DrainingServer {
  server: Server;
  isDraining(): boolean;
  /**
   * From now on clients are told not to use their connections again. After `delayMs` nobody new is let in; what is under
   * way finishes, and is cut off after `graceMs`.
   */
  drain(options: { delayMs: number; graceMs: number }): Promise<void>;
}

export function createServer(listener: RequestListener): DrainingServer {
  const underWay = new Set<ServerResponse>();
  let isDraining = false;
  const server = createHttpServer(LIMITS, (request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (isDraining) response.setHeader('connection', 'close');
    listener(request, response);
  });
  return {
    server,
    isDraining: () => isDraining,
    async drain({ delayMs, graceMs }) {
      isDraining = true;
      for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close');
      if (delayMs > 0) await wait(delayMs);
      const closed = once(server, 'close');
      server.close();
      // `close` ends the connections that are idle now; those whose answer had begun would linger, kept alive.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}
