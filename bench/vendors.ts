/** What the floor and the peers share: how both vendors are asked, and how what they say becomes fields of the graph. */

const { LAUNCHDARKLY_URL = '', UNLEASH_URL = '' } = process.env;

export const VENDORS = {
  launchdarkly: {
    name: 'launchdarkly',
    base: LAUNCHDARKLY_URL,
    headers: { accept: 'application/json', authorization: 'api-bench', 'ld-api-version': 'beta' },
  },
  unleash: {
    name: 'unleash',
    base: UNLEASH_URL,
    headers: { accept: 'application/json', authorization: 'bench' },
  },
} as const;

export interface Filter {
  projects?: string[];
  launchDarkly?: { applicationKeys?: string[] };
}

/** An answer of either. */
export interface WirePage {
  items?: Wire[];
  events?: Wire[];
}

/** What is read of the vendors' JSON; it is trusted. */
export interface Wire {
  id: string | number;
  eventTime: number;
  createdAt: string;
  eventType: string;
  type: string;
  label?: string;
  flagKey: string;
  featureName?: string | null;
  projectKey: string;
  project?: string | null;
  environmentKey?: string;
  environment?: string | null;
  member?: { email: string; firstName: string; lastName: string };
  createdBy: string;
  experiments?: { items: { key: string; name: string }[] };
}

export function toLaunchDarklyPath({ launchDarkly: own }: Filter, expand: boolean): string {
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

export function toUnleashPath({ projects }: Filter): string {
  const query = new URLSearchParams({ offset: '0', limit: '21' });
  if (projects) query.set('project', `IS_ANY_OF:${projects.join(',')}`);
  return `/api/admin/search/events?${query}`;
}

/** Twenty events of both, newest first, with cursors. Experiments are there if they were asked for. */
export function toPage(flagEvents: WirePage, events: WirePage, hasExperiments: boolean) {
  const merged = [
    ...(flagEvents.items ?? []).map((item) => ({ time: item.eventTime, item, isLaunchDarkly: true })),
    ...(events.events ?? []).map((item) => ({ time: Date.parse(item.createdAt), item, isLaunchDarkly: false })),
  ].toSorted((a, b) => b.time - a.time);
  const edges = merged.slice(0, 20).map(({ isLaunchDarkly, item, time }) => {
    const node = isLaunchDarkly ? fromLaunchDarkly(item, time, hasExperiments) : fromUnleash(item, time);
    return { cursor: Buffer.from(JSON.stringify([time, node.source.name, item.id])).toString('base64url'), node };
  });
  return { edges, pageInfo: { hasNextPage: merged.length > 20, endCursor: edges.at(-1)?.cursor } };
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
    environment: toNamed(item.environmentKey),
    actor: item.member ? { name: `${firstName} ${lastName}`.trim() || email, email } : null,
    source: { name: VENDORS.launchdarkly.name },
    url: `${VENDORS.launchdarkly.base}/${project}/${item.environmentKey}/features/${encodeURIComponent(item.flagKey)}`,
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
    flag: toNamed(item.featureName),
    project: toNamed(item.project),
    environment: toNamed(item.environment),
    actor: { name: item.createdBy, email: item.createdBy.includes('@') ? item.createdBy : null },
    source: { name: VENDORS.unleash.name },
    url: `${VENDORS.unleash.base}/history?id=IS%3A${item.id}`,
  };
}

function toNamed(key: string | null | undefined): { key: string } | null {
  return key === null || key === undefined ? null : { key };
}

function toId(type: string, reference: unknown): string {
  return Buffer.from(`${type}:${JSON.stringify(reference)}`).toString('base64');
}

function toTitle(type: string): string {
  const words = type.replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
