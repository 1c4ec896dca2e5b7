import { startApolloGateway } from '../../schema/supergraph/apollo-gateway.ts';
import { compose } from '../../schema/supergraph/compose.ts';
import type { GatewayServer, GatewaySettings } from '../../schema/supergraph/gateway-server.ts';
import { hasGrafbaseGateway, startGrafbaseGateway } from '../../schema/supergraph/grafbase-gateway.ts';
import { startHiveGateway } from '../../schema/supergraph/hive-gateway.ts';
import { type Neighbour, startNeighbours } from '../../schema/supergraph/neighbours/start.ts';
import { printSubgraph } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';
import { ask, type GraphQLAnswer } from './gateway.ts';
import { startRecordingProxy } from './recording-proxy.ts';
import { type BothSandboxes, startBoth } from './sandboxes.ts';

export const SECRET = 'known-to-the-supergraph-only';

const start = {
  apollo: startApolloGateway,
  hive: startHiveGateway,
  'hive on the planner of its router': (settings: GatewaySettings) =>
    startHiveGateway({ ...settings, isPlannedByRouter: true }),
  grafbase: startGrafbaseGateway,
};
export type GatewayName = keyof typeof start;
export const gatewayNames = (Object.keys(start) as GatewayName[]).filter(
  (name) => name !== 'grafbase' || hasGrafbaseGateway,
);

/** One of the routers, on loopback, without a secret unless there is one. */
export function startRouter(name: GatewayName, settings: GatewaySettings): Promise<GatewayServer> {
  return start[name](settings);
}

export interface Supergraph extends AsyncDisposable {
  both: BothSandboxes;
  services: Neighbour;
  users: Neighbour;
  /** One entry for each request to our subgraph. */
  requests: string[];
  query<Data = Record<string, unknown>>(
    document: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphQLAnswer<Data>>;
}

/** Our subgraph over both sandboxes, with a secret, and both neighbours, all behind one of the gateways. */
export async function startSupergraph(name: GatewayName): Promise<Supergraph> {
  await using stack = new AsyncDisposableStack();
  const federation = { nodeField: 'owner', userType: 'User', secret: SECRET } as const;
  const both = stack.use(await startBoth({ federation }));
  const proxy = stack.use(await startRecordingProxy(new URL(both.gateway.url).origin));
  const neighbours = await startNeighbours();
  for (const neighbour of neighbours) stack.use(neighbour);
  const [services, users] = ['services', 'users'].map((each) => neighbours.find((one) => one.name === each));
  if (!services || !users) throw new Error('A neighbour is missing');
  const subgraphs = [
    { name: 'flag-events', url: `${proxy.url}/graphql`, sdl: printSubgraph(definitions, federation) },
    ...neighbours,
  ];
  const gateway = stack.use(await startRouter(name, { supergraph: compose(subgraphs), subgraphs, secret: SECRET }));
  const owned = stack.move();
  return {
    both,
    services,
    users,
    requests: proxy.requests,
    query: (document, variables) => ask(gateway.url, document, variables),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
