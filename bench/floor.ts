/**
 * The floor: what the same answers cost without GraphQL. It asks both vendors with undici, parses, maps, merges twenty by
 * time and prints the same fields under the same names.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import { type Filter, toLaunchDarklyPath, toPage, toUnleashPath, VENDORS, type WirePage } from './vendors.ts';

const launchDarkly = new Pool(VENDORS.launchdarkly.base, { connections: 256 });
const unleash = new Pool(VENDORS.unleash.base, { connections: 256 });

interface Question {
  query: string;
  variables: { filter?: Filter };
}

const server = createServer(async (request, response) => {
  const { query, variables } = JSON.parse(await text(request)) as Question;
  const { filter = {} } = variables;
  const hasExperiments = query.includes('experiments');
  const [flagEvents, events] = await Promise.all([
    read(launchDarkly, toLaunchDarklyPath(filter, hasExperiments), VENDORS.launchdarkly.headers),
    read(unleash, toUnleashPath(filter), VENDORS.unleash.headers),
  ]);
  const body = JSON.stringify({ data: { flagEvents: toPage(flagEvents, events, hasExperiments) } });
  response
    .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) })
    .end(body);
});
server.listen(Number(process.env.PORT), '127.0.0.1');

async function read(pool: Pool, path: string, headers: Record<string, string>): Promise<WirePage> {
  const { body } = await pool.request({ method: 'GET', path, headers });
  return JSON.parse(await body.text()) as WirePage;
}
