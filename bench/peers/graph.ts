/** The graph of the peers, written as their manuals show it. The merge is the floor's. */
import { type Filter, toLaunchDarklyPath, toPage, toUnleashPath, type VENDORS, type WirePage } from '../vendors.ts';

/** Of every event. */
const FIELDS = `
    id: ID!
    occurredAt: String!
    kind: String!
    type: String!
    title: String!
    flag: Named
    project: Named
    environment: Named
    actor: Actor
    source: Source!
    url: String
`;

export const typeDefs = /* GraphQL */ `
  type Query {
    flagEvents(first: Int, after: String, filter: FlagEventFilter): FlagEventConnection
  }
  input FlagEventFilter {
    projects: [String!]
    launchDarkly: LaunchDarklyFlagEventFilter
  }
  input LaunchDarklyFlagEventFilter {
    applicationKeys: [String!]
  }
  type FlagEventConnection {
    edges: [FlagEventEdge!]!
    pageInfo: PageInfo!
  }
  type FlagEventEdge {
    cursor: String!
    node: FlagEvent!
  }
  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }
  interface FlagEvent {
    ${FIELDS}
  }
  type LaunchDarklyFlagEvent implements FlagEvent {
    ${FIELDS}
    experiments: ExperimentConnection
  }
  type UnleashFlagEvent implements FlagEvent {
    ${FIELDS}
  }
  type Named {
    key: String!
  }
  type Actor {
    name: String!
    email: String
  }
  type Source {
    name: String!
  }
  type ExperimentConnection {
    nodes: [Experiment!]!
  }
  type Experiment {
    key: String!
    name: String!
  }
`;

export interface Context {
  read(vendor: (typeof VENDORS)[keyof typeof VENDORS]['name'], path: string): Promise<WirePage>;
  /** By the ids of events: asked once for a page, when the first of its events needs it. */
  experiments?: () => Promise<Map<string, Experiments | undefined>>;
}

type Node = ReturnType<typeof toPage>['edges'][number]['node'];
export type Experiments = Extract<Node, { experiments?: unknown }>['experiments'];

export async function flagEvents(_: unknown, { filter }: { filter?: Filter | null }, context: Context) {
  const own = filter ?? {};
  const [launchDarkly, unleash] = await Promise.all([
    context.read('launchdarkly', toLaunchDarklyPath(own, false)),
    context.read('unleash', toUnleashPath(own)),
  ]);
  let asked: Promise<Map<string, Experiments>> | undefined;
  context.experiments = () => {
    asked ??= context.read('launchdarkly', toLaunchDarklyPath(own, true)).then((expanded) => {
      const { edges } = toPage(expanded, {}, true);
      return new Map(edges.map(({ node }) => [node.id, 'experiments' in node ? node.experiments : undefined]));
    });
    return asked;
  };
  const { edges, pageInfo } = toPage(launchDarkly, unleash, false);
  return {
    edges: edges.map(({ cursor, node }) => ({ cursor, node: { __typename: typenameOf(node), ...node } })),
    pageInfo,
  };
}

export async function experiments({ id }: { id: string }, _: unknown, context: Context) {
  return (await context.experiments?.())?.get(id);
}

export const resolvers = { Query: { flagEvents }, LaunchDarklyFlagEvent: { experiments } };

function typenameOf({ source }: Node): string {
  return source.name === 'launchdarkly' ? 'LaunchDarklyFlagEvent' : 'UnleashFlagEvent';
}
