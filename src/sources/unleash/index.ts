/** Unleash: one feed for the whole instance. */
import { UpstreamError } from '../../errors.ts';
import { remember } from '../remember.ts';
import { type ConnectOptions, defineSource, type Source } from '../source.ts';
import { createUnleashClient, type UnleashClient } from './client.ts';
import { nameActors, type UnleashEvent, VENDOR } from './event.ts';
import type { UnleashFeed } from './feed.ts';
import { unleashGraph } from './graph.ts';
import { createLegacyFeed } from './legacy-feed.ts';
import { createSearchFeed } from './search-feed.ts';
import { type UnleashSettings, unleashFromEnvironment, unleashSettings, unleashVariables } from './settings.ts';
import { isAtLeast } from './version.ts';

const DETECTION_TIMEOUT_MS = 10_000;
/** How long the list of names is believed. */
const CREATORS_MS = 5 * 60 * 1000;
/** The first version whose search takes today's parameters. */
const FIRST_SEARCH = '6.2.0';

export const unleash = defineSource<UnleashSettings>({
  vendor: VENDOR,
  name: 'Unleash',
  settings: unleashSettings,
  fromEnvironment: unleashFromEnvironment,
  variables: unleashVariables,
  connect: connectUnleash,
  startSandbox: async (story) => (await import('./sandbox-start.ts')).startSandbox(story),
  graph: unleashGraph,
});

export function connectUnleash(settings: UnleashSettings, options: ConnectOptions): Source {
  const { id, projects, url } = settings;
  const client = createUnleashClient(settings, options);
  const creators = remember(async () => {
    const known = await client.listCreators(AbortSignal.timeout(DETECTION_TIMEOUT_MS));
    return new Map(known.map((creator) => [creator.id, creator.name]));
  }, CREATORS_MS);
  const feed = remember(() => createFeed(client, settings, creators));

  return {
    id,
    vendor: VENDOR,
    url,
    feeds: async () => [await feed()],
    async loadEvents(references, _fields, signal) {
      const wanted = references.filter((reference) => isEventId(reference.id));
      const found = wanted.length > 0 ? await (await feed()).find(wanted, signal) : [];
      const visible = found.filter(({ project }) => projects === undefined || projects.includes(project ?? ''));
      const byId = new Map(visible.map((event) => [event.id, event]));
      return references.map((reference) => byId.get(reference.id) ?? null);
    },
    fieldLoaders: { actorName: async (events) => nameActors(events as UnleashEvent[], await creators()) },
    rateLimit: client.rateLimit,
    isHealthy: client.isHealthy,
    close: client.close,
  };
}

/** A 32-bit number: with anything else the server fails. */
function isEventId(id: string): boolean {
  return /^[1-9]\d{0,9}$/.test(id) && Number(id) <= 2 ** 31 - 1;
}

/** Finds out once what the server can do: its version, and whether it has the search at all. */
async function createFeed(
  client: UnleashClient,
  settings: UnleashSettings,
  creators: () => Promise<ReadonlyMap<number, string>>,
): Promise<UnleashFeed> {
  const { eventsApi, id: source, projects, url } = settings;
  const options = { client, source, url, projects };
  if (eventsApi === 'legacy') return createLegacyFeed(options);
  const signal = AbortSignal.timeout(DETECTION_TIMEOUT_MS);
  const version = await client.readVersion(signal).catch(absentIfRefused);
  const hasSearch = eventsApi === 'search' || (isAtLeast(version, FIRST_SEARCH) && (await canSearch(client, signal)));
  if (!hasSearch) return createLegacyFeed(options);
  const since704 = isAtLeast(version, '7.0.4');
  const capabilities = { environment: isAtLeast(version, '7.0.0'), groupId: since704, id: since704 };
  return createSearchFeed({ ...options, capabilities, creators });
}

/** A search that fails on its newest event is there all the same. */
async function canSearch(client: UnleashClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.searchEvents({ filter: {}, offset: 0, limit: 1 }, signal);
    return true;
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 404) return false;
    if (error instanceof UpstreamError && error.status === 500) return true;
    throw error;
  }
}

/** A server may not have this call, or not for this token; a server that does not answer is another matter. */
function absentIfRefused(error: unknown): null {
  if (error instanceof UpstreamError && (error.status === 403 || error.status === 404)) return null;
  throw error;
}
