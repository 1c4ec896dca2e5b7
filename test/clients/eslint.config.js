import graphql from '@graphql-eslint/eslint-plugin';

/** They have no id because they belong to what holds them. */
const PARTS = [
  'FlagActor',
  'FlagChange',
  'FlagEnvironment',
  'FlagEnvironmentCount',
  'FlagEventBatch',
  'FlagEventBucket',
  'FlagEventCounts',
  'FlagKindCount',
  'FlagProject',
  'FlagSourceFailure',
  'FlagSourceRateLimit',
  'FlagSourceReport',
  'LaunchDarklyEvaluationsSummary',
  'LaunchDarklyExperiment',
  'LaunchDarklyImpact',
  'LaunchDarklyVariationEvaluations',
  'PageInfo',
  'UnleashTag',
];

/** LaunchDarkly may leave theirs out; null, caches keep them with what holds them, and take no two for one. */
const NOT_ALWAYS_IDENTIFIED = ['LaunchDarklyExperimentIteration', 'LaunchDarklyMember'];

/** Its id is a `String`, as `auditLogEntryId` is. */
const IDENTIFIED_BY_TEXT = ['LaunchDarklyAuditLogEntry'];

export default [
  {
    files: ['**/schema.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema/schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      '@graphql-eslint/no-typename-prefix': 'error',
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: [...PARTS, ...NOT_ALWAYS_IDENTIFIED, ...IDENTIFIED_BY_TEXT],
            suffixes: ['Connection', 'Edge'],
          },
        },
      ],
      // Short lists that come whole, such as tags, are no connections; an experiment is no node.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    },
  },
];
