/** LaunchDarkly's REST API as far as the gateway calls it. */
import { z } from 'zod';
import { createUpstream, type Upstream } from '../../http/upstream.ts';
import type { ConnectOptions } from '../source.ts';
import type { LaunchDarklySettings } from './settings.ts';
import { decodeEnvironmentCollection, decodeFlagEventCollection, type FlagEventRep } from './wire.ts';

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
  /** `null` if LaunchDarkly does not say. */
  totalCount: number | null;
  /** What to send as `after` for the next page. */
  next: string | undefined;
}

export interface LaunchDarklyClient {
  listFlagEvents(query: FlagEventsQuery, signal: AbortSignal): Promise<FlagEventsPage>;
  /** Keys of all environments of a project. */
  listEnvironments(project: string, signal: AbortSignal): Promise<string[]>;
  rateLimit: Upstream['rateLimit'];
  isHealthy: Upstream['isHealthy'];
  close: Upstream['close'];
}

export function createLaunchDarklyClient(
  { accessToken, url }: LaunchDarklySettings,
  options: ConnectOptions,
): LaunchDarklyClient {
  // The raw token: LaunchDarkly refuses `Bearer`.
  const upstream = createUpstream({ name: 'LaunchDarkly', url, headers: { authorization: accessToken }, ...options });

  return {
    async listFlagEvents(query, signal) {
      const { items, next, totalCount } = await upstream.getJson({
        path: '/api/v2/engineering-insights/flag-events',
        query: toSearch({ ...query }),
        headers: { 'ld-api-version': 'beta' },
        schema: decodedBy(decodeFlagEventCollection),
        signal,
        maxAgeMs: ({ items: reps }) =>
          settledFor(
            reps.filter((rep) => rep !== null),
            Date.now(),
          ),
      });
      const readable = items.filter((item) => item !== null);
      const skipped = items.length - readable.length;
      return { items: readable, skipped, totalCount, next: afterOf(next) };
    },
    async listEnvironments(project, signal) {
      const keys: string[] = [];
      for (;;) {
        const page = await upstream.getJson({
          path: `/api/v2/projects/${encodeURIComponent(project)}/environments`,
          query: toSearch({ limit: MAX_PAGE, offset: keys.length }),
          headers: { 'ld-api-version': '20240415' },
          schema: decodedBy(decodeEnvironmentCollection),
          signal,
        });
        keys.push(...page.keys);
        if (page.keys.length === 0 || keys.length >= (page.totalCount ?? keys.length)) return keys;
      }
    },
    rateLimit: upstream.rateLimit,
    isHealthy: upstream.isHealthy,
    close: upstream.close,
  };
}

/** Until an upstream takes decoders themselves. */
const decodedBy = <T>(decode: (body: unknown) => T | undefined) => z.unknown().transform((body) => decode(body) as T);

/** An event's impact is worked out during its first ten minutes: what still waits for it is believed that long at most. */
const SETTLING_MS = 10 * 60 * 1000;

function settledFor(reps: readonly FlagEventRep[], now: number): number {
  const waiting = reps.filter(({ impact }) => impact.reason === 'waiting').map(({ eventTime }) => eventTime);
  const left = waiting.map((time) => time + SETTLING_MS - now).filter((ms) => ms > 0);
  return Math.min(...left);
}

function toSearch(query: Readonly<Record<string, string | number | boolean | undefined>>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search;
}

/**
 * Only the `after` of the link is used: the published sample's link drops every other parameter, and a link is the
 * upstream's word for where to send the token.
 */
function afterOf(href: string | null): string | undefined {
  return (href && URL.parse(href, 'https://launchdarkly.invalid')?.searchParams.get('after')) || undefined;
}
