/** Apollo's gateway before a supergraph, in Apollo's server. */
import { ApolloGateway, type GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { GatewayServer, GatewaySettings } from './gateway-server.ts';

interface Context {
  authorization?: string | undefined;
}

export async function startApolloGateway({ port = 0, secret, supergraph }: GatewaySettings): Promise<GatewayServer> {
  const gateway = new ApolloGateway({
    supergraphSdl: supergraph,
    buildService: ({ name, url }) =>
      new RemoteGraphQLDataSource<Context>({
        ...(url !== undefined && { url }),
        willSendRequest({ context, request }: GraphQLDataSourceProcessOptions<Context>) {
          if (context.authorization) request.http?.headers.set('authorization', context.authorization);
          if (name === 'flag-events' && secret) request.http?.headers.set('x-subgraph-secret', secret);
        },
      }),
  });
  const server = new ApolloServer<Context>({ gateway, includeStacktraceInErrorResponses: false });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port },
    context: async ({ req }) => ({ authorization: req.headers.authorization }),
  });
  return { url, [Symbol.asyncDispose]: () => server.stop() };
}
