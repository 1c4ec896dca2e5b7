/** Puts the graph together: the shared types, what each vendor adds, and the entry points. */
import { type GraphQLSchema, specifiedDirectives } from 'graphql';
import { type Builder, createBuilder } from './builder.ts';
import { LIST_SIZE, readConnection, type Vendor } from './connection.ts';
import { defineEventConnection, type EventConnectionRef } from './event-connection.ts';
import { defineEventCounts } from './event-counts.ts';
import { defineEntities, defineGatewayQueries, type FederationOptions, printComposable } from './federation.ts';
import { checkText, defineFilter, type FilterRef } from './filter.ts';
import { defineFlagTypes, type FlagTypes } from './flag-event.ts';
import { defineSubscription } from './flag-event-batch.ts';
import { GraphQLDeferDirective, GraphQLStreamDirective } from './incremental.ts';
import { createEventLoader, createNodeFinder, defineNodeQueries, type NodeLoader, withIdsAtOnce } from './node.ts';
import { defineUser } from './user.ts';
import type { GraphVendor } from './vendor.ts';

const DESCRIPTION =
  'What changed about feature flags, where, by whom, and what it did to users: the event logs of LaunchDarkly and Unleash as one list, newest first. Begin with `flagEvents`; page with `pageInfo.endCursor` as `after`; show `sources` beside the list, because a source that fails is missing from it and is not an error.';

/** How often one feed is read for one page of a flag's own events: many flags may be on one answer. */
const MAX_READS_FOR_A_FLAG = 3;

/**
 * The graph as clients see it. With `federation` it is what a gateway asks, too: it has `_service` and `_entities`, and
 * `node` whatever the supergraph has of it.
 */
export function createSchema(definitions: readonly GraphVendor[], federation?: FederationOptions): GraphQLSchema {
  const { builder, entities } = assemble(definitions, { ...federation, nodeField: 'owner' });
  if (federation) defineGatewayQueries(builder, entities, () => printSubgraph(definitions, federation));
  const directives = [...specifiedDirectives, GraphQLDeferDirective, GraphQLStreamDirective];
  const schema = withIdsAtOnce(builder.toSchema({ directives }));
  schema.description = DESCRIPTION;
  return schema;
}

/** The graph as composition reads it: what `_service { sdl }` says. */
export function printSubgraph(definitions: readonly GraphVendor[], federation: FederationOptions): string {
  return printComposable(assemble(definitions, federation).builder, federation);
}

function assemble(definitions: readonly GraphVendor[], { nodeField, userType }: FederationOptions) {
  const builder = createBuilder();
  const types = defineFlagTypes(builder, definitions);
  const vendors: Vendor[] = definitions.map((definition) => ({
    definition,
    types: definition.graph.define(builder, types),
  }));
  const loaders = new Map<string, NodeLoader>([
    ['FeatureFlag', (key) => ({ key })],
    ['FlagSource', (id, { sources }) => sources.find((source) => source.id === id) ?? null],
  ]);
  for (const { definition, types: own } of vendors) {
    types.typeOfVendor.set(definition.vendor, own.event.name);
    loaders.set(own.event.name, createEventLoader(definition.vendor));
  }
  const filter = defineFilter(
    builder,
    types,
    vendors.map((vendor) => vendor.types),
  );
  const pages = defineEventConnection(builder, types);
  const connection = pages.FlagEventConnection;
  defineQueries(builder, types, vendors, filter, connection);
  defineFlagEvents(builder, types, vendors, filter, connection);
  defineEventCounts(builder, types, vendors, filter, pages);
  defineSubscription(builder, types, vendors, filter, pages);
  const find = createNodeFinder(loaders);
  if (nodeField !== 'omitted') defineNodeQueries(builder, find, { inaccessible: nodeField === 'hidden' });
  const user = userType === undefined ? undefined : defineUser(builder, userType, types, vendors, filter, connection);
  const events = vendors.map((vendor) => vendor.types.event);
  return { builder, entities: defineEntities(builder, types, events, user, find) };
}

function defineQueries(
  builder: Builder,
  types: FlagTypes,
  vendors: readonly Vendor[],
  filter: FilterRef,
  connection: EventConnectionRef,
): void {
  const { FeatureFlag, FlagEvent, FlagSource } = types;
  builder.queryFields((t) => ({
    flagEvents: t.connection(
      {
        type: FlagEvent,
        nullable: true,
        listSize: LIST_SIZE,
        description:
          'All flag events of all sources, newest first. A source that fails does not fail the page: see `sources`. Null, with an error, only if every source fails.',
        args: {
          filter: t.arg({
            type: filter,
            description: 'Which events to keep. Keep the filter itself the same while paging.',
          }),
        },
        resolve: (_root, args, context, info) => readConnection({ args, vendors }, context, info),
      },
      connection,
    ),
    flag: t.field({
      type: FeatureFlag,
      nullable: true,
      description:
        'A flag by its key, whether or not anything is known of it. Costs nothing until its events are selected.',
      args: { key: t.arg.string({ required: true, description: 'The key or name that code asks for.' }) },
      resolve: (_root, { key }) => ({ key: checkText(key, 'key') }),
    }),
    flagSources: t.field({
      type: [FlagSource],
      description: 'The accounts and instances that this gateway reads. Asks none of them.',
      resolve: (_root, _args, context) => [...context.sources],
    }),
  }));
}

function defineFlagEvents(
  builder: Builder,
  { FeatureFlag, FlagEvent }: FlagTypes,
  vendors: readonly Vendor[],
  filter: FilterRef,
  connection: EventConnectionRef,
): void {
  builder.objectField(FeatureFlag, 'events', (t) =>
    t.connection(
      {
        type: FlagEvent,
        nullable: true,
        listSize: LIST_SIZE,
        description:
          'The flag’s own events in all sources, newest first. However many flags are on one answer, their events are read together: with the same arguments at most 9 upstream calls per feed for every hundred or so of them. What lies deeper than that leaves the page short, with `hasNextPage: true`.',
        args: {
          filter: t.arg({
            type: filter,
            description: 'Which of them to keep. Keep the filter itself the same while paging.',
          }),
        },
        resolve: ({ key }, args, context, info) =>
          readConnection({ args, vendors, flagKey: key, maxReadsPerFeed: MAX_READS_FOR_A_FLAG }, context, info),
      },
      connection,
    ),
  );
}
