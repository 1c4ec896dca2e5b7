import { ApolloClient, HttpLink, InMemoryCache } from 'apollo-client-3/core';
import { relayStylePagination } from 'apollo-client-3/utilities';

const pages = relayStylePagination(['filter']);

export const createClient = (uri: string) =>
  new ApolloClient({
    link: new HttpLink({ uri }),
    cache: new InMemoryCache({
      possibleTypes: { FlagEvent: ['LaunchDarklyFlagEvent', 'UnleashFlagEvent'] },
      typePolicies: { Query: { fields: { flagEvents: pages } }, FeatureFlag: { fields: { events: pages } } },
    }),
  });
