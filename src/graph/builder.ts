/** The schema builder every type is made with. One per schema: nothing here is shared between two gateways. */
import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import { GraphQLScalarType } from 'graphql';
import { DateTimeResolver, JSONResolver, URLResolver } from 'graphql-scalars';
import type { GatewayContext } from '../context.ts';

export interface SchemaTypes {
  Context: GatewayContext;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date | number };
    JSON: { Input: unknown; Output: unknown };
    URL: { Input: URL; Output: URL | string };
  };
}

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({
    plugins: [RelayPlugin],
    defaultFieldNullability: false,
    relay: {
      clientMutationId: 'omit',
      cursorType: 'String',
      nodesOnConnection: { description: 'The events of this page, without their cursors.' },
      edgesFieldOptions: {
        description: 'The events of this page, each with its cursor.',
        nullable: { list: false, items: false },
      },
      nodeFieldOptions: { description: 'The event.', nullable: false },
      cursorFieldOptions: {
        description: 'Where this event stands: pass it as `after` for older events or as `before` for newer ones.',
      },
      pageInfoTypeOptions: { description: 'Where a page stands in its connection.' },
      pageInfoFieldOptions: { description: 'Where this page stands in the timeline.' },
      hasNextPageFieldOptions: {
        description: 'Whether there are older events after this page, those that a failed source still owes included.',
      },
      hasPreviousPageFieldOptions: { description: 'Whether there are newer events before this page.' },
      startCursorFieldOptions: { description: 'Pass it as `before` to read what is newer than this page.' },
      endCursorFieldOptions: {
        description:
          'Pass it as `after` to read on. It may lie beyond the last edge when a filter left the page short.',
      },
      firstArgOptions: { description: 'How many events to read, newest first: 0 to 100, 20 when left out.' },
      afterArgOptions: {
        description: 'Read what is older than this cursor. It must come from a query with the same filter.',
      },
      lastArgOptions: { description: 'How many events to read going back in the direction of newer ones: 0 to 100.' },
      beforeArgOptions: {
        description: 'Read what is newer than this cursor. It must come from a query with the same filter.',
      },
      nodeTypeOptions: { description: 'Anything with an id that is unique among everything in this graph.' },
      idFieldOptions: { description: 'Opaque, and unique among everything in this graph.' },
      nodeQueryOptions: false,
      nodesQueryOptions: false,
    },
  });
  builder.addScalarType(
    'DateTime',
    describe(
      DateTimeResolver,
      'A moment, as RFC 3339 with milliseconds, in UTC: `2026-01-31T12:00:00.000Z`. As input it needs a time and an offset.',
      'https://scalars.graphql.org/andimarek/date-time.html',
    ),
  );
  builder.addScalarType('JSON', describe(JSONResolver, 'Any JSON value, as a vendor stored it.'));
  builder.addScalarType('URL', describe(URLResolver, 'An absolute URL.'));
  builder.queryType({ description: 'The entry points.' });
  return builder;
}

function describe(scalar: GraphQLScalarType, description: string, specifiedByURL?: string): GraphQLScalarType {
  return new GraphQLScalarType({ ...scalar.toConfig(), description, ...(specifiedByURL && { specifiedByURL }) });
}
