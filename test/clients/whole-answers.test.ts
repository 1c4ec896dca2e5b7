import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQL17Alpha9Handler } from '@apollo/client/incremental';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

const DEFERRED = '{ flagEvents(first: 2) { nodes { id ... @defer { title } } } }';
const NODE = { id: expect.any(String), title: expect.any(String) };

let unleash: UnleashSandbox;
let gateway: TestGateway;
beforeAll(async () => {
  unleash = await startUnleashSandbox();
  gateway = await startGateway([{ vendor: 'unleash', apiToken: unleash.token, url: unleash.url }]);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await unleash[Symbol.asyncDispose]();
});

describe('a query with @defer has its whole answer at once', () => {
  it('with Apollo Client 4 and its handler for the newest format', async () => {
    const client = new ApolloClient({
      cache: new InMemoryCache({ possibleTypes: { FlagEvent: ['LaunchDarklyFlagEvent', 'UnleashFlagEvent'] } }),
      link: new HttpLink({ uri: gateway.url }),
      // Its types do not fit those of Apollo Client itself.
      incrementalHandler: new GraphQL17Alpha9Handler() as never,
    });
    const seen: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      client.watchQuery({ query: parse(DEFERRED) }).subscribe(({ data, dataState, error }) => {
        if (data) seen.push(data);
        if (error) reject(error);
        if (dataState === 'complete') resolve();
      });
    });
    client.stop();
    expect(seen).toMatchObject([{ flagEvents: { nodes: [NODE, NODE] } }]);
  });

  it('with a bare fetch', async () => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: DEFERRED }),
    });
    expect(await response.json()).toEqual({ data: { flagEvents: { nodes: [NODE, NODE] } } });
  });
});
