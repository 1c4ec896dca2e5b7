/** The listener for `GET /metrics`, apart from the gateway's own: it has no authentication, so nobody else should reach it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LIMITS } from './server.ts';

export interface MetricsServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  contentType: string;
  print(): Promise<string>;
  /** Whether a request is refused, and was answered. */
  refuse(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface MetricsServer extends AsyncDisposable {
  address: AddressInfo;
}

const PATH = '/metrics';

/** Rejects with Node's error if it cannot listen. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { contentType, host, port, print, refuse } = options;
  const server = createServer(LIMITS, async (request, response) => {
    if (refuse(request, response)) return;
    if (request.url?.split('?')[0] !== PATH) return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
    const body = await print().catch(() => null);
    if (body === null) return void response.writeHead(500).end();
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    address: server.address() as AddressInfo,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
