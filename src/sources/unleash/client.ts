/** Unleash's admin API as far as the gateway calls it. */
import { UpstreamError } from '../../errors.ts';
import { createUpstream, type Upstream, type UpstreamRequest } from '../../http/upstream.ts';
import type { ConnectOptions } from '../vendor.ts';
import type { UnleashSettings } from './settings.ts';
import {
  type Creator,
  decodeCreators,
  decodeEnvironments,
  decodeEventSearch,
  decodeEvents,
  decodeProjects,
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
}

export interface FoundEvents {
  /** Newest first, each once, so that they count as offsets do; `null` in the place of one that cannot be read. */
  events: (EventSchema | null)[];
  /** Everything that matches. */
  total: number;
}

/** On whose account a call is made: see {@link UpstreamRequest}. */
export type CallOptions = Pick<UpstreamRequest<unknown>, 'budget' | 'isFresh' | 'isHeavy' | 'isOwed' | 'isProbe'>;

export interface UnleashClient {
  searchEvents(search: EventSearch, call: CallOptions): Promise<FoundEvents>;
  /** The newest hundred of all projects or fifty of one; `total` is `null` if the server does not say. */
  listRecentEvents(
    project: string | null,
    call: CallOptions,
  ): Promise<{ events: (EventSchema | null)[]; total: number | null }>;
  /** Everyone who ever made an event. */
  listCreators(call: CallOptions): Promise<Creator[]>;
  /** Ids of the projects that the token may see; in the open-source edition only ever `default`. */
  listProjects(call: CallOptions): Promise<string[]>;
  /** Names of all environments of the instance. */
  listEnvironments(call: CallOptions): Promise<string[]>;
  /** `null` if the server keeps it to itself. */
  readVersion(call: CallOptions): Promise<string | null>;
  rateLimit: Upstream['rateLimit'];
  isHealthy(): boolean;
  traffic: Upstream['traffic'];
  close: Upstream['close'];
}

/** The parts of the API that fail apart from each other. */
const EVENTS = 'events';
const CREATORS = 'creators';
const STRUCTURE = 'structure';

export function createUnleashClient({ apiToken, id, url }: UnleashSettings, options: ConnectOptions): UnleashClient {
  const headers = { authorization: apiToken };
  const upstream = createUpstream({ name: 'Unleash', source: id, url, headers, ...options });

  return {
    async searchEvents(search, call) {
      const found = await upstream.getJson({
        ...call,
        path: '/api/admin/search/events',
        query: toQuery(search),
        part: EVENTS,
        decode: decodeEventSearch,
        maxAgeMs: (answer) => (lacksRows(answer, search) ? 0 : Number.POSITIVE_INFINITY),
      });
      if (lacksRows(found, search)) {
        throw new UpstreamError('UPSTREAM_UNAVAILABLE', 'Unleash counted events but did not list them.');
      }
      return { ...found, events: eachOnce(found.events) };
    },
    async listRecentEvents(project, call) {
      const { events, totalEvents } = await upstream.getJson({
        ...call,
        path: '/api/admin/events',
        query: new URLSearchParams(project === null ? {} : { project }),
        part: EVENTS,
        decode: decodeEvents,
        maxAgeMs: () => Number.POSITIVE_INFINITY,
      });
      return { events, total: totalEvents };
    },
    listCreators: (call) =>
      upstream.getJson({ ...call, path: '/api/admin/event-creators', part: CREATORS, decode: decodeCreators }),
    listProjects: (call) =>
      upstream.getJson({ ...call, path: '/api/admin/projects', part: STRUCTURE, decode: decodeProjects }),
    listEnvironments: (call) =>
      upstream.getJson({ ...call, path: '/api/admin/environments', part: STRUCTURE, decode: decodeEnvironments }),
    async readVersion(call) {
      const path = '/api/admin/ui-config';
      return (await upstream.getJson({ ...call, path, part: EVENTS, decode: decodeUiConfig })).version;
    },
    rateLimit: upstream.rateLimit,
    // The events are what matters: that names of people come says nothing of them.
    isHealthy: () => upstream.isHealthy(EVENTS),
    traffic: upstream.traffic,
    close: upstream.close,
  };
}

/** The server answers 200 also when reading the rows failed: it counts events then, and lists none. */
function lacksRows({ events, total }: FoundEvents, { offset }: EventSearch): boolean {
  return events.length === 0 && offset < total;
}

function eachOnce(events: FoundEvents['events']): FoundEvents['events'] {
  const seen = new Set<number>();
  return events.filter((event) => event === null || (!seen.has(event.id) && seen.add(event.id)));
}

function toQuery({ filter, from, limit, offset, text, to }: EventSearch): URLSearchParams {
  const query = new URLSearchParams({ offset: String(offset), limit: String(limit) });
  for (const [name, values] of Object.entries(filter)) if (values) query.set(name, `IS_ANY_OF:${values.join(',')}`);
  if (from !== undefined) query.set('from', `IS:${from}`);
  if (to !== undefined) query.set('to', `IS:${to}`);
  if (text !== undefined) query.set('query', text);
  return query;
}
