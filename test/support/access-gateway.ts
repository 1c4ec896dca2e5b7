import { createServer } from 'node:http';
import { generateKeyPair, SignJWT } from 'jose';
import { readTrustedDocuments } from '../../src/edge/document-list.ts';
import { createGateway } from '../../src/gateway.ts';
import { createHistory } from '../../src/history/history.ts';
import { createLive } from '../../src/live/live.ts';
import { type ConfigFile, toConfig } from '../../src/settings/config.ts';
import { toPublicFace } from '../../src/settings/exposure.ts';
import { definitions } from '../../src/sources/index.ts';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../../src/sources/story.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { ask, type GraphQLAnswer, listen } from './gateway.ts';
import { AUDIENCE, bearer, claims, ISSUER, startKeyServer } from './issuer.ts';
import { type Subscribed, subscribe } from './subscribe.ts';

/** What one caller sends, and what the rules let them see. */
export interface TestCaller {
  name: string;
  headers: Readonly<Record<string, string>>;
  /** The rule in other words. */
  sees(place: SeenPlace): boolean;
  seesNames(place: SeenPlace): boolean;
}

export interface SeenPlace {
  source: { name: string };
  project: { key: string } | null;
  environment: { key: string } | null;
}

export interface Options {
  /** @default 0 */
  historyCacheMb?: number;
  /** @default 0 */
  pageCacheMs?: number;
  eventsApi?: 'insights' | 'auditlog';
  unleashVersion?: string;
}

const KEYS = {
  admin: 'key-of-the-admins-0001',
  shop: 'key-of-the-web-shop-02',
  mixed: 'key-of-two-rules-00003',
  stranger: 'key-that-no-rule-names',
};
const USER_TYPE = 'User';

const placeOf = ({ environment, project, source }: SeenPlace) => ({
  source: source.name,
  project: project === null || project.key === '*' ? null : project.key,
  environment: environment === null || environment.key === '*' ? null : environment.key,
});

const ACCESS: ConfigFile['access'] = [
  { apiKey: KEYS.admin, allow: ['*/*/*'] },
  { apiKey: KEYS.shop, allow: ['launchdarkly/web-shop/*', 'unleash/web-shop/*'], personalData: false },
  { claim: { name: 'groups', value: 'payments' }, allow: ['*/payments/production', 'unleash/-/-'] },
  { claim: { name: 'scope', value: 'flags:unleash' }, allow: ['unleash/*/*'] },
  { apiKey: KEYS.mixed, allow: ['launchdarkly/mobile-app/staging'] },
  { apiKey: KEYS.mixed, allow: ['unleash/growth/*', 'launchdarkly/web-shop/-'], personalData: false },
];

