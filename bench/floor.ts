/**
 * The floor: what the same answers cost without GraphQL. It asks both vendors with undici, parses, maps, merges twenty by
 * time and prints the same fields under the same names.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';

const { LAUNCHDARKLY_URL = '', PORT, UNLEASH_URL = '' } = process.env;
const launchDarkly = new Pool(LAUNCHDARKLY_URL, { connections: 256 });
const unleash = new Pool(UNLEASH_URL, { connections: 256 });
const sources = {
  launchdarkly: { name: 'launchdarkly', base: LAUNCHDARKLY_URL },
  unleash: { name: 'unleash', base: UNLEASH_URL },
};

interface Question {
  query: string;
  variables: {
    filter?: { projects?: string[]; launchDarkly?: { applicationKeys?: string[] } };
  };
}

/** What is read of the vendors' JSON; it is trusted. */
interface Wire {
  id: string | number;
  eventTime: number;
  createdAt: string;
  eventType: string;
  type: string;
  label?: string;
  flagKey: string;
  featureName: string | null;
  projectKey: string;
  project: string | null;
  environmentKey: string;
  environment: string | null;
  member?: { email: string; firstName: string; lastName: string };
  createdBy: string;
  experiments?: { items: { key: string; name: string }[] };
}

const server = createServer(async (request, response) => {
  const { query, variables } = JSON.parse(await text(request)) as Question;
  const { filter = {} } = variables;
  const hasExperiments = query.includes('experiments');
  const [flagEvents, events] = await Promise.all([
    read(launchDarkly, toLaunchDarklyPath(filter, hasExperiments), {
      authorization: 'api-bench',
      'ld-api-version': 'beta',
    }),
    read(unleash, toUnleashPath(filter), { authorization: 'bench' }),
  ]);
  const merged = [
    ...(flagEvents.items ?? []).map((item) => ({ time: item.eventTime, item, isLaunchDarkly: true })),
    ...(events.events ?? []).map((item) => ({ time: Date.parse(item.createdAt), item, isLaunchDarkly: false })),
  ].toSorted((a, b) => b.time - a.time);
  const edges = merged.slice(0, 20).map(({ isLaunchDarkly, item, time }) => {
    const node = isLaunchDarkly ? fromLaunchDarkly(item, time, hasExperiments) : fromUnleash(item, time);
    return { cursor: Buffer.from(JSON.stringify([time, node.source.name, item.id])).toString('base64url'), node };
  });
  const pageInfo = { hasNextPage: merged.length > 20, endCursor: edges.at(-1)?.cursor };
  const body = JSON.stringify({ data: { flagEvents: { edges, pageInfo } } });
  response
    .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) })
    .end(body);
});
server.listen(Number(PORT), '127.0.0.1');

async function read(pool: Pool, path: string, headers: Record<string, string>) {
  const { body } = await pool.request({ method: 'GET', path, headers: { accept: 'application/json', ...headers } });
  return JSON.parse(await body.text()) as { items?: Wire[]; events?: Wire[] };
}

function toLaunchDarklyPath({ launchDarkly: own }: NonNullable<Question['variables']['filter']>, expand: boolean) {
  const query = new URLSearchParams({
    projectKey: 'payments',
    environmentKey: 'payments-0',
    from: '1',
    to: String(Date.now()),
    limit: '21',
  });
  if (own?.applicationKeys) query.set('applicationKey', own.applicationKeys.join(','));
  if (expand) query.set('expand', 'experiments');
  return `/api/v2/engineering-insights/flag-events?${query}`;
}

function toUnleashPath({ projects }: NonNullable<Question['variables']['filter']>) {
  const query = new URLSearchParams({ offset: '0', limit: '21' });
  if (projects) query.set('project', `IS_ANY_OF:${projects.join(',')}`);
  return `/api/admin/search/events?${query}`;
}

function fromLaunchDarkly(item: Wire, time: number, hasExperiments: boolean) {
  const { email = '', firstName = '', lastName = '' } = item.member ?? {};
  const project = encodeURIComponent(item.projectKey);
  return {
    id: toId('LaunchDarklyFlagEvent', ['launchdarkly', `/${item.projectKey}/${item.environmentKey}`, time, item.id]),
    occurredAt: new Date(time).toISOString(),
    kind: item.eventType.toUpperCase(),
    type: item.eventType,
    title: toTitle(item.eventType),
    flag: { key: item.flagKey },
    project: { key: item.projectKey },
    environment: { key: item.environmentKey },
    actor: item.member ? { name: `${firstName} ${lastName}`.trim() || email, email } : null,
    source: { name: sources.launchdarkly.name },
    url: `${sources.launchdarkly.base}/${project}/${item.environmentKey}/features/${encodeURIComponent(item.flagKey)}`,
    ...(hasExperiments && {
      experiments: { nodes: item.experiments?.items.map(({ key, name }) => ({ key, name })) ?? [] },
    }),
  };
}

function fromUnleash(item: Wire, time: number) {
  return {
    id: toId('UnleashFlagEvent', ['unleash', '', time, String(item.id)]),
    occurredAt: new Date(time).toISOString(),
    kind: item.type.toUpperCase(),
    type: item.type,
    title: item.label ?? toTitle(item.type),
    flag: item.featureName === null ? null : { key: item.featureName },
    project: item.project === null ? null : { key: item.project },
    environment: item.environment === null ? null : { key: item.environment },
    actor: { name: item.createdBy, email: item.createdBy.includes('@') ? item.createdBy : null },
    source: { name: sources.unleash.name },
    url: `${sources.unleash.base}/history?id=IS%3A${item.id}`,
  };
}

function toId(type: string, reference: unknown): string {
  return Buffer.from(`${type}:${JSON.stringify(reference)}`).toString('base64');
}

function toTitle(type: string): string {
  const words = type.replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
