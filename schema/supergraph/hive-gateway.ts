/** Hive Gateway before a supergraph, with GraphiQL on it. */
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GatewayServer, GatewaySettings } from './gateway-server.ts';
import { listen } from './listen.ts';

export async function startHiveGateway({
  firstQuery,
  port,
  secret,
  supergraph,
}: GatewaySettings & { firstQuery?: string }): Promise<GatewayServer> {
  const gateway = createGatewayRuntime({
    supergraph,
    // What each of the subgraphs wants to be shown is shown to that one only.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) => ({
        authorization: request.headers.get('authorization'),
        ...(subgraphName === 'flag-events' && { 'x-subgraph-secret': secret }),
      }),
    },
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