/** Both vendors' sandboxes with events of four projects and of none, and a gateway that shows them by rules. */
export async function startAccessGateway(options: Options = {}) {
  const { eventsApi = 'insights', historyCacheMb = 0, pageCacheMs = 0, unleashVersion } = options;
  await using stack = new AsyncDisposableStack();
  const story = createStory({ seed: 7, now: Date.now() });
  const noLimit = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
  const launchDarkly = stack.use(await startLaunchDarklySandbox({ story, rateLimit: noLimit }));
  const unleash = stack.use(await startUnleashSandbox({ story, ...(unleashVersion && { version: unleashVersion }) }));
  const micros = (hoursAgo: number) => (Date.now() - hoursAgo * 3_600_000) * 1000;
  for (let hours = 1; hours <= 12; hours += 1) {
    const environment = hours % 2 === 0 ? 'production' : null;
    const common = { createdAtMicros: micros(hours * 7), createdBy: 'growth.analyst@example.com', createdByUserId: 6 };
    const data = { name: `growth-${hours}`, owner: 'Growth Analyst' };
    unleash.insert({ ...common, type: 'feature-updated', featureName: 'growth', project: 'growth', environment, data });
    unleash.insert({ ...common, type: 'segment-created', project: null, environment: null, data });
    unleash.insert({ ...common, type: 'api-token-created', project: '*', environment: '*', data });
  }
  const pair = await generateKeyPair('ES256');
  const keyServer = stack.use(await startKeyServer({ a: ['ES256', pair] }));
  const token = (other: Record<string, unknown>) =>
    new SignJWT(claims(other)).setProtectedHeader({ alg: 'ES256', kid: 'a' }).sign(pair.privateKey);
  const config = toConfig(
    {},
    {
      sources: [
        {
          vendor: 'launchdarkly',
          accessToken: launchDarkly.token,
          url: launchDarkly.url,
          projects: launchDarkly.projects.map(({ key }) => `${key}/*`),
          eventsApi,
        },
        { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
      ],
      access: ACCESS,
      apiKeys: [KEYS.stranger],
      jwt: { issuer: ISSUER, audience: AUDIENCE, jwksUrl: keyServer.url },
      federation: { userType: USER_TYPE },
      rateLimitPerMinute: 0,
    },
    definitions,
  );
  const sources = config.sources.map(({ definition, settings }) =>
    definition.connect(settings, { pageCacheMs, breakerMs: 20 }),
  );
  const limits = { requestTimeoutMs: 10_000, upstreamCallsPerRequest: 500 };
  const live = createLive({ ...limits, pollIntervalMs: 50, minGapMs: 10 });
  const gateway = createGateway({
    definitions,
    sources,
    history: createHistory({ maxBytes: historyCacheMb * 1024 * 1024, maxAgeMs: 600_000 }),
    ...limits,
    pageCacheMs,
    live,
    federation: config.federation,
    face: toPublicFace(config),
    trustedDocuments: 'on',
    documents: readTrustedDocuments(),
  });
  const server = createServer(gateway);
  const url = `${await listen(server)}/graphql`;
  stack.defer(async () => {
    live.shutDown('TEST_IS_OVER');
    server.close();
    server.closeAllConnections();
    await gateway.dispose();
    await Promise.all(sources.map((source) => source.close()));
  });
  const payments = bearer(await token({ groups: ['all', 'payments'] }));
  const owned = stack.move();
  return {
    url,
    launchDarkly,
    unleash,
    token,
    callers: callersFor(payments),
    query: <Data>(
      { headers }: Pick<TestCaller, 'headers'>,
      document: string,
      variables?: Record<string, unknown>,
    ): Promise<GraphQLAnswer<Data>> => ask<Data>(url, document, variables, headers),
    subscribe: ({ headers }: TestCaller, document: string, variables?: Record<string, unknown>): Promise<Subscribed> =>
      subscribe({ url }, document, variables, headers),
    /** How many calls there were since the last time, by what they were about. */
    takeCalls(): Record<string, number> {
      const places = [
        ...launchDarkly.requests.splice(0).map(({ path, query: { environmentKey, projectKey } }) => {
          const name = path.split('/').at(-1);
          return projectKey ? `launchdarkly ${projectKey}/${environmentKey}` : `launchdarkly ${name}`;
        }),
        ...unleash.requests.splice(0).map(({ path, query }) => {
          const { environment, project } = query as Record<string, string>;
          return ['unleash', path.split('/').at(-1), project, environment].filter(Boolean).join(' ');
        }),
      ];
      return Object.fromEntries(
        [...Map.groupBy(places.toSorted(), (place) => place)].map(([place, all]) => [place, all.length]),
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export type AccessGateway = Awaited<ReturnType<typeof startAccessGateway>>;

function callersFor(payments: Readonly<Record<string, string>>): Record<string, TestCaller> {
  const withKey = (key: string) => ({ 'x-api-key': key });
  const nothing = () => false;
  const all: TestCaller[] = [
    { name: 'admin', headers: withKey(KEYS.admin), sees: () => true, seesNames: () => true },
    {
      name: 'shop',
      headers: withKey(KEYS.shop),
      sees: (event) => placeOf(event).project === 'web-shop',
      seesNames: nothing,
    },
    {
      name: 'payments',
      headers: payments,
      sees(event) {
        const { environment, project, source } = placeOf(event);
        const isNowhere = source === 'unleash' && project === null && environment === null;
        return (project === 'payments' && environment === 'production') || isNowhere;
      },
      seesNames: () => true,
    },
    {
      name: 'mixed',
      headers: withKey(KEYS.mixed),
      sees(event) {
        const { environment, project, source } = placeOf(event);
        if (source === 'unleash') return project === 'growth';
        return (
          `${project}/${environment ?? '-'}` === 'mobile-app/staging' || `${project}/${environment}` === 'web-shop/null'
        );
      },
      seesNames: (event) => placeOf(event).project === 'mobile-app',
    },
    { name: 'stranger', headers: withKey(KEYS.stranger), sees: nothing, seesNames: nothing },
  ];
  return Object.fromEntries(all.map((caller) => [caller.name, caller]));
}

export const EVENT = `
  __typename id occurredAt kind type title url
  source { name } project { key } environment { key } flag { key } actor { name email }
  ... on LaunchDarklyFlagEvent { ownId: eventId description member { email firstName lastName } }
  ... on UnleashFlagEvent {
    ownId: eventId createdBy createdByUserId data preData changes { path before after } summary label
  }`;

export interface SeenEvent extends SeenPlace {
  __typename: string;
  id: string;
  ownId: string;
  occurredAt: string;
  flag: { key: string } | null;
  actor: { name: string; email: string | null } | null;
}

export interface SeenPage {
  nodes: SeenEvent[];
  pageInfo: Record<'hasNextPage' | 'hasPreviousPage', boolean> & Record<'startCursor' | 'endCursor', string | null>;
  totalCount: number | null;
  sources: { source: { name: string }; status: string; totalCount: number | null; failedFeeds: string[] }[];
}

const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: FlagEventFilter) {
  flagEvents(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    nodes { ${EVENT} }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    sources { source { name } status totalCount failedFeeds }
  }
}`;

export async function readPage(
  gateway: AccessGateway,
  caller: TestCaller,
  variables: Record<string, unknown>,
): Promise<SeenPage> {
  const { data, errors } = await gateway.query<{ flagEvents: SeenPage }>(caller, PAGE, variables);
  if (errors || !data) throw new Error(JSON.stringify(errors));
  return data.flagEvents;
}

/** Reads on from one page to the next. */
export async function* pages(
  gateway: AccessGateway,
  caller: TestCaller,
  { filter, size, way = 'older' }: { size: number; filter?: Record<string, unknown>; way?: 'older' | 'newer' },
): AsyncGenerator<SeenPage, void, void> {
  for (let cursor: string | null = null; ; ) {
    const place: Record<string, unknown> =
      way === 'older' ? { first: size, after: cursor } : { last: size, before: cursor };
    const page = await readPage(gateway, caller, { ...place, filter });
    yield page;
    const { endCursor, hasNextPage, hasPreviousPage, startCursor } = page.pageInfo;
    cursor = way === 'older' ? (hasNextPage ? endCursor : null) : hasPreviousPage ? startCursor : null;
    if (cursor === null) return;
  }
}

export async function walk(
  gateway: AccessGateway,
  caller: TestCaller,
  options: { size: number; filter?: Record<string, unknown>; way?: 'older' | 'newer' },
): Promise<SeenEvent[]> {
  const all: SeenPage[] = [];
  for await (const page of pages(gateway, caller, options)) all.push(page);
  return (options.way === 'newer' ? all.toReversed() : all).flatMap(({ nodes }) => nodes);
}
