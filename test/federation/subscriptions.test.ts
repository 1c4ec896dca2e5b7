import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApolloGateway } from '../../schema/supergraph/apollo-gateway.ts';
import { compose } from '../../schema/supergraph/compose.ts';
import type { GatewayServer, GatewaySettings } from '../../schema/supergraph/gateway-server.ts';
import { hasGrafbaseGateway, startGrafbaseGateway } from '../../schema/supergraph/grafbase-gateway.ts';
import { startHiveGateway } from '../../schema/supergraph/hive-gateway.ts';
import { startNeighbours } from '../../schema/supergraph/neighbours/start.ts';
import { printSubgraph } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';
import { SECRET } from '../support/supergraph.ts';
import { type Running, transports } from '../support/transports.ts';

const KEY = 'key-of-somebody-who-subscribes';
const AUTHORIZATION = { authorization: `Bearer ${KEY}` };
const LIVE = `subscription Live($since: String) {
  flagEventsAdded(since: $since) { nodes { id title discussionUrl flag { key } } cursor }
}`;

interface Router {
  start(settings: GatewaySettings): Promise<GatewayServer>;
  /** What its client sees when the router loses the subgraph. */
  loss: 'an error, and the end' | 'the last batch again with an error, and the end' | 'an error, and what comes then';
}

const hive =
  (own: Partial<Parameters<typeof startHiveGateway>[0]>) =>
  (settings: GatewaySettings): Promise<GatewayServer> =>
    startHiveGateway({ ...settings, ...own });

const routers: Record<string, Router> = {
  'Hive Gateway, over Server-Sent Events': { start: hive({}), loss: 'an error, and the end' },
  'Hive Gateway, over a WebSocket': { start: hive({ subscriptions: 'ws' }), loss: 'an error, and the end' },
  'Hive Gateway on the planner of its router, over Server-Sent Events': {
    start: hive({ isPlannedByRouter: true }),
    loss: 'the last batch again with an error, and the end',
  },
  'Hive Gateway on the planner of its router, over a WebSocket': {
    start: hive({ isPlannedByRouter: true, subscriptions: 'ws' }),
    loss: 'the last batch again with an error, and the end',
  },
  ...(hasGrafbaseGateway && {
    'Grafbase Gateway, over Server-Sent Events': { start: startGrafbaseGateway, loss: 'an error, and what comes then' },
  }),
};

const federation = { nodeField: 'owner', userType: 'User', secret: SECRET } as const;

/** Our subgraph over one vendor, with a key and a secret, behind a connection that can be cut. */
async function startSubgraphs() {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await startPublicGateway({ federation, env: { API_KEYS: KEY } }));
  const proxy = stack.use(await startCuttingProxy(gateway.url));
  const neighbours = await startNeighbours();
  for (const neighbour of neighbours) stack.use(neighbour);
  const sdl = printSubgraph(definitions, federation);
  const subgraphs = [{ name: 'flag-events', url: proxy.url, sdl }, ...neighbours];
  const settings: GatewaySettings = { supergraph: compose(subgraphs), subgraphs, secret: SECRET };
  return { gateway, proxy, settings, stack: stack.move() };
}

interface Batch {
  nodes: { discussionUrl: string; flag: { key: string } }[];
  cursor: string;
}

const batchesOf = ({ answers }: Running) => answers.flatMap(({ data }) => (data?.flagEventsAdded as Batch) ?? []);
const flagsOf = (running: Running) => batchesOf(running).flatMap(({ nodes }) => nodes.map(({ flag }) => flag.key));
const isThere = ({ answers }: Running) => answers.length > 0;
const has = (flag: string) => (running: Running) => flagsOf(running).includes(flag);

describe.for(Object.entries(routers))('a subscription through %s', ([, { loss, start }]) => {
  let gateway: PublicGateway;
  let proxy: CuttingProxy;
  let stack: AsyncDisposableStack;
  let url: string;
  beforeAll(async () => {
    const subgraphs = await startSubgraphs();
    ({ gateway, proxy, stack } = subgraphs);
    ({ url } = stack.use(await start(subgraphs.settings)));
  });
  afterAll(() => stack.disposeAsync());

  const connect = (headers: Record<string, string> = AUTHORIZATION) =>
    transports['an event stream of its own'](url, headers);
  const happen = (featureName: string) =>
    gateway.unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' });
  const nobodyIsLeft = () => vi.waitFor(() => expect(gateway.live.subscribers).toBe(0), 5_000);

  it('brings events with a neighbour’s field, goes on from a cursor, and ends with its client', async () => {
    await using client = connect();
    const first = client.begin({ query: LIVE });
    await first.until(isThere);
    happen('one');
    await first.until(has('one'));
    expect(batchesOf(first).at(-1)?.nodes[0]?.discussionUrl).toContain('https://chat.example.com/');
    const since = batchesOf(first).at(-1)?.cursor;
    first.leave();
    await nobodyIsLeft();
    happen('two');
    const second = client.begin({ query: LIVE, variables: { since } });
    await second.until(has('two'));
    expect([flagsOf(first), flagsOf(second)]).toEqual([['one'], ['two']]);
    second.leave();
    await nobodyIsLeft();
  });

  it('is refused to a client without credentials', async () => {
    await using client = connect({});
    const refused = client.begin({ query: LIVE });
    // Over a WebSocket the router tries for half a minute before it tells its client.
    await Promise.race([refused.ended, wait(1_000)]);
    expect(batchesOf(refused)).toEqual([]);
    refused.leave();
    await nobodyIsLeft();
  });

  it(`when the router loses the subgraph, has ${loss}, and goes on from its last cursor`, async () => {
    await using client = connect();
    const first = client.begin({ query: LIVE });
    await first.until(isThere);
    happen('three');
    await first.until(has('three'));
    const had = first.answers.length;
    const since = batchesOf(first).at(-1)?.cursor;
    proxy.cut();
    await first.until(({ answers }) => answers.length > had);
    if (loss !== 'an error, and what comes then') await first.ended;
    const [last, ...more] = first.answers.slice(had);
    expect(more).toEqual([]);
    expect(last).toMatchObject({ errors: [{ message: expect.any(String) }] });
    expect(last?.data ?? null).toEqual(loss.startsWith('the last batch again') ? first.answers[had - 1]?.data : null);
    first.leave();
    await nobodyIsLeft();
    happen('unseen');
    const second = client.begin({ query: LIVE, variables: { since } });
    await second.until(has('unseen'));
    expect(flagsOf(second)).toEqual(['unseen']);
    second.leave();
    await nobodyIsLeft();
  });
});

describe('a subscription through Apollo’s gateway', () => {
  it('is refused: it has none', async () => {
    const { settings, stack } = await startSubgraphs();
    await using _ = stack;
    const { url } = stack.use(await startApolloGateway(settings));
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...AUTHORIZATION },
      body: JSON.stringify({ query: LIVE }),
    });
    expect(await response.text()).toContain('subscription');
    expect(response.status).toBeGreaterThanOrEqual(400);
  });
});
