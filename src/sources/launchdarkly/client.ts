/** LaunchDarkly's REST API as far as the gateway calls it. */
import { UpstreamError } from '../../errors.ts';
import { createUpstream, type Upstream, type UpstreamRequest } from '../../http/upstream.ts';
import type { ConnectOptions } from '../vendor.ts';
import { type AuditLogClient, createAuditLogClient } from './audit-log/client.ts';
import type { LaunchDarklySettings } from './settings.ts';
import {
  decodeEnvironmentCollection,
  decodeFlagEventCollection,
  decodeProjectCollection,
  type EnvironmentCollectionRep,
  type FlagEventRep,
  linkParameter,
} from './wire.ts';

/** The documented maximum. @see https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events */
export const MAX_PAGE = 100;

/** The query parameters, under the vendor's names; `before` is left out because `from` and `to` do its work. */
export interface FlagEventsQuery {
  projectKey: string;
  environmentKey: string;
  /** Unix milliseconds. Whether the ends are part of the window is not documented. */
  from: number;
  to: number;
  limit: number;
  after?: string | undefined;
  query?: string | undefined;
  applicationKey?: string | undefined;
  impactSize?: string | undefined;
  hasExperiments?: boolean | undefined;
  global: 'include' | 'exclude';
  expand?: 'experiments' | undefined;
}

export interface FlagEventsPage {
  items: FlagEventRep[];
  /** How many events of the page could not be read. */
  skipped: number;
  totalCount: number | null;
  /** What to send as `after` for the next page. */
  next: string | undefined;
}

/** On whose account a call is made: see {@link UpstreamRequest}. */
export type CallOptions = Pick<UpstreamRequest<unknown>, 'budget' | 'isFresh' | 'isHeavy' | 'isOwed'>;

export interface LaunchDarklyClient {
  listFlagEvents(query: FlagEventsQuery, options: CallOptions): Promise<FlagEventsPage>;
  /** Keys of all environments of a project. `known` is the beginning of the list, if it is known already. */
  listEnvironments(
    project: string,
    options: CallOptions,
    known?: EnvironmentCollectionRep | null,
  ): Promise<readonly string[]>;
  /** Those of the projects that exist and may be seen, by key, each with the beginning of its list of environments. */
  listProjects(
    projects: readonly string[],
    options: CallOptions,
  ): Promise<ReadonlyMap<string, EnvironmentCollectionRep | null>>;
  auditLog: AuditLogClient;
  rateLimit: Upstream['rateLimit'];
  isHealthy(): boolean;
  traffic: Upstream['traffic'];
  close: Upstream['close'];
}

export function createLaunchDarklyClient(
  { accessToken, id, url }: LaunchDarklySettings,
  options: ConnectOptions,
): LaunchDarklyClient {
  // The raw token: LaunchDarkly refuses `Bearer`.
  const headers = { authorization: accessToken };
  const upstream = createUpstream({ name: 'LaunchDarkly', source: id, url, headers, ...options });

  async function listFlagEvents(query: FlagEventsQuery, call: CallOptions): Promise<FlagEventsPage> {
    try {
      const { items, next, totalCount } = await upstream.getJson({
        ...call,
        path: '/api/v2/engineering-insights/flag-events',
        query: toSearch({ ...query }),
        headers: { 'ld-api-version': 'beta' },
        part: `${query.projectKey}/${query.environmentKey}`,
        decode: decodeFlagEventCollection,
        maxAgeMs: (page) => settledFor(page.items, Date.now()),
      });
      // The same list for all who share the answer, wherever it can be.
      const readable = items.every((item) => item !== null) ? items : items.filter((item) => item !== null);
      return {
        items: readable,
        skipped: items.length - readable.length,
        totalCount,
        next: linkParameter(next, 'after'),
      };
    } catch (error) {
      if (!(error instanceof UpstreamError && error.isTooLarge) || query.limit === 1) throw error;
      return listFlagEvents({ ...query, limit: Math.floor(query.limit / 2) }, call);
    }
  }

  async function listEnvironments(project: string, call: CallOptions, known: EnvironmentCollectionRep | null = null) {
    const keys = new Set(known?.keys);
    if (known !== null && keys.size === known.totalCount) return [...keys];
    for (;;) {
      const before = keys.size;
      const page = await upstream.getJson({
        ...call,
        path: `/api/v2/projects/${encodeURIComponent(project)}/environments`,
        query: toSearch({ limit: MAX_PAGE, offset: before }),
        headers: DATED,
        part: project,
        decode: decodeEnvironmentCollection,
      });
      for (const key of page.keys) keys.add(key);
      // A page may be shorter than asked: only the total, or a page that brings nothing new, is the end.
      if (keys.size === before || keys.size === page.totalCount) return [...keys];
    }
  }

  async function listProjects(projects: readonly string[], call: CallOptions) {
    const filter = projects.length <= MAX_FILTERED_PROJECTS ? `keys:${projects.join('|')}` : undefined;
    const found = new Map<string, EnvironmentCollectionRep | null>();
    for (;;) {
      const before = found.size;
      const page = await upstream.getJson({
        ...call,
        path: '/api/v2/projects',
        query: toSearch({ limit: MAX_PAGE, offset: before, expand: 'environments', filter }),
        headers: DATED,
        part: 'projects',
        decode: decodeProjectCollection,
      });
      for (const { environments, key } of page.projects) found.set(key, environments);
      if (found.size === before || found.size === page.totalCount) break;
    }
    return new Map([...found].filter(([key]) => projects.includes(key)));
  }

  return {
    listFlagEvents,
    listEnvironments,
    listProjects,
    auditLog: createAuditLogClient(upstream),
    rateLimit: upstream.rateLimit,
    isHealthy: () => upstream.isHealthy(),
    traffic: upstream.traffic,
    close: upstream.close,
  };
}

/** Of endpoints that are no beta. A token would otherwise choose the version. */
const DATED = { 'ld-api-version': '20240415' };
/** So many fit in a URL; of more, every project of the account is listed. */
const MAX_FILTERED_PROJECTS = 50;

/** An event's impact is worked out during its first ten minutes: what still waits for it is believed that long at most. */
export const SETTLING_MS = 10 * 60 * 1000;

function settledFor(items: readonly (FlagEventRep | null)[], now: number): number {
  const left = items.map((item) =>
    item?.impact.reason === 'waiting' ? item.eventTime + SETTLING_MS - now : Number.POSITIVE_INFINITY,
  );
  return Math.min(...left.filter((ms) => ms > 0));
}

function toSearch(query: Readonly<Record<string, string | number | boolean | undefined>>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search;
}
