import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { relayStylePagination } from '@apollo/client/utilities';

const pages = relayStylePagination(['filter']);

export const createClient = (uri: string) =>
  new ApolloClient({
    link: new HttpLink({ uri }),
    incrementalHandler: new Defer20220824Handler(),
    cache: new InMemoryCache({
      possibleTypes: { FlagEvent: ['LaunchDarklyFlagEvent', 'UnleashFlagEvent'] },
      typePolicies: { Query: { fields: { flagEvents: pages } }, FeatureFlag: { fields: { events: pages } } },
    }),
  });
