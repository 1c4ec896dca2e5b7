/** Hive Gateway over both REST APIs, with no server between them: the merge is a resolver of the gateway's own. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import restTransport from '@graphql-mesh/transport-rest';
import type { GraphQLResolveInfo } from 'graphql';
import type { Filter, WirePage } from '../vendors.ts';
import { type Context, experiments, flagEvents, typeDefs } from './graph.ts';

/** All that the merge reads of a vendor's page, and of one that was asked for its experiments. */
const SELECTIONS = {
  launchdarkly:
    '{ items { id eventTime eventType flagKey projectKey environmentKey member { email firstName lastName } } }',
  expanded: '{ items { id eventTime eventType flagKey projectKey environmentKey experiments { items { key name } } } }',
  unleash: '{ events { id createdAt type label createdBy featureName project environment } }',
};

/** By the names of the vendors, beside what the graph of the peers needs. */
interface HiveContext extends Context {
  launchdarkly: { Query: { launchdarkly(call: object): Promise<WirePage> } };
  unleash: { Query: { unleash(call: object): Promise<WirePage> } };
}

const composer = fileURLToPath(new URL('hive-supergraph.ts', import.meta.url));
const gateway = createGatewayRuntime({
  supergraph: execFileSync(process.execPath, [composer], { encoding: 'utf8' }),
  transports: { rest: restTransport },
  additionalTypeDefs: typeDefs,
  additionalResolvers: {
    Query: {
      flagEvents(root: unknown, args: { filter?: Filter }, context: HiveContext, info: GraphQLResolveInfo) {
        context.read = readerOf(context, info);
        return flagEvents(root, args, context);
      },
    },
    LaunchDarklyFlagEvent: { experiments },
  },
  logging: 'warn',
});
createServer(gateway).listen(Number(process.env.PORT), '127.0.0.1');

function readerOf(context: HiveContext, info: GraphQLResolveInfo): Context['read'] {
  const { launchdarkly, unleash } = context;
  return (vendor, path) => {
    const args = Object.fromEntries(new URL(path, 'http://vendor').searchParams);
    const call = { args, context, info, selectionSet: SELECTIONS['expand' in args ? 'expanded' : vendor] };
    return vendor === 'launchdarkly' ? launchdarkly.Query.launchdarkly(call) : unleash.Query.unleash(call);
  };
}
