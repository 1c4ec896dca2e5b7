/** Unleash: one feed for the whole instance. */
import { isAbsent, isRefusal, UpstreamError } from '../../errors.ts';
import type { Budget } from '../../model.ts';
import { withShareOf } from '../../timeline/within-budget.ts';
import { remember } from '../remember.ts';
import type { Source } from '../source.ts';
import { type ConnectOptions, defineVendor } from '../vendor.ts';
import { createUnleashClient, type UnleashClient } from './client.ts';
import { nameActor, type UnleashEvent, VENDOR } from './event.ts';
import type { UnleashFeed } from './feed.ts';
import { unleashGraph } from './graph.ts';
import { createLegacyFeed } from './legacy-feed.ts';
import { createSearchFeed } from './search-feed.ts';
import { type UnleashSettings, unleashFromEnvironment, unleashSettings, unleashVariables } from './settings.ts';
import { isAtLeast } from './version.ts';
import { createUnleashWebhook } from './webhook.ts';

const NAME = 'Unleash';
const MINUTE_MS = 60_000;
/** How long it is believed what the server can do: an upgrade or a way back is noticed within that time. */
const CAPABILITIES_MS = 10 * MINUTE_MS;
/** How long the list of names is believed, and how long one goes without if it could not be had. */
const NAMES_MS = 5 * MINUTE_MS;
const NO_NAMES_MS = MINUTE_MS / 2;
/** How long lists of projects and environments are believed. */
const STRUCTURE_MS = 5 * MINUTE_MS;
/** Of a request's time, for names that it can do without. */
const SHARE_FOR_NAMES = 0.3;
/** The first version whose search takes today's parameters. */
const FIRST_SEARCH = '6.2.0';

export const unleash = defineVendor<UnleashSettings>({
  vendor: VENDOR,
  name: NAME,
  settings: unleashSettings,
  fromEnvironment: unleashFromEnvironment,
  variables: unleashVariables,
  connect: connectUnleash,
  startSandbox: async (story) => (await import('./sandbox-start.ts')).startSandbox(story),
  graph: unleashGraph,
});

type Names = ReadonlyMap<number, string>;

const NO_NAMES: Names = new Map();

export function connectUnleash(settings: UnleashSettings, options: ConnectOptions): Source {
  const { id, projects, url, webhookSecrets } = settings;
  const client = createUnleashClient(settings, options);
  const creators = remember(
    async (budget) => new Map((await client.listCreators({ budget })).map((each) => [each.id, each.name])),
    { maxAgeMs: NAMES_MS, failureMs: NO_NAMES_MS },
  );
  // The log has names of its own: without the list, people are called what the log calls them.
  const names = (budget: Budget): Promise<Names> =>
    withShareOf(budget, SHARE_FOR_NAMES, creators).catch(() => NO_NAMES);
  const listed = remember((budget) => client.listProjects({ budget }), { maxAgeMs: STRUCTURE_MS });
  // Unleash has no list for one project: that call, too, gives all environments of the instance.
  const environments = remember((budget) => client.listEnvironments({ budget }).catch(absentIfRefused), {
    maxAgeMs: STRUCTURE_MS,
  });
  const feed = remember((budget) => createFeed(client, settings, names, budget), { maxAgeMs: CAPABILITIES_MS });

  return {
    id,
    vendor: VENDOR,
    name: NAME,
    url,
    parts: [
      {
        key: id,
        source: id,
        canMatch: ({ scope }) => scope?.canHold(id) ?? true,
        feeds: async (budget) => [await feed(budget)],
      },
    ],
    async loadEvents(references, _fields, budget) {
      const wanted = references.filter((reference) => isEventId(reference.id));
      const found = wanted.length > 0 ? await (await feed(budget)).find(wanted, budget) : [];
      const visible = found.filter(({ project }) => projects === undefined || projects.includes(project ?? ''));
      const byId = new Map(visible.map((event) => [event.id, event]));
      return references.map((reference) => byId.get(reference.id) ?? null);
    },
    fieldLoaders: {
      async actorName(events, budget) {
        const known = await names(budget);
        return events.map((event) => nameActor(event as UnleashEvent, known));
      },
    },
    knownFields: {
      actorName(event) {
        const known = creators.known();
        return known && nameActor(event as UnleashEvent, known);
      },
    },
    // The open-source edition lists `default` alone, whatever there is: what is configured needs no list.
    listProjects: async (budget) => projects ?? listed(budget),
    listEnvironments: (_project, budget) => environments(budget),
    details: [],
    webhook: webhookSecrets && createUnleashWebhook(webhookSecrets),
    rateLimit: client.rateLimit,
    isHealthy: client.isHealthy,
    traffic: client.traffic,
    close: client.close,
  };
}

/** A 32-bit number: with anything else the server fails. */
function isEventId(id: string): boolean {
  return /^[1-9]\d{0,9}$/.test(id) && Number(id) <= 2 ** 31 - 1;
}

/** Finds out what the server can do: its version, and whether it has the search at all. */
async function createFeed(
  client: UnleashClient,
  settings: UnleashSettings,
  names: (budget: Budget) => Promise<Names>,
  budget: Budget,
): Promise<UnleashFeed> {
  const { eventsApi, id: source, projects, url } = settings;
  const options = { client, source, url, projects };
  if (eventsApi === 'legacy') return createLegacyFeed(options);
  const version = await client.readVersion({ budget }).catch(absentIfRefused);
  const hasSearch =
    eventsApi === 'search' || (isAtLeast(version, FIRST_SEARCH) && (await canSearch(client, projects, budget)));
  if (!hasSearch) return createLegacyFeed(options);
  const since704 = isAtLeast(version, '7.0.4');
  const capabilities = {
    environment: isAtLeast(version, '7.0.0'),
    groupId: since704,
    id: since704,
    isOrdered: isAtLeast(version, '7.0.5'),
  };
  return createSearchFeed({ ...options, capabilities, names });
}

/** A search that fails on its newest event is there all the same. */
async function canSearch(
  client: UnleashClient,
  projects: UnleashSettings['projects'],
  budget: Budget,
): Promise<boolean> {
  try {
    await client.searchEvents({ filter: {}, offset: 0, limit: 1 }, { budget });
    return true;
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 500) return true;
    if (!isAbsent(error)) throw error;
    // A server that is not where it should be has neither: then this fails, and nothing is believed of it.
    await client.listRecentEvents(projects?.[0] ?? null, { budget });
    return false;
  }
}

/** A server may not have this call, or not for this token; a server that does not answer is another matter. */
function absentIfRefused(error: unknown): null {
  if (isRefusal(error)) return null;
  throw error;
}
