/** Mercurius with compiled queries, on Fastify, asking with undici. */
import fastify from 'fastify';
import mercurius from 'mercurius';
import { Pool } from 'undici';
import { VENDORS, type WirePage } from '../vendors.ts';
import { type Context, resolvers, typeDefs } from './graph.ts';

const pools = {
  launchdarkly: new Pool(VENDORS.launchdarkly.base, { connections: 256 }),
  unleash: new Pool(VENDORS.unleash.base, { connections: 256 }),
};
const read: Context['read'] = async (vendor, path) => {
  const { body } = await pools[vendor].request({ method: 'GET', path, headers: VENDORS[vendor].headers });
  return (await body.json()) as WirePage;
};

const app = fastify({ logger: true });
await app.register(mercurius, { schema: typeDefs, resolvers: resolvers as never, jit: 1, context: () => ({ read }) });
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
