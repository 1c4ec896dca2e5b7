import { Client, type Exchange, fetchExchange } from '@urql/core';
import { cacheExchange, type UpdatesConfig } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import schema from '../../../schema/generated/introspection.json' with { type: 'json' };

/** By its id; what has none is kept inside of what holds it. */
const keyOf = ({ id }: { id?: unknown }) => (typeof id === 'string' ? id : null);
const objects = schema.__schema.types.filter(({ kind }) => kind === 'OBJECT');

export const createClient = (url: string, { exchanges = [], fetchSubscriptions = false, updates = {} }: Extras = {}) =>
  new Client({
    url,
    preferGetMethod: false,
    fetchSubscriptions,
    exchanges: [
      cacheExchange({
        schema,
        keys: Object.fromEntries(objects.map(({ name }) => [name, keyOf])),
        resolvers: { Query: { flagEvents: relayPagination() }, FeatureFlag: { events: relayPagination() } },
        updates,
      }),
      ...exchanges,
      fetchExchange,
    ],
  });

/** For subscriptions. */
interface Extras {
  exchanges?: Exchange[];
  fetchSubscriptions?: boolean;
  updates?: UpdatesConfig;
}
