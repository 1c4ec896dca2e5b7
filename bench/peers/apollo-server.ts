/** Apollo Server, asking with its own data source for REST. */
import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { VENDORS, type WirePage } from '../vendors.ts';
import { type Context, resolvers, typeDefs } from './graph.ts';

class Vendor extends RESTDataSource {
  private readonly vendor: (typeof VENDORS)[keyof typeof VENDORS];

  constructor(vendor: keyof typeof VENDORS) {
    super();
    this.vendor = VENDORS[vendor];
    this.baseURL = this.vendor.base;
  }

  page(path: string): Promise<WirePage> {
    return this.get<WirePage>(path, { headers: this.vendor.headers });
  }
}

const server = new ApolloServer<Context>({ typeDefs, resolvers });
await startStandaloneServer(server, {
  listen: { port: Number(process.env.PORT), host: '127.0.0.1' },
  context: async () => {
    const vendors = { launchdarkly: new Vendor('launchdarkly'), unleash: new Vendor('unleash') };
    return { read: (vendor, path) => vendors[vendor].page(path) };
  },
});
