import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import schema from '../../../schema/generated/introspection.json' with { type: 'json' };

/** By its id; what has none is kept inside of what holds it. */
const keyOf = ({ id }: { id?: unknown }) => (typeof id === 'string' ? id : null);
const objects = schema.__schema.types.filter(({ kind }) => kind === 'OBJECT');

export const createClient = (url: string) =>
  new Client({
    url,
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        schema,
        keys: Object.fromEntries(objects.map(({ name }) => [name, keyOf])),
        resolvers: { Query: { flagEvents: relayPagination() }, FeatureFlag: { events: relayPagination() } },
      }),
      fetchExchange,
    ],
  });
