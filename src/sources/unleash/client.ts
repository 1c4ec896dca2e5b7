/** Unleash's admin API as far as the gateway calls it. */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { createUpstream, type Upstream } from '../../http/upstream.ts';
import type { ConnectOptions } from '../source.ts';
import type { UnleashSettings } from './settings.ts';
import {
  type Creator,
  decodeCreators,
  decodeEventSearch,
  decodeEvents,
  decodeUiConfig,
  type EventSchema,
} from './wire.ts';

/** Beyond it the server silently gives 50 rows. */
export const MAX_PAGE = 1_000;

/** Filters of the search, each `IS_ANY_OF`; a comma always separates, so no value may hold one. */
export type SearchFilter = Partial<
  Record<'id' | 'type' | 'project' | 'feature' | 'environment' | 'createdBy' | 'groupId', readonly string[]>
>;

export interface EventSearch {
  filter: SearchFilter;
  /** Days as `YYYY-MM-DD`, both inclusive, in whatever time zone the server has. */
  from?: string | undefined;
  to?: string | undefined;
  text?: string | undefined;
  offset: number;
  limit: number;
  /** Without a second try. */
  isProbe?: boolean;
}

export interface FoundEvents {
  /** Newest first; `null` in the place of one that cannot be read. */
  events: (EventSchema | null)[];
  /** Everything that matches. */
  total: number;
}

export interface UnleashClient {
  searchEvents(search: EventSearch, signal: AbortSignal): Promise<FoundEvents>;
  /** The newest hundred of all projects or fifty of one; `total` is `null` if the server does not say. */
  listRecentEvents(
    project: string | null,
    signal: AbortSignal,
  ): Promise<{ events: (EventSchema | null)[]; total: number | null }>;
  /** Everyone who ever made an event. */
  listCreators(signal: AbortSignal): Promise<Creator[]>;
  /** `null` if the server keeps it to itself. */
  readVersion(signal: AbortSignal): Promise<string | null>;
  rateLimit: Upstream['rateLimit'];
  isHealthy: Upstream['isHealthy'];
  close: Upstream['close'];
}

export function createUnleashClient({ apiToken, url }: UnleashSettings, options: ConnectOptions): UnleashClient {
  const upstream = createUpstream({ name: 'Unleash', url, headers: { authorization: apiToken }, ...options });

  return {
    async searchEvents(search, signal) {
      const query = toQuery(search);
      const found = await upstream.getJson({
        path: '/api/admin/search/events',
        query,
        schema: decodedBy(decodeEventSearch),
        signal,
        maxAgeMs: (answer) => (lacksRows(answer, search) ? 0 : Number.POSITIVE_INFINITY),
        isProbe: search.isProbe ?? false,
      });
      if (lacksRows(found, search)) {
        throw new UpstreamError('UPSTREAM_UNAVAILABLE', 'Unleash counted events but did not list them.');
      }
      return found;
    },
    async listRecentEvents(project, signal) {
      const { events, totalEvents } = await upstream.getJson({
        path: '/api/admin/events',
        query: new URLSearchParams(project === null ? {} : { project }),
        schema: decodedBy(decodeEvents),
        signal,
        maxAgeMs: () => Number.POSITIVE_INFINITY,
      });
      return { events, total: totalEvents };
    },
    listCreators: (signal) =>
      upstream.getJson({ path: '/api/admin/event-creators', schema: decodedBy(decodeCreators), signal }),
    async readVersion(signal) {
      const { version } = await upstream.getJson({
        path: '/api/admin/ui-config',
        schema: decodedBy(decodeUiConfig),
        signal,
      });
      return version;
    },
    rateLimit: upstream.rateLimit,
    isHealthy: upstream.isHealthy,
    close: upstream.close,
  };
}

/** Until an upstream takes decoders themselves. */
const decodedBy = <T>(decode: (body: unknown) => T | undefined) => z.unknown().transform((body) => decode(body) as T);

/** The server answers 200 also when reading the rows failed: it counts events then, and lists none. */
function lacksRows({ events, total }: FoundEvents, { offset }: EventSearch): boolean {
  return events.length === 0 && offset < total;
}

function toQuery({ filter, from, limit, offset, text, to }: EventSearch): URLSearchParams {
  const query = new URLSearchParams({ offset: String(offset), limit: String(limit) });
  for (const [name, values] of Object.entries(filter)) if (values) query.set(name, `IS_ANY_OF:${values.join(',')}`);
  if (from !== undefined) query.set('from', `IS:${from}`);
  if (to !== undefined) query.set('to', `IS:${to}`);
  if (text !== undefined) query.set('query', text);
  return query;
}
