/** Hive Gateway before a supergraph, with GraphiQL on it. */
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GatewayServer, GatewaySettings } from './gateway-server.ts';
import { listen } from './listen.ts';

interface HiveSettings extends Omit<GatewaySettings, 'subgraphs'> {
  firstQuery?: string;
  /** As `--hive-router-runtime`: requests to the subgraphs are planned by the query planner of Hive Router, in Rust. */
  isPlannedByRouter?: boolean;
  /** How the events of subscriptions come from the subgraphs. @default 'sse' */
  subscriptions?: 'sse' | 'ws';
}

export async function startHiveGateway({
  firstQuery,
  isPlannedByRouter = false,
  port,
  secret,
  subscriptions = 'sse',
  supergraph,
}: HiveSettings): Promise<GatewayServer> {
  const runtime = isPlannedByRouter ? await import('@graphql-hive/router-runtime') : {};
  const gateway = createGatewayRuntime({
    supergraph,
    ...runtime,
    // What each of the subgraphs wants to be shown is shown to that one only.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) => ({
        authorization: request.headers.get('authorization'),
        ...(subgraphName === 'flag-events' && { 'x-subgraph-secret': secret }),
      }),
    },
    // Headers are not sent over a WebSocket: what the subgraph wants to be shown goes into its first message.
    ...(subscriptions === 'ws' && {
      transportEntries: { 'flag-events': { options: { subscriptions: toSocket(secret) } } },
    }),
    renderGraphiQL,
    graphiql: { title: 'Example supergraph', ...(firstQuery && { defaultTabs: [{ query: firstQuery }] }) },
    landingPage: false,
    logging: 'warn',
  });
  const { close, url } = await listen(createServer(gateway), port);
  return {
    url: `${url}/graphql`,
    async [Symbol.asyncDispose]() {
      await close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

function toSocket(secret: string | undefined) {
  return {
    kind: 'ws',
    subgraph: 'flag-events',
    options: {
      connectionParams: {
        authorization: '{context.headers.authorization}',
        ...(secret !== undefined && { 'x-subgraph-secret': secret }),
      },
    },
  };
}
