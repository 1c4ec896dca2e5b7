/** Unleash: one feed for the whole instance. */
import { UpstreamError } from '../../errors.ts';
import type { Feed } from '../../timeline/feed.ts';
import { remember } from '../remember.ts';
import { defineSource, type Source } from '../source.ts';
import type { Story } from '../story.ts';
import { createUnleashClient, type UnleashClient } from './client.ts';
import { VENDOR } from './event.ts';
import { unleashGraph } from './graph.ts';
import { createLegacyFeed } from './legacy-feed.ts';
import { startUnleashSandbox } from './sandbox.ts';
import { createSearchFeed } from './search-feed.ts';
import { type UnleashSettings, unleashFromEnvironment, unleashSettings, unleashVariables } from './settings.ts';
import { isAtLeast } from './version.ts';

const DETECTION_TIMEOUT_MS = 10_000;
/** The first version whose search takes today's parameters. */
const FIRST_SEARCH = '6.2.0';

export const unleash = defineSource<UnleashSettings>({
  vendor: VENDOR,
  name: 'Unleash',
  settings: unleashSettings,
  fromEnvironment: unleashFromEnvironment,
  variables: unleashVariables,
  connect: connectUnleash,
  startSandbox,
  graph: unleashGraph,
});

export function connectUnleash(settings: UnleashSettings): Source {
  const client = createUnleashClient(settings);
  const feeds = remember(async () => [await createFeed(client, settings)]);
  return { id: settings.id, vendor: VENDOR, url: settings.url, feeds, close: () => client.close() };
}

/** Finds out once what the server can do: its version, and whether it has the search at all. */
async function createFeed(client: UnleashClient, settings: UnleashSettings): Promise<Feed> {
  const { eventsApi, id: source, projects, url } = settings;
  const options = { client, source, url, projects };
  if (eventsApi === 'legacy') return createLegacyFeed(options);
  const signal = AbortSignal.timeout(DETECTION_TIMEOUT_MS);
  const version = await client.readVersion(signal).catch(absentIfRefused);
  const hasSearch = eventsApi === 'search' || (isAtLeast(version, FIRST_SEARCH) && (await canSearch(client, signal)));
  if (!hasSearch) return createLegacyFeed(options);
  const capabilities = { environment: isAtLeast(version, '7.0.0'), groupId: isAtLeast(version, '7.0.4') };
  return createSearchFeed({ ...options, capabilities });
}

async function canSearch(client: UnleashClient, signal: AbortSignal): Promise<boolean> {
  const found = await client.searchEvents({ filter: {}, offset: 0, limit: 1 }, signal).catch(absentIfRefused);
  return found !== null;
}

/** A server may not have this call, or not for this token; a server that does not answer is another matter. */
function absentIfRefused(error: unknown): null {
  if (error instanceof UpstreamError && (error.status === 403 || error.status === 404)) return null;
  throw error;
}

async function startSandbox(story: Story) {
  const sandbox = await startUnleashSandbox({ story });
  const settings = unleashSettings.parse({ vendor: 'unleash', apiToken: sandbox.token, url: sandbox.url });
  return { settings, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}
