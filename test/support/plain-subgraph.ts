import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Subgraph } from '../../schema/supergraph/compose.ts';
import { listen } from './gateway.ts';

/** A subgraph with nothing of ours in it: what goes wrong behind it, too, is the router's own. */
export async function startPlainSubgraph(
  name: string,
  typeDefs: string,
  resolvers: object,
): Promise<Subgraph & AsyncDisposable> {
  const imports = '["@key", "@interfaceObject"]';
  const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${imports})\n${typeDefs}`;
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
  const server = createServer(createYoga({ schema, graphiql: false, landingPage: false, logging: false }));
  const url = `${await listen(server)}/graphql`;
  return {
    name,
    sdl,
    url,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
