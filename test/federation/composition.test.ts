import { readFile } from 'node:fs/promises';
import { Kind, parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { type Composition, composers, type Subgraph } from '../../schema/supergraph/compose.ts';
import { composeWithCosmo } from '../../schema/supergraph/cosmo.ts';
import { readNeighbour } from '../../schema/supergraph/neighbours/start.ts';
import type { FederationOptions } from '../../src/graph/federation.ts';
import { printSubgraph } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@interfaceObject", "@inaccessible", "@external"])';

const subgraph = (name: string, sdl: string): Subgraph => ({ name, url: `http://${name}.example.com/graphql`, sdl });
const ours = (options: Partial<FederationOptions> = {}) =>
  subgraph('flag-events', printSubgraph(definitions, { nodeField: 'omitted', ...options }));
const neighbour = (sdl: string) => subgraph('neighbour', `${LINK} ${sdl}`);
const codesOf = (composition: Composition) =>
  'errors' in composition ? [...new Set(composition.errors.map(({ code }) => code))] : 'it composes';

const EVERY_OPTION: readonly FederationOptions[] = [
  { nodeField: 'omitted' },
  { nodeField: 'hidden' },
  { nodeField: 'owner' },
  { nodeField: 'omitted', userType: 'User' },
  { nodeField: 'owner', userType: 'User' },
  { nodeField: 'omitted', userType: 'User', authenticated: true },
  { nodeField: 'owner', authenticated: true, requiredScopes: ['flags:read', 'events:read'] },
];

describe.for(['apollo', 'guild'] as const)('the composer of %s', (name) => {
  const compose = composers[name];

  it.for(EVERY_OPTION)('accepts us beside the example’s neighbours: %o', async (options) => {
    const services = subgraph('services', await readNeighbour('services'));
    const users = subgraph('users', await readNeighbour('users'));
    expect(codesOf(compose([ours(options), services, users]))).toBe('it composes');
  });

  it('puts what routers have to check before they ask on events, their pages and sources, and on nothing else', () => {
    const composition = compose([ours({ authenticated: true, requiredScopes: ['a', 'b'] })]);
    const { supergraph } = composition as { supergraph: string };
    const types = parse(supergraph).definitions.flatMap((each) => {
      if (each.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
      const { directives = [], name } = each;
      const text = directives.map(print).join(' ');
      return text.includes('@authenticated') && text.includes('@requiresScopes(scopes: [["a", "b"]])')
        ? name.value
        : [];
    });
    expect(types.toSorted()).toEqual([
      'FlagEventBatch',
      'FlagEventConnection',
      'FlagSource',
      'LaunchDarklyFlagEvent',
      'UnleashFlagEvent',
    ]);
    const plain = compose([ours()]) as { supergraph: string };
    expect(plain.supergraph).not.toMatch(/@authenticated|@requiresScopes/);
  });

  it('accepts us alone', () => {
    expect(codesOf(compose([ours()]))).toBe('it composes');
  });

  it.for<[string, string]>([
    [
      'its own pages',
      'type Query { a: PageInfo } type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }',
    ],
    ['scalars of the same names', 'scalar DateTime scalar JSON scalar URL type Query { a: DateTime b: JSON c: URL }'],
    [
      'Relay’s Node, and the only `node`',
      'interface Node { id: ID! } type Query { node(id: ID!): Node } type Thing implements Node @key(fields: "id") { id: ID! }',
    ],
    [
      'a field for every event',
      'type Query { a: Int } type FlagEvent @key(fields: "id") @interfaceObject { id: ID! comments: [String!]! }',
    ],
    [
      'a field for every flag',
      'type Query { a: Int } type FeatureFlag @key(fields: "key") { key: String! owner: String }',
    ],
    [
      'a bare Experiment, Actor, Source and Environment',
      'type Query { a: Experiment b: Actor c: Source d: Environment } type Experiment { x: Int } type Actor { x: Int } type Source { x: Int } type Environment { x: Int }',
    ],
  ])('accepts us beside a neighbour with %s', ([, sdl]) => {
    expect(codesOf(compose([ours(), neighbour(sdl)]))).toBe('it composes');
  });

  it.for<[string, string, string]>([
    [
      'has pages that it does not share',
      'INVALID_FIELD_SHARING',
      'type Query { a: PageInfo } type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }',
    ],
    [
      'shares pages that lack a field of ours',
      'SATISFIABILITY_ERROR',
      'type Query { a: PageInfo } type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! endCursor: String }',
    ],
    [
      'gives one of our enums another value',
      'ENUM_VALUE_MISMATCH',
      'enum FlagVendor { LAUNCHDARKLY UNLEASH HOMEMADE } type Query { a(vendor: FlagVendor): FlagVendor }',
    ],
    [
      'claims more of a flag than its key',
      'INVALID_FIELD_SHARING',
      'type Query { a: FeatureFlag } type FeatureFlag @key(fields: "key", resolvable: false) { key: String! id: ID! }',
    ],
    [
      'knows a flag by another key',
      'INVALID_FIELD_SHARING',
      'type Query { a: FeatureFlag } type FeatureFlag @key(fields: "id", resolvable: false) { id: ID! key: String! }',
    ],
    [
      'adds to events of one vendor what all have',
      'INVALID_FIELD_SHARING',
      'type Query { a: Int } type UnleashFlagEvent @key(fields: "id") { id: ID! title: String! }',
    ],
    [
      'takes the key from the interface of events',
      'INTERFACE_OBJECT_USAGE_ERROR',
      'type Query { a: Int } type FlagEvent @interfaceObject { id: ID! comments: [String!]! }',
    ],
  ])('refuses a neighbour that %s: %s', ([, code, sdl]) => {
    expect(codesOf(compose([ours(), neighbour(sdl)]))).toEqual([code]);
  });

  it.for(['owner', 'hidden'] as const)('refuses a second `node` if ours is %s', (nodeField) => {
    const sdl = 'interface Node { id: ID! } type Query { node(id: ID!): Node }';
    expect(codesOf(compose([ours({ nodeField }), neighbour(sdl)]))).toEqual(['INVALID_FIELD_SHARING']);
  });

  it('refuses `@interfaceObject` if our interface has no key', () => {
    const sdl =
      'type Query { a: FlagEvent } type FlagEvent @key(fields: "id") @interfaceObject { id: ID! comments: [String!]! }';
    const withoutKey = subgraph(
      'flag-events',
      ours().sdl.replace(/(interface FlagEvent implements Node)\s+@key\(fields: "id"\)/, '$1'),
    );
    expect(withoutKey.sdl).not.toBe(ours().sdl);
    expect(codesOf(compose([withoutKey, neighbour(sdl)]))).toEqual(['SATISFIABILITY_ERROR']);
  });

  it.for<[string, string]>([
    ['a key', 'type User @key(fields: "email") { email: String! }'],
    ['one of two keys', 'type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! }'],
    ['a plain field', 'type User @key(fields: "id") { id: ID! email: String! }'],
  ])('lets us add to people whose address is %s', ([, type]) => {
    expect(codesOf(compose([ours({ userType: 'User' }), neighbour(`type Query { me: User } ${type}`)]))).toBe(
      'it composes',
    );
  });

  it('refuses us to add to people who have no address, or who do not exist', () => {
    const composed = [
      compose([
        ours({ userType: 'User' }),
        neighbour('type Query { me: User } type User @key(fields: "id") { id: ID! }'),
      ]),
      compose([ours({ userType: 'User' })]),
    ];
    expect(composed.map(codesOf)).toEqual([['EXTERNAL_MISSING_ON_BASE'], ['EXTERNAL_MISSING_ON_BASE']]);
  });
});

describe('the composer of Cosmo', () => {
  it.for(EVERY_OPTION)(
    'accepts us beside the example’s neighbours, whose fields every event gains: %o',
    async (options) => {
      const services = subgraph('services', await readNeighbour('services'));
      const users = subgraph('users', await readNeighbour('users'));
      const composition = composeWithCosmo([ours(options), services, users]);
      expect(composition).toHaveProperty('fields');
      const { fields } = composition as { fields: string[] };
      expect(fields).toEqual(
        expect.arrayContaining(['UnleashFlagEvent.discussionUrl', 'FeatureFlag.events', 'Query.services']),
      );
      expect(fields.includes('User.flagEvents')).toBe(options.userType !== undefined);
      expect(fields.includes('Query.node')).toBe(options.nodeField === 'owner');
    },
  );

  it('makes a contract without what tells who somebody is, and with all the rest', async () => {
    const services = subgraph('services', await readNeighbour('services'));
    const users = subgraph('users', await readNeighbour('users'));
    const subgraphs = [ours({ userType: 'User' }), services, users];
    const [whole, contract] = [composeWithCosmo(subgraphs), composeWithCosmo(subgraphs, ['pii'])];
    expect([whole, contract]).toEqual([{ fields: expect.any(Array) }, { fields: expect.any(Array) }]);
    const left = new Set((contract as { fields: string[] }).fields);
    expect((whole as { fields: string[] }).fields.filter((field) => !left.has(field)).toSorted()).toEqual([
      'FlagActor.email',
      'FlagActor.name',
      'LaunchDarklyAuditLogEntry.description',
      'LaunchDarklyAuditLogEntry.title',
      'LaunchDarklyMember.email',
      'LaunchDarklyMember.firstName',
      'LaunchDarklyMember.lastName',
      'UnleashFlagEvent.createdBy',
    ]);
  });

  it('refuses what does not fit, in words', () => {
    const sdl = 'enum FlagVendor { LAUNCHDARKLY UNLEASH HOMEMADE } type Query { a(vendor: FlagVendor): FlagVendor }';
    expect(composeWithCosmo([ours(), neighbour(sdl)])).toEqual({ errors: [expect.stringContaining('FlagVendor')] });
  });
});

describe('the subgraph’s SDL', () => {
  it('has `node` and `nodes` as the setting says', () => {
    const nodes = (nodeField: FederationOptions['nodeField']) =>
      ours({ nodeField }).sdl.match(/^ {2}(\): \[?Node.*)$/gm);
    expect([nodes('omitted'), nodes('hidden'), nodes('owner')]).toEqual([
      null,
      ['  ): Node @inaccessible', '  ): [Node]! @inaccessible'],
      ['  ): Node', '  ): [Node]!'],
    ]);
  });

  it('gives every kind of event its key, and marks what tells who somebody is', () => {
    const { sdl } = ours();
    const keyed = [...sdl.matchAll(/^(?:type|interface) (\w+)[^{]*@key\(fields: "(\w+)"\)/gm)].map(
      ([, type, key]) => `${type}(${key})`,
    );
    expect(keyed).toEqual(['FeatureFlag(key)', 'FlagEvent(id)', 'LaunchDarklyFlagEvent(id)', 'UnleashFlagEvent(id)']);
    expect(sdl.match(/@tag\(name: "pii"\)/g)).toHaveLength(8);
  });

  it.for<[string, FederationOptions]>([
    ['subgraph.graphql', { nodeField: 'omitted' }],
    ['supergraph/flag-events.graphql', { nodeField: 'omitted', userType: 'User' }],
  ])('is committed, fresh: schema/%s', async ([file, options]) => {
    const committed = await readFile(new URL(`../../schema/${file}`, import.meta.url), 'utf8');
    expect(committed.trimEnd()).toBe(ours(options).sdl.trimEnd());
  });

  it('says nothing of `@defer`, which a gateway does itself or not at all', () => {
    expect(ours().sdl).not.toMatch(/@defer|@stream/);
  });
});
