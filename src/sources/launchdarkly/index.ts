/** LaunchDarkly: feeds for every project and environment. */
import { isRefusal, toError } from '../../errors.ts';
import type { Budget, EventReference } from '../../model.ts';
import { type EventFilter, NO_FILTER } from '../../timeline/filter.ts';
import { remember } from '../remember.ts';
import type { Source } from '../source.ts';
import { type ConnectOptions, defineVendor } from '../vendor.ts';
import { CHANGES, loadChanges } from './audit-log/changes.ts';
import { AUDIT_LOG_ENTRY, createEntryMemory, loadEntries } from './audit-log/entries.ts';
import { createAuditLogFeed } from './audit-log/feed.ts';
import { chooseFeeds, createChoice } from './auto-feeds.ts';
import { createLaunchDarklyClient, type LaunchDarklyClient } from './client.ts';
import { type LaunchDarklyEvent, VENDOR } from './event.ts';
import { EXPERIMENTS, type FindAgain, loadExperiments } from './experiments.ts';
import { createProjectFeeds, EVERY_ENVIRONMENT, type FlagEventsFeed, hasFlagEvents } from './feed.ts';
import type { Wanted } from './find.ts';
import { launchDarklyGraph } from './graph.ts';
import {
  type LaunchDarklySettings,
  launchDarklyFromEnvironment,
  launchDarklySettings,
  launchDarklyVariables,
} from './settings.ts';
import { createLaunchDarklyWebhook } from './webhook.ts';

const NAME = 'LaunchDarkly';
/** How long lists of projects and environments are believed. */
const DISCOVERY_MS = 5 * 60 * 1000;

export const launchDarkly = defineVendor<LaunchDarklySettings>({
  vendor: VENDOR,
  name: NAME,
  settings: launchDarklySettings,
  fromEnvironment: launchDarklyFromEnvironment,
  variables: launchDarklyVariables,
  connect: connectLaunchDarkly,
  startSandbox: async (story) => (await import('./sandbox-start.ts')).startSandbox(story),
  graph: launchDarklyGraph,
});

interface ProjectPart {
  key: string;
  source: string;
  canMatch(filter: EventFilter): boolean;
  feeds(budget: Budget): Promise<readonly FlagEventsFeed[]>;
}

export function connectLaunchDarkly(settings: LaunchDarklySettings, options: ConnectOptions): Source {
  const { id, projects, url, webhookSecrets } = settings;
  const client = createLaunchDarklyClient(settings, options);
  const memory = createEntryMemory(options.pageCacheMs);
  const byProject = Map.groupBy(projects, ({ project }) => project);
  const parts = [...byProject].map(([project, entries]) => createPart(settings, client, project, entries));

  const visible = remember((budget) => client.listProjects([...byProject.keys()], { budget }), {
    maxAgeMs: DISCOVERY_MS,
  });
  const environmentsOf = new Map(
    [...byProject].map(([project, entries]) => {
      const isRead = (key: string) => entries.some(({ environment }) => environment === null || environment === key);
      const list = async (budget: Budget) => {
        const known = (await visible(budget)).get(project);
        return known === undefined ? null : (await client.listEnvironments(project, { budget }, known)).filter(isRead);
      };
      return [project, remember(list, { maxAgeMs: DISCOVERY_MS })] as const;
    }),
  );

  const find = async (key: string, wanted: readonly Wanted[], fields: ReadonlySet<string>, budget: Budget) => {
    const feed = (await partOf(parts, key)?.feeds(budget))?.find((each) => each.key === key);
    return feed ? feed.find(wanted, fields, budget) : new Map<string, LaunchDarklyEvent>();
  };
  const findAgain: FindAgain = (key, wanted, budget) => find(key, wanted, new Set([EXPERIMENTS]), budget);

  return {
    id,
    vendor: VENDOR,
    name: NAME,
    url,
    parts,
    async loadEvents(references, fields, budget) {
      const byFeed = Map.groupBy(references, ({ feed }) => feed);
      const found = new Map<string, ReadonlyMap<string, LaunchDarklyEvent> | Error>();
      const search = async (feed: string, also: readonly EventReference[] = []) => {
        const wanted = [...(byFeed.get(feed) ?? []), ...also];
        found.set(feed, await find(feed, wanted, fields, budget).catch(toError));
      };
      await Promise.all(
        [...byFeed.keys()].map(async (feed) => {
          const project = partOf(parts, feed)?.key;
          const globalFeed = `${project}/${EVERY_ENVIRONMENT}`;
          const [host] = [...byFeed.keys()].filter((key) => key !== globalFeed && partOf(parts, key)?.key === project);
          // An environment's log has the changes to every environment, too: they are found in the same calls.
          if (feed === globalFeed && host !== undefined) return;
          const globals = feed === host ? byFeed.get(globalFeed) : undefined;
          await search(feed, globals);
          const events = found.get(feed);
          if (globals && events instanceof Error) await search(globalFeed);
          else if (globals && events) found.set(globalFeed, events);
        }),
      );
      return references.map(({ feed, id: event }) => {
        const events = found.get(feed);
        return events instanceof Error ? events : (events?.get(event) ?? null);
      });
    },
    fieldLoaders: {
      [EXPERIMENTS]: (events, budget) => loadExperiments(events, client, findAgain, budget),
      [AUDIT_LOG_ENTRY]: (events, budget) => loadEntries(events, client.auditLog, memory, budget),
      [CHANGES]: (events, budget) => loadChanges(events, client.auditLog, memory, budget),
    },
    details: [AUDIT_LOG_ENTRY, CHANGES],
    async listProjects(budget) {
      const found = await visible(budget);
      return [...byProject.keys()].filter((project) => found.has(project));
    },
    listEnvironments: async (project, budget) => (await environmentsOf.get(project)?.(budget)) ?? null,
    webhook: webhookSecrets && createLaunchDarklyWebhook(webhookSecrets),
    rateLimit: client.rateLimit,
    isHealthy: client.isHealthy,
    traffic: client.traffic,
    close: client.close,
  };
}

