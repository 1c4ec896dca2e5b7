import type { Budget } from '../../src/model.ts';
import { definitions } from '../../src/sources/index.ts';
import { type LaunchDarklySandboxOptions, startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import type { Source } from '../../src/sources/source.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import type { Feed } from '../../src/timeline/feed.ts';
import { createEntry, entryId } from './audit-log-entry.ts';
import { createFlagEvent } from './flag-event.ts';
import { createEvent, createMemoryFeed } from './memory-feed.ts';
import { startTamperingProxy, type TamperingProxy } from './tampering-proxy.ts';

/** One kind of feed, for the table of promises. */
export interface FeedKind {
  name: string;
  /** Its upstream is a server whose answers can be changed on their way. */
  isTamperable: boolean;
  /** Its upstream has pages, so that it may hold more than one answer does. */
  isPaged: boolean;
  /** Its upstream documents the order inside one millisecond. */
  isOrdered: boolean;
  /** It reports what it could not read; otherwise another feed of the same log does. */
  tellsSkipped: boolean;
  /** How many events of one millisecond it can tell apart, where that is not any number. */
  largestTie?: number;
  /** How many rows an upstream page is cut to, to be shorter than asked. @default 25 */
  shortPage?: number;
  /** Its sandbox can shuffle ties by itself. @default false */
  canShuffle?: boolean;
  /** A feed over events at these moments, newest first. */
  start(times: readonly number[], options?: StartOptions): Promise<Subject>;
}

export interface StartOptions {
  /** The upstream gives events of one millisecond in another sequence at every call. */
  shufflesTies?: boolean;
}

export interface Subject extends AsyncDisposable {
  feed(budget: Budget): Promise<Feed>;
  /** Of all events, in the order of the moments. */
  ids: string[];
  proxy: TamperingProxy | null;
  insert(time: number): void;
}

export const FEED_KINDS: readonly FeedKind[] = [
  {
    name: 'a feed in memory',
    isTamperable: false,
    isPaged: true,
    isOrdered: true,
    tellsSkipped: true,
    async start(times) {
      const feed = createMemoryFeed(
        'memory',
        times.map((time, index) => createEvent('memory', String(index), time)),
        9,
      );
      return {
        feed: async () => feed,
        ids: feed.events.map(({ id }) => id),
        proxy: null,
        insert: (time) => void feed.events.unshift(createEvent('memory', `new-${feed.events.length}`, time)),
        async [Symbol.asyncDispose]() {},
      };
    },
  },
  launchDarkly('an environment of LaunchDarkly', 'production', {}, true),
  launchDarkly(
    'the changes to every environment of LaunchDarkly',
    '*',
    { environmentKey: undefined, impact: { reason: 'global' } },
    false,
  ),
  auditLog('the audit log of LaunchDarkly', ['default/*'], {}),
  auditLog(
    'the audit log of LaunchDarkly, searched in two environments',
    ['default/production', 'default/staging'],
    {},
  ),
  auditLog('the audit log of LaunchDarkly, if the ends of windows belong to them', ['default/*'], {
    ends: 'inclusive',
  }),
  unleash('Unleash’s search', { version: '8.2.0', isPaged: true, isOrdered: true }),
  unleash('Unleash’s search before 7.0.5, which documents no order of ties', {
    version: '6.10.1',
    isPaged: true,
    isOrdered: false,
  }),
  unleash('Unleash’s legacy endpoint', { version: '8.2.0', isPaged: false, isOrdered: true, eventsApi: 'legacy' }),
];

function launchDarkly(name: string, environment: string, rest: object, tellsSkipped: boolean): FeedKind {
  return {
    name,
    isTamperable: true,
    isPaged: true,
    isOrdered: false,
    tellsSkipped,
    async start(times) {
      const events = times.map((time, index) => createFlagEvent(index, time, rest));
      const limits = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
      const environments = { default: ['production', 'staging'] };
      const sandbox = await startLaunchDarklySandbox({ events, environments, rateLimit: limits });
      const proxy = await startTamperingProxy(sandbox.url);
      const source = connect({
        vendor: 'launchdarkly',
        accessToken: sandbox.token,
        url: proxy.url,
        projects: ['default/*'],
      });
      return {
        feed: (budget) => feedOf(source, `launchdarkly/default/${environment}`, budget),
        ids: events.map(({ id }) => id),
        proxy,
        insert: (time) => sandbox.insert(createFlagEvent(10_000 + Math.floor(Math.random() * 1e6), time, rest)),
        [Symbol.asyncDispose]: () => closeAll(source, proxy, sandbox),
      };
    },
  };
}

function auditLog(name: string, projects: string[], rules: LaunchDarklySandboxOptions['auditLogRules']): FeedKind {
  return {
    name,
    isTamperable: true,
    isPaged: true,
    isOrdered: false,
    tellsSkipped: true,
    // What is beyond a page of twenty is got at by leaving out flags, of which a call names fifty.
    largestTie: 65,
    shortPage: 7,
    canShuffle: true,
    async start(times, { shufflesTies = false } = {}) {
      // Every fourth one touches two environments, and is one change all the same.
      const entryAt = (number: number, time: number) =>
        createEntry(number, time, {
          accesses: ['production', ...(number % 4 === 0 ? ['staging'] : [])].map((key) => ({
            action: 'updateOn',
            resource: `proj/default:env/${key};tag:flag/flag-${number}`,
          })),
        });
      const sandbox = await startLaunchDarklySandbox({
        events: [],
        auditLog: times.map((time, index) => entryAt(index, time)),
        environments: { default: ['production', 'staging'] },
        rateLimit: { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER },
        // An event from the future is one, too.
        now: () => 1e14,
        auditLogRules: { ...rules, shufflesTies },
      });
      const proxy = await startTamperingProxy(sandbox.url);
      const accessToken = sandbox.token;
      const source = connect({ vendor: 'launchdarkly', accessToken, url: proxy.url, projects, eventsApi: 'auditlog' });
      return {
        feed: (budget) => feedOf(source, 'launchdarkly/default/*', budget),
        ids: times.map((_, index) => entryId(index)),
        proxy,
        insert: (time) => sandbox.insertEntry(entryAt(10_000 + Math.floor(Math.random() * 1e6), time)),
        [Symbol.asyncDispose]: () => closeAll(source, proxy, sandbox),
      };
    },
  };
}

interface UnleashOptions {
  version: string;
  isPaged: boolean;
  isOrdered: boolean;
  eventsApi?: string;
}

function unleash(name: string, { eventsApi = 'auto', isOrdered, isPaged, version }: UnleashOptions): FeedKind {
  return {
    name,
    isTamperable: true,
    isPaged,
    isOrdered,
    tellsSkipped: true,
    async start(times) {
      const sandbox = await startUnleashSandbox({ events: [], version });
      const add = (time: number) => sandbox.insert({ type: 'feature-created', createdAtMicros: time * 1000 });
      // The later of two tied rows has the larger id, and is listed first.
      const ids = times
        .toReversed()
        .map((time) => String(add(time).id))
        .toReversed();
      const proxy = await startTamperingProxy(sandbox.url);
      const source = connect({ vendor: 'unleash', apiToken: sandbox.token, url: proxy.url, eventsApi });
      return {
        feed: (budget) => feedOf(source, 'unleash', budget),
        ids,
        proxy,
        insert: (time) => void add(time),
        [Symbol.asyncDispose]: () => closeAll(source, proxy, sandbox),
      };
    },
  };
}

function connect(settings: { vendor: string } & Record<string, unknown>): Source {
  const definition = definitions.find(({ vendor }) => vendor.toLowerCase() === settings.vendor);
  if (definition === undefined) throw new Error(`There is no vendor ${settings.vendor}.`);
  return definition.connect(definition.settings.parse(settings), { pageCacheMs: 0, breakerMs: 1 });
}

async function feedOf(source: Source, key: string, budget: Budget): Promise<Feed> {
  const feeds = (await Promise.all(source.parts.map((part) => part.feeds(budget)))).flat();
  const feed = feeds.find((each) => each.key === key);
  if (feed === undefined) throw new Error(`There is no feed ${key}.`);
  return feed;
}

async function closeAll(source: Source, ...servers: AsyncDisposable[]): Promise<void> {
  await source.close();
  for (const server of servers) await server[Symbol.asyncDispose]();
}
