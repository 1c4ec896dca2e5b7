/** Both vendors' answers to a page of twenty, given over and over: what is measured is the server before them, not these. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../src/sources/story.ts';
import { startUnleashSandbox } from '../src/sources/unleash/sandbox.ts';

const story = createStory({ seed: 1, now: Date.now() });
await using launchDarkly = await startLaunchDarklySandbox({ story });
await using unleash = await startUnleashSandbox({ story });

const window = `from=1&to=${Date.now()}&limit=21`;
const flagEvents = `/api/v2/engineering-insights/flag-events?projectKey=payments&environmentKey=production&${window}`;
const ldHeaders = { authorization: launchDarkly.token, 'ld-api-version': 'beta' };
const pages = {
  plain: await read(launchDarkly.url + flagEvents, ldHeaders),
  expanded: await read(`${launchDarkly.url}${flagEvents}&expand=experiments`, ldHeaders),
  events: await read(`${unleash.url}/api/admin/search/events?limit=21`, { authorization: unleash.token }),
};

const [launchDarklyUrl, unleashUrl] = await Promise.all([
  serve((url) => (url.includes('expand=experiments') ? pages.expanded : pages.plain)),
  serve((url) => (url.includes('ui-config') ? Buffer.from('{"version":"8.2.0"}') : pages.events)),
]);
process.send?.({ launchDarklyUrl, unleashUrl });

async function read(url: string, headers: Record<string, string>): Promise<Buffer> {
  return Buffer.from(await (await fetch(url, { headers })).arrayBuffer());
}

async function serve(answer: (url: string) => Buffer): Promise<string> {
  const server: Server = createServer((request, response) => {
    const body = answer(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
