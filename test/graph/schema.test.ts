import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  type BreakingChange,
  buildSchema,
  findBreakingChanges,
  type GraphQLObjectType,
  GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';

const schema = createSchema(definitions);
const ownTypes = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

describe('the schema', () => {
  it('describes everything a frontend developer meets, in sentences', () => {
    const isSentence = (text: string) => /^\S.*([.!?]|https:\/\/\S+)$/s.test(text);
    const undescribed = [...describeAll()].filter(([, text]) => !isSentence(text ?? ''));
    expect(undescribed).toEqual([]);
  });

  it('says what it is for, and where to begin', () => {
    expect(schema.description).toContain('Begin with `flagEvents`');
  });

  it('says of every scalar how it is written', () => {
    const forGateways = createSchema(definitions, { nodeField: 'owner', userType: 'User' });
    const scalars = Object.values(forGateways.getTypeMap()).filter(
      (type) => isScalarType(type) && !isSpecifiedScalarType(type),
    );
    expect(scalars.map(({ name }) => name).toSorted()).toEqual(['DateTime', 'JSON', 'URL', '_Any']);
    for (const scalar of scalars) expect(scalar).toHaveProperty('specifiedByURL', expect.stringMatching(/^https:/));
  });

  it('describes the arguments of a list as what they are there', () => {
    const { experiments } = (schema.getType('LaunchDarklyFlagEvent') as GraphQLObjectType).getFields();
    expect(experiments?.args.map(({ name }) => name)).toEqual(['after', 'before', 'first', 'last']);
    expect(experiments?.args.filter(({ description }) => /flag event|older|newer/.test(description ?? ''))).toEqual([]);
  });

  it('is committed as SDL, fresh', async () => {
    const committed = await readFile(new URL('../../schema/schema.graphql', import.meta.url), 'utf8');
    expect(committed).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`);
  });

  it('is made anew for every gateway, and the same each time', () => {
    const again = createSchema(definitions);
    expect(again).not.toBe(schema);
    expect(printSchema(again)).toBe(printSchema(schema));
  });

  it('is of the one copy of graphql that everything in it shares', async () => {
    const required = createRequire(import.meta.url)('graphql') as typeof import('graphql');
    expect(required.GraphQLSchema).toBe((await import('graphql')).GraphQLSchema);
    expect(schema).toBeInstanceOf(GraphQLSchema);
  });

  it('has no name that another team’s graph is likely to have', () => {
    const shared = ['Query', 'Subscription', 'Node', 'PageInfo', 'DateTime', 'JSON', 'URL'];
    const names = ownTypes.map(({ name }) => name).filter((name) => !shared.includes(name));
    expect(names.filter((name) => !/^(Flag|FeatureFlag|LaunchDarkly|Unleash)/.test(name))).toEqual([]);
  });
});

/** What frontends and the supergraph were promised. Fields may be added beside these; none may go, or change. */
const PROMISED = buildSchema(`
  scalar DateTime
  scalar JSON
  scalar URL

  type Query {
    flagEvents(first: Int, after: String, last: Int, before: String, filter: FlagEventFilter): FlagEventConnection
    flagSources: [FlagSource!]!
  }

  interface Node { id: ID! }

  interface FlagEvent implements Node {
    id: ID!  source: FlagSource!  occurredAt: DateTime!  kind: FlagEventKind!  type: String!  title: String!
    flag: FeatureFlag  project: FlagProject  environment: FlagEnvironment  actor: FlagActor  url: URL
  }

  type LaunchDarklyFlagEvent implements FlagEvent & Node {
    id: ID!  source: FlagSource!  occurredAt: DateTime!  kind: FlagEventKind!  type: String!  title: String!
    flag: FeatureFlag  project: FlagProject  environment: FlagEnvironment  actor: FlagActor  url: URL
    eventId: String!  projectId: String!  environmentId: String  auditLogEntryId: String
    description: String!  actions: [String!]!  impact: LaunchDarklyImpact!  member: LaunchDarklyMember
    experiments: LaunchDarklyExperimentConnection
  }
  enum LaunchDarklyImpactSize { NONE SMALL MEDIUM LARGE OTHER }
  type LaunchDarklyImpact {
    size: LaunchDarklyImpactSize  percentage: Float  reason: String
    evaluationsSummary: LaunchDarklyEvaluationsSummary
  }
  type LaunchDarklyEvaluationsSummary { variations: [LaunchDarklyVariationEvaluations!]! }
  type LaunchDarklyVariationEvaluations { value: JSON  before: Float  after: Float }
  type LaunchDarklyMember { id: ID  memberId: String  email: String!  firstName: String!  lastName: String! }
  type LaunchDarklyExperimentConnection {
    edges: [LaunchDarklyExperimentEdge!]!  nodes: [LaunchDarklyExperiment!]!  pageInfo: PageInfo!  totalCount: Int!
  }
  type LaunchDarklyExperimentEdge { cursor: String!  node: LaunchDarklyExperiment! }
  type LaunchDarklyExperiment { key: String!  name: String!  iteration: LaunchDarklyExperimentIteration }
  type LaunchDarklyExperimentIteration { id: ID  iterationId: String  status: String!  startedAt: DateTime  endedAt: DateTime }

  type UnleashFlagEvent implements FlagEvent & Node {
    id: ID!  source: FlagSource!  occurredAt: DateTime!  kind: FlagEventKind!  type: String!  title: String!
    flag: FeatureFlag  project: FlagProject  environment: FlagEnvironment  actor: FlagActor  url: URL
    eventId: String!  createdBy: String!  createdByUserId: Int  data: JSON  preData: JSON
    changes: [FlagChange!]!  tags: [UnleashTag!]!
    label: String  summary: String  groupType: String  groupId: String
  }
  type FlagChange { path: [String!]!  before: JSON  after: JSON }
  type UnleashTag { type: String!  value: String! }

  type FeatureFlag implements Node { id: ID!  key: String! }
  type FlagEventConnection {
    edges: [FlagEventEdge!]!  nodes: [FlagEvent!]!  pageInfo: PageInfo!  totalCount: Int  sources: [FlagSourceReport!]!
  }
  type FlagEventEdge { cursor: String!  node: FlagEvent! }
  type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  endCursor: String }
  type FlagSource implements Node {
    id: ID!  name: String!  vendor: FlagVendor!  url: URL!  status: FlagSourceStatus!  projects: [FlagProject!]
  }
  type FlagSourceReport {
    source: FlagSource!  status: FlagSourceStatus!  failure: FlagSourceFailure  reachesBackTo: DateTime  totalCount: Int
  }
  type FlagSourceFailure { code: String!  message: String!  retryAfterSeconds: Int }
  type FlagProject { key: String!  source: FlagSource!  environments: [FlagEnvironment!] }
  type FlagEnvironment { key: String!  project: FlagProject }
  type FlagActor { name: String!  email: String  kind: FlagActorKind! }

  input FlagEventFilter {
    from: DateTime  to: DateTime  sources: [String!]  vendors: [FlagVendor!]  kinds: [FlagEventKind!]  types: [String!]
    flagKeys: [String!]  projects: [String!]  environments: [String!]  actors: [String!]
    launchDarkly: LaunchDarklyFlagEventFilter  unleash: UnleashFlagEventFilter
  }
  input LaunchDarklyFlagEventFilter {
    impactSizes: [LaunchDarklyImpactSize!]  hasExperiments: Boolean  global: Boolean  applicationKeys: [String!]
  }
  input UnleashFlagEventFilter { text: String  tags: [String!]  groupId: String  createdByUserIds: [Int!] }

  enum FlagVendor { LAUNCHDARKLY UNLEASH }
  enum FlagSourceStatus { OK FAILED LATE }
  enum FlagActorKind { PERSON TOKEN SYSTEM UNKNOWN }
  enum FlagEventKind {
    CREATED DELETED ARCHIVED RESTORED ENABLED DISABLED TARGETING_CHANGED ROLLOUT_CHANGED VARIATIONS_CHANGED
    SCHEDULE_CHANGED APPROVAL_CHANGED EXPERIMENT_CHANGED METADATA_CHANGED TAGS_CHANGED STALE_CHANGED
    DEPENDENCIES_CHANGED MOVED IMPORTED EXPORTED ACCESS_CHANGED CONFIGURATION_CHANGED OTHER
  }
`);

describe('the schema, compared with what was promised,', () => {
  const tell = (changes: BreakingChange[]) => changes.map(({ description }) => description);

  it('has every name, and breaks no query', () => {
    expect(tell(findBreakingChanges(PROMISED, schema))).toEqual([]);
  });

  it('has every field, argument and input field with exactly its type', () => {
    const changes = findBreakingChanges(schema, PROMISED);
    expect(tell(changes.filter(({ type }) => type.endsWith('_CHANGED_KIND')))).toEqual([]);
  });
});

/** Everything of ours that can have a description, by coordinate. */
function* describeAll(): Generator<[coordinate: string, description: string | null | undefined]> {
  for (const type of ownTypes) {
    yield [type.name, type.description];
    if (isEnumType(type)) for (const value of type.getValues()) yield [`${type}.${value.name}`, value.description];
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) yield [`${type}.${field.name}`, field.description];
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        yield [`${type}.${field.name}`, field.description];
        for (const arg of field.args) yield [`${type}.${field.name}(${arg.name}:)`, arg.description];
      }
    }
  }
}