/** One project: its feeds, of whichever log the settings, or LaunchDarkly's answers, say. */
function createPart(
  { eventsApi, historyDays, id, url }: LaunchDarklySettings,
  client: LaunchDarklyClient,
  project: string,
  entries: LaunchDarklySettings['projects'],
): ProjectPart {
  const common = { client, source: id, url, project, historyDays };
  const named = [...new Set(entries.flatMap(({ environment }) => environment ?? []))];
  const hasWildcard = entries.some(({ environment }) => environment === null);
  const scope = hasWildcard ? null : named;
  const auditLog = createAuditLogFeed({ ...common, client: client.auditLog, environments: scope });
  const environments = remember(
    async (budget) => [
      ...new Set([...named, ...(hasWildcard ? await client.listEnvironments(project, { budget }) : [])]),
    ],
    hasWildcard ? { maxAgeMs: DISCOVERY_MS } : {},
  );
  const insights = async (budget: Budget) =>
    createProjectFeeds({ ...common, environments: await environments(budget) });

  /** The audit log, if there is not one flag event, and there are changes of flags. */
  const choice = createChoice(async (budget) => {
    const own = { ...common, environments: await environments(budget) };
    const known = await Promise.all(own.environments.map((each) => hasFlagEvents(own, each, budget)));
    return !known.includes(true) && (await hasChanges(auditLog, budget)) ? 'auditlog' : 'insights';
  });

  return {
    key: `${id}/${project}`,
    source: id,
    canMatch: ({ scope: visible }) => visible?.canHold(id, project) ?? true,
    async feeds(budget) {
      if (eventsApi === 'auditlog') return [auditLog];
      const feeds = await insights(budget);
      return eventsApi === 'insights' ? feeds : chooseFeeds(choice, feeds, auditLog);
    },
  };
}

/** False, too, if this token may not read the audit log. */
async function hasChanges(auditLog: FlagEventsFeed, budget: Budget): Promise<boolean> {
  const now = Date.now();
  const asked = { direction: 'older', start: null, limit: 1, fields: new Set<string>(), hint: undefined } as const;
  const read = auditLog.read({ ...asked, filter: NO_FILTER, asOf: now, now, budget });
  const page = await read.catch((error: unknown) => {
    if (isRefusal(error)) return null;
    throw error;
  });
  return page !== null && page.rows.length > 0;
}

function partOf(parts: readonly ProjectPart[], feed: string): ProjectPart | undefined {
  return parts.find(({ key }) => feed.startsWith(`${key}/`));
}
