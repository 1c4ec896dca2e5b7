import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { relayStylePagination } from '@apollo/client/utilities';
import schema from '../../../schema/generated/introspection.json' with { type: 'json' };

const pages = relayStylePagination(['filter']);
/** What has no id is kept inside of what holds it, and must not lose there what another query has selected of it. */
const parts = schema.__schema.types.filter(({ fields, kind }) => kind === 'OBJECT' && !fields?.some(isId));

function isId({ name }: { name: string }): boolean {
  return name === 'id';
}

export const createClient = (uri: string) =>
  new ApolloClient({
    link: new HttpLink({ uri }),
    incrementalHandler: new Defer20220824Handler(),
    cache: new InMemoryCache({
      possibleTypes: { FlagEvent: ['LaunchDarklyFlagEvent', 'UnleashFlagEvent'] },
      typePolicies: {
        ...Object.fromEntries(parts.map(({ name }) => [name, { merge: true }])),
        Query: { fields: { flagEvents: pages } },
        FeatureFlag: { fields: { events: pages } },
      },
    }),
  });
