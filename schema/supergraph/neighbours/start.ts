/** The two neighbours of the example: a subgraph of services and one of users, each a server of its own. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { listen } from '../listen.ts';

/** Which service uses which of the sandbox's flags. */
const SERVICES = [
  { name: 'payments', flags: ['instant-refunds', 'invoice-payment', 'split-payments', 'fraud-score-v3'] },
  { name: 'storefront', flags: ['checkout-redesign', 'free-shipping-banner', 'recommendations-v2'] },
];

/** Some of those who change flags in the sandbox, and one who does not. */
const USERS = [
  { email: 'release.manager@example.com', role: 'Release Manager' },
  { email: 'payments.developer@example.com', role: 'Payments Developer' },
  { email: 'office.manager@example.com', role: 'Office Manager' },
];

const resolvers = {
  services: {
    Query: {
      services: () => SERVICES,
      discussedEvents: (_root: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id })),
    },
    Service: {
      __resolveReference: ({ name }: { name: string }) => SERVICES.find((service) => service.name === name) ?? null,
      flags: ({ flags }: (typeof SERVICES)[number]) => flags.map((key) => ({ key })),
    },
    FlagEvent: {
      discussionUrl: ({ id }: { id: string }) => `https://chat.example.com/flag-events/${encodeURIComponent(id)}`,
    },
  },
  users: {
    Query: { users: () => USERS },
    User: {
      __resolveReference: ({ email }: { email: string }) => USERS.find((user) => user.email === email) ?? null,
    },
  },
};

export type NeighbourName = keyof typeof resolvers;
export const neighbourNames: readonly NeighbourName[] = ['services', 'users'];

export interface Neighbour extends AsyncDisposable {
  name: NeighbourName;
  /** Of its GraphQL endpoint. */
  url: string;
  sdl: string;
  /** The headers of every request, in order. */
  requests: Headers[];
}

export async function startNeighbours(): Promise<Neighbour[]> {
  return Promise.all(neighbourNames.map(startNeighbour));
}

export function readNeighbour(name: NeighbourName): Promise<string> {
  return readFile(new URL(`${name}.graphql`, import.meta.url), 'utf8');
}

async function startNeighbour(name: NeighbourName): Promise<Neighbour> {
  const sdl = await readNeighbour(name);
  const requests: Headers[] = [];
  const yoga = createYoga({
    schema: buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers[name] as never }) as never,
    graphiql: false,
    landingPage: false,
    logging: 'warn',
    plugins: [{ onRequest: ({ request }) => void requests.push(request.headers) }],
  });
  const { close, url } = await listen(createServer(yoga));
  return { name, url: `${url}/graphql`, sdl, requests, [Symbol.asyncDispose]: close };
}
