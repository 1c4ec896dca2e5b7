/**
 * Prints the supergraph that Hive Gateway serves: GraphQL Mesh makes a subgraph of each vendor's REST API and composes the
 * two. A program of its own, as `mesh-compose` is, so that none of it is in the memory of the gateway.
 */
import { composeSubgraphs } from '@graphql-mesh/fusion-composition';
import { DefaultLogger } from '@graphql-mesh/utils';
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema';
import { toLaunchDarklyPath, toUnleashPath, VENDORS } from '../vendors.ts';

const text = { type: 'string' };
const items = (title: string, properties: object) => ({
  type: 'array',
  items: { type: 'object', title, properties },
});

/** Of the vendors' answers what the merge reads, as JSON Schema. */
const EVENTS = {
  launchdarkly: {
    items: items('LaunchDarklyRow', {
      id: text,
      eventTime: { type: 'number' },
      eventType: text,
      flagKey: text,
      projectKey: text,
      environmentKey: text,
      member: {
        type: 'object',
        title: 'LaunchDarklyMember',
        properties: { email: text, firstName: text, lastName: text },
      },
      experiments: {
        type: 'object',
        title: 'LaunchDarklyExperiments',
        properties: { items: items('LaunchDarklyExperiment', { key: text, name: text }) },
      },
    }),
  },
  unleash: {
    events: items('UnleashRow', {
      id: { type: 'integer' },
      createdAt: text,
      type: text,
      label: text,
      createdBy: text,
      featureName: text,
      project: text,
      environment: text,
    }),
  },
};

/** Calls with every parameter that the merge may send. */
const CALLS = {
  launchdarkly: toLaunchDarklyPath({ launchDarkly: { applicationKeys: ['any'] } }, true),
  unleash: toUnleashPath({ projects: ['any'] }),
};

const subgraphs = await Promise.all(
  Object.values(VENDORS).map(async ({ base, headers, name }) => {
    const { pathname, searchParams } = new URL(CALLS[name], base);
    const load = loadJSONSchemaSubgraph(name, {
      endpoint: base,
      operationHeaders: headers,
      operations: [
        {
          type: 'Query',
          field: name,
          path: pathname,
          method: 'GET',
          queryParamArgMap: Object.fromEntries([...searchParams.keys()].map((key) => [key, key])),
          responseSchema: { type: 'object', title: `${name}Page`, properties: EVENTS[name] },
        },
      ],
    });
    const { schema$ } = load({ fetch, cwd: import.meta.dirname, logger: new DefaultLogger(name) });
    return { name, schema: await schema$ };
  }),
);
const { errors, supergraphSdl } = composeSubgraphs(subgraphs);
if (errors) throw new AggregateError(errors);
process.stdout.write(supergraphSdl);
