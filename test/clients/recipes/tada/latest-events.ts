import { initGraphQLTada, type ResultOf } from 'gql.tada';
import { GraphQLClient } from 'graphql-request';
import type { introspection } from './__generated__/schema.d.ts';

/** DateTime and URL come as text, JSON as whatever a vendor has stored. */
const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; URL: string; JSON: unknown };
}>();

/** One event, with a field that both vendors have, and one of each vendor's own. */
const EventRow = graphql(`
  fragment EventRow on FlagEvent @_unmask {
    __typename
    id
    occurredAt
    title
    ... on LaunchDarklyFlagEvent {
      eventId
      impact {
        size
      }
    }
    ... on UnleashFlagEvent {
      eventId
      changes {
        path
        after
      }
    }
  }
`);

const LatestEvents = graphql(
  `
    query LatestEvents($first: Int!, $filter: FlagEventFilter) {
      flagEvents(first: $first, filter: $filter) {
        edges {
          node {
            ...EventRow
          }
        }
        sources {
          source {
            name
          }
          status
          failure {
            message
          }
        }
      }
    }
  `,
  [EventRow],
);

export type LatestEvents = NonNullable<ResultOf<typeof LatestEvents>['flagEvents']>;

export async function readLatestEvents(url: string, environment: string): Promise<LatestEvents | null> {
  const variables = { first: 10, filter: { environments: [environment] } };
  const { flagEvents } = await new GraphQLClient(url).request(LatestEvents, variables);
  return flagEvents;
}
