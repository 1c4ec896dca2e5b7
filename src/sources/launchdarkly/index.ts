/** LaunchDarkly: one feed for every project and environment. */
import { toError } from '../../errors.ts';
import { remember } from '../remember.ts';
import { type ConnectOptions, defineSource, type Source } from '../source.ts';
import { createLaunchDarklyClient, type LaunchDarklyClient } from './client.ts';
import { type LaunchDarklyEvent, VENDOR } from './event.ts';
import { EXPERIMENTS, type FindAgain, loadExperiments } from './experiments.ts';
import { createFlagEventsFeed, type FlagEventsFeed } from './feed.ts';
import type { Wanted } from './find.ts';
import { launchDarklyGraph } from './graph.ts';
import {
  type LaunchDarklySettings,
  launchDarklyFromEnvironment,
  launchDarklySettings,
  launchDarklyVariables,
} from './settings.ts';

/** How long the list of environments behind `project/*` is believed. */
const DISCOVERY_MS = 5 * 60 * 1000;
const DISCOVERY_TIMEOUT_MS = 10_000;

export const launchDarkly = defineSource<LaunchDarklySettings>({
  vendor: VENDOR,
  name: 'LaunchDarkly',
  settings: launchDarklySettings,
  fromEnvironment: launchDarklyFromEnvironment,
  variables: launchDarklyVariables,
  connect: connectLaunchDarkly,
  startSandbox: async (story) => (await import('./sandbox-start.ts')).startSandbox(story),
  graph: launchDarklyGraph,
});

export function connectLaunchDarkly(settings: LaunchDarklySettings, options: ConnectOptions): Source {
  const client = createLaunchDarklyClient(settings, options);
  const hasWildcard = settings.projects.some(({ environment }) => environment === null);
  const feeds = remember(() => createFeeds(client, settings), hasWildcard ? DISCOVERY_MS : undefined);
  const find = async (key: string, wanted: readonly Wanted[], fields: ReadonlySet<string>, signal: AbortSignal) => {
    const feed = (await feeds()).find((each) => each.key === key);
    return feed ? feed.find(wanted, fields, signal) : new Map<string, LaunchDarklyEvent>();
  };
  const findAgain: FindAgain = (key, wanted, signal) => find(key, wanted, new Set([EXPERIMENTS]), signal);

  return {
    id: settings.id,
    vendor: VENDOR,
    url: settings.url,
    feeds,
    async loadEvents(references, fields, signal) {
      const byFeed = [...Map.groupBy(references, ({ feed }) => feed)];
      const found = new Map(
        await Promise.all(
          byFeed.map(
            async ([feed, wanted]) => [feed, await find(feed, wanted, fields, signal).catch(toError)] as const,
          ),
        ),
      );
      return references.map(({ feed, id }) => {
        const events = found.get(feed);
        return events instanceof Error ? events : (events?.get(id) ?? null);
      });
    },
    fieldLoaders: { [EXPERIMENTS]: (events, signal) => loadExperiments(events, client, findAgain, signal) },
    rateLimit: client.rateLimit,
    isHealthy: client.isHealthy,
    close: client.close,
  };
}

async function createFeeds(client: LaunchDarklyClient, settings: LaunchDarklySettings): Promise<FlagEventsFeed[]> {
  const signal = AbortSignal.timeout(DISCOVERY_TIMEOUT_MS);
  const pairs = await Promise.all(
    settings.projects.map(async ({ environment, project }) => {
      const keys = environment === null ? await client.listEnvironments(project, signal) : [environment];
      return keys.map((key) => [project, key] as const);
    }),
  );
  const byProject = new Map<string, Set<string>>();
  for (const [project, environment] of pairs.flat()) {
    byProject.set(project, (byProject.get(project) ?? new Set()).add(environment));
  }
  return [...byProject].flatMap(([project, environments]) =>
    [...environments].map((environment, index) =>
      createFlagEventsFeed({
        client,
        source: settings.id,
        url: settings.url,
        project,
        environment,
        // Every environment's log repeats the changes made to all of them, under the same id: one feed brings them.
        bringsGlobal: index === 0,
        historyDays: settings.historyDays,
      }),
    ),
  );
}
