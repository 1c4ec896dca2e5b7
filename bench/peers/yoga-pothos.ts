/** GraphQL Yoga and Pothos as their manuals begin, asking with `fetch`. */
import { createServer } from 'node:http';
import SchemaBuilder from '@pothos/core';
import { createYoga } from 'graphql-yoga';
import { type Filter, VENDORS, type WirePage } from '../vendors.ts';
import { type Context, type Experiments, experiments, flagEvents } from './graph.ts';

type Page = Awaited<ReturnType<typeof flagEvents>>;
type Edge = Page['edges'][number];
type Node = Edge['node'];
type Experiment = NonNullable<Experiments>['nodes'][number];

const builder = new SchemaBuilder<{ Context: Context }>({});

const Named = builder
  .objectRef<{ key: string }>('Named')
  .implement({ fields: (t) => ({ key: t.exposeString('key') }) });
const Source = builder
  .objectRef<{ name: string }>('Source')
  .implement({ fields: (t) => ({ name: t.exposeString('name') }) });
const Actor = builder.objectRef<{ name: string; email: string | null }>('Actor').implement({
  fields: (t) => ({ name: t.exposeString('name'), email: t.exposeString('email', { nullable: true }) }),
});
const ExperimentRef = builder.objectRef<Experiment>('Experiment').implement({
  fields: (t) => ({ key: t.exposeString('key'), name: t.exposeString('name') }),
});
const ExperimentConnection = builder.objectRef<NonNullable<Experiments>>('ExperimentConnection').implement({
  fields: (t) => ({ nodes: t.expose('nodes', { type: [ExperimentRef] }) }),
});
const FlagEvent = builder.interfaceRef<Node>('FlagEvent').implement({
  resolveType: ({ __typename }) => __typename,
  fields: (t) => ({
    id: t.exposeID('id'),
    occurredAt: t.exposeString('occurredAt'),
    kind: t.exposeString('kind'),
    type: t.exposeString('type'),
    title: t.exposeString('title'),
    flag: t.expose('flag', { type: Named, nullable: true }),
    project: t.expose('project', { type: Named, nullable: true }),
    environment: t.expose('environment', { type: Named, nullable: true }),
    actor: t.expose('actor', { type: Actor, nullable: true }),
    source: t.expose('source', { type: Source }),
    url: t.exposeString('url', { nullable: true }),
  }),
});
builder.objectRef<Node>('LaunchDarklyFlagEvent').implement({
  interfaces: [FlagEvent],
  fields: (t) => ({
    experiments: t.field({
      type: ExperimentConnection,
      nullable: true,
      resolve: async (node, _, context) => (await experiments(node, {}, context)) ?? null,
    }),
  }),
});
builder.objectRef<Node>('UnleashFlagEvent').implement({ interfaces: [FlagEvent] });

const PageInfo = builder.objectRef<Page['pageInfo']>('PageInfo').implement({
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    endCursor: t.exposeString('endCursor', { nullable: true }),
  }),
});
const EdgeRef = builder.objectRef<Edge>('FlagEventEdge').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: FlagEvent }) }),
});
const Connection = builder.objectRef<Page>('FlagEventConnection').implement({
  fields: (t) => ({
    edges: t.expose('edges', { type: [EdgeRef] }),
    pageInfo: t.expose('pageInfo', { type: PageInfo }),
  }),
});
const OwnFilter = builder.inputType('LaunchDarklyFlagEventFilter', {
  fields: (t) => ({ applicationKeys: t.stringList() }),
});
const FlagEventFilter = builder.inputType('FlagEventFilter', {
  fields: (t) => ({ projects: t.stringList(), launchDarkly: t.field({ type: OwnFilter }) }),
});
builder.queryType({
  fields: (t) => ({
    flagEvents: t.field({
      type: Connection,
      nullable: true,
      args: { first: t.arg.int(), after: t.arg.string(), filter: t.arg({ type: FlagEventFilter }) },
      resolve: (root, { filter }, context) => flagEvents(root, { filter: filter as Filter | null }, context),
    }),
  }),
});

const read: Context['read'] = async (vendor, path) => {
  const { base, headers } = VENDORS[vendor];
  return (await (await fetch(base + path, { headers })).json()) as WirePage;
};
const yoga = createYoga({ schema: builder.toSchema(), context: () => ({ read }) });
createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1');
