/** The server under measurement, in a process of its own: the gateway, or the floor that does the same without GraphQL. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { createGateway } from '../src/gateway.ts';
import { toConfig } from '../src/settings/config.ts';
import { definitions } from '../src/sources/index.ts';

const [kind = 'gateway', launchDarklyUrl = '', unleashUrl = ''] = process.argv.slice(2);

const server = createServer(kind === 'floor' ? createFloor() : createMeasuredGateway());
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` });
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));

function createMeasuredGateway(): RequestListener {
  const sources = [
    { vendor: 'launchdarkly', accessToken: 'api-bench', url: launchDarklyUrl, projects: ['payments/production'] },
    { vendor: 'unleash', apiToken: 'bench', url: unleashUrl },
  ];
  const config = toConfig({ RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'silent' }, { sources }, definitions);
  const options = { pageCacheMs: kind === 'gateway with remembered pages' ? 2_000 : 0 };
  const connected = config.sources.map(({ definition, settings }) => definition.connect(settings, options));
  return createGateway({ ...config, definitions, sources: connected });
}

/** Asks both, parses, merges twenty by time, serialises. */
function createFloor(): RequestListener {
  const pools = [new Pool(launchDarklyUrl, { connections: 8 }), new Pool(unleashUrl, { connections: 8 })];
  const paths = ['/api/v2/engineering-insights/flag-events?limit=21', '/api/admin/search/events?limit=21'];
  return async (request, response) => {
    for await (const _chunk of request);
    const answers = await Promise.all(
      pools.map(async (pool, index) => {
        const { body } = await pool.request({ method: 'GET', path: paths[index] ?? '/' });
        return JSON.parse(await body.text());
      }),
    );
    const [{ items }, { events }] = answers;
    const times = new Map<unknown, number>([
      ...items.map((item: { eventTime: number }) => [item, item.eventTime] as const),
      ...events.map((event: { createdAt: string }) => [event, Date.parse(event.createdAt)] as const),
    ]);
    const merged = [...times].toSorted(([, a], [, b]) => b - a).slice(0, 20);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(merged.map(([event]) => event)));
  };
}
