import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConfigFile, toConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { definitions } from '../../src/sources/index.ts';

export interface GraphQLAnswer<Data> {
  data?: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

export interface TestGateway extends AsyncDisposable {
  url: string;
  query<Data = Record<string, unknown>>(
    document: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphQLAnswer<Data>>;
}

export interface TestGatewayOptions {
  now?: () => number;
  /** @default 0, so that what a test changes is seen at once */
  pageCacheMs?: number;
  requestTimeoutMs?: number;
}

/** A gateway over these sources, behind real HTTP on a free port. Sources are written as in `gateway.config.ts`. */
export async function startGateway(
  sources: ConfigFile['sources'],
  { now, pageCacheMs = 0, requestTimeoutMs = 10_000 }: TestGatewayOptions = {},
): Promise<TestGateway> {
  const config = toConfig({}, { sources, requestTimeoutMs }, definitions);
  const connected = config.sources.map(({ definition, settings }) => definition.connect(settings, { pageCacheMs }));
  const gateway = createGateway({ definitions, sources: connected, requestTimeoutMs, ...(now && { now }) });
  const server = createServer(gateway);
  const url = `${await listen(server)}/graphql`;
  return {
    url,
    async query(query, variables = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as never;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await gateway.dispose();
      await Promise.all(connected.map((source) => source.close()));
    },
  };
}

/** Listens on a free port of loopback; the URL without a trailing slash. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
