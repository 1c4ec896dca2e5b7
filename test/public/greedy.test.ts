import { encodeGlobalID } from '@pothos/plugin-relay';
import { describe, expect, it } from 'vitest';
import { type LaunchDarklySandbox, startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { shortKey } from '../../src/timeline/cursor.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import { type GraphQLAnswer, startGateway, type TestGateway } from '../support/gateway.ts';

const BUDGET = 60;
const EVENTS = 6_000;
const DAY = 24 * 60 * 60 * 1000;
const REPORTS = 'sources { source { name } status failure { code } }';
const SMALL_PAGE = `{ flagEvents(first: 3) { nodes { id } ${REPORTS} } }`;

interface Page {
  nodes: unknown[];
  pageInfo: { hasNextPage: boolean };
  sources: { status: string; failure: { code: string } | null }[];
}

interface Greedy {
  query: string;
  variables?: Record<string, unknown>;
}

type Make = (both: LargeLogs) => Promise<Greedy> | Greedy;

/** Every row is read and none of them passes, in every window anew. */
const otherWindows: Make = () => {
  const pages = Array.from({ length: 50 }, (_, index) => {
    const from = new Date(Date.now() - 300 * DAY + index * 3_600_000).toISOString();
    const filter = `{ types: ["nope"], from: "${from}" }`;
    return `a${index}: flagEvents(first: 50, filter: ${filter}) { ...Page }`;
  });
  const fragment = `fragment Page on FlagEventConnection { nodes { id } pageInfo { hasNextPage } ${REPORTS} }`;
  return { query: `{ ${pages.join(' ')} } ${fragment}` };
};

const PAGE_AFTER = `query ($after: String) {
  a: flagEvents(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } ${REPORTS} } }`;

/** A place that is far back, and beside it the claim that its rows are at the very beginning. */
const madeUpCursor: Make = async ({ gateway }) => {
  const first = await gateway.query<{ a: { pageInfo: { endCursor: string } } }>(PAGE_AFTER);
  const real = JSON.parse(Buffer.from(first.data?.a.pageInfo.endCursor ?? '', 'base64url').toString());
  const tomorrow = new Date(Date.now() + DAY).toISOString().slice(0, 10);
  const hints = { [shortKey('unleash')]: [0, tomorrow] };
  const madeUp = { ...real, p: [Date.now() - 290 * DAY, 'unleash', 'gone'], h: hints };
  return { query: PAGE_AFTER, variables: { after: Buffer.from(JSON.stringify(madeUp)).toString('base64url') } };
};

/** Each at another time of another feed, and none of them is there. */
const manyIds: Make = () => {
  const ids = Array.from({ length: 500 }, (_, index) => {
    const feed = '/default/production';
    const time = Date.now() - Math.floor((index * 300 * DAY) / 500);
    return encodeGlobalID('LaunchDarklyFlagEvent', JSON.stringify(['launchdarkly', feed, time, `gone-${index}`]));
  });
  return { query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids } };
};

const requests: [what: string, make: Make, least: number, most: number][] = [
  ['fifty pages of other windows that sift everything', otherWindows, BUDGET, BUDGET],
  // The place is searched for once the hint proves wrong: in a log of 6,000 events that takes so many calls.
  ['a made-up cursor', madeUpCursor, 4, 20],
  ['five hundred ids over all time', manyIds, BUDGET, BUDGET],
];

describe('a greedy request', () => {
  it.for(requests)('spends its own calls and nobody else’s: %s', async ([, make, least, most]) => {
    await using both = await startLargeLogs();
    const { query, variables } = await make(both);
    const usual = await callsOf(both, () => expectComplete(both));

    const calls = await callsOf(both, async () => {
      const greedy = both.gateway.query<Record<string, Page | unknown[]>>(query, variables);
      await expect.poll(() => both.launchDarkly.requests.length + both.unleash.requests.length).toBeGreaterThan(0);
      await expectComplete(both);
      expectDataOrCodes(await greedy);
    });
    expect(calls - usual).toBeGreaterThanOrEqual(least);
    expect(calls - usual).toBeLessThanOrEqual(most);
    // No breaker has opened: all feeds are asked, and answer.
    expect(await callsOf(both, () => expectComplete(both))).toBe(usual);
  });

  it('has all it may spend, and says where it ended', async () => {
    await using both = await startLargeLogs();
    const { query } = await otherWindows(both);
    let answer: GraphQLAnswer<Record<string, Page>> = {};
    const calls = await callsOf(both, async () => {
      answer = await both.gateway.query(query);
    });
    expect([calls, answer.errors]).toEqual([BUDGET, undefined]);
    const pages = Object.values(answer.data ?? {});
    const short = pages.filter(({ sources }) => sources.some(({ failure }) => failure !== null));
    expect(short.length).toBeGreaterThan(0);
    expect(codesOf(short)).toEqual(new Set(['UPSTREAM_CALLS_SPENT']));
    expect(short.every(({ pageInfo }) => pageInfo.hasNextPage)).toBe(true);
    expect(answer.extensions).toMatchObject({ partial: true });
  });
});

interface LargeLogs extends AsyncDisposable {
  gateway: TestGateway;
  launchDarkly: LaunchDarklySandbox;
  unleash: UnleashSandbox;
}

/** Two logs over 300 days, and a gateway whose breakers would not close again during the test. */
async function startLargeLogs(): Promise<LargeLogs> {
  await using stack = new AsyncDisposableStack();
  const now = Date.now();
  const times = Array.from({ length: EVENTS }, (_, index) => now - Math.floor(((index + 1) * 300 * DAY) / EVENTS));
  const events = times.map((time, index) => createFlagEvent(index, time));
  const rateLimit = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
  const launchDarkly = stack.use(await startLaunchDarklySandbox({ events, rateLimit }));
  const unleash = stack.use(await startUnleashSandbox({ events: [] }));
  for (const time of times.toReversed()) unleash.insert({ type: 'feature-created', createdAtMicros: time * 1000 });
  const { token, url } = launchDarkly;
  const gateway = stack.use(
    await startGateway(
      [
        { vendor: 'launchdarkly', accessToken: token, url, projects: ['default/production'] },
        { vendor: 'unleash', url: unleash.url, apiToken: unleash.token },
      ],
      { upstreamCallsPerRequest: BUDGET, breakerMs: 60_000 },
    ),
  );
  await gateway.query(SMALL_PAGE);
  const owned = stack.move();
  return { gateway, launchDarkly, unleash, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** How many upstream calls there were meanwhile. */
async function callsOf({ launchDarkly, unleash }: LargeLogs, act: () => Promise<void>): Promise<number> {
  launchDarkly.requests.length = 0;
  unleash.requests.length = 0;
  await act();
  return launchDarkly.requests.length + unleash.requests.length;
}

/** What the other caller asks, and gets. */
async function expectComplete({ gateway }: LargeLogs): Promise<void> {
  const { data, errors } = await gateway.query<{ flagEvents: Page }>(SMALL_PAGE);
  expect(errors).toBeUndefined();
  expect(data?.flagEvents.nodes).toHaveLength(3);
  expect(data?.flagEvents.sources.map(({ status }) => status)).toEqual(['OK', 'OK']);
}

function expectDataOrCodes({ data, errors = [] }: GraphQLAnswer<Record<string, Page | unknown[]>>): void {
  for (const { extensions } of errors) expect(extensions?.code).toBe('UPSTREAM_CALLS_SPENT');
  const pages = Object.values(data ?? {}).filter((each): each is Page => !Array.isArray(each) && each !== null);
  expect([...codesOf(pages)].filter((code) => code !== 'UPSTREAM_CALLS_SPENT')).toEqual([]);
}

function codesOf(pages: readonly Page[]): Set<string> {
  return new Set(pages.flatMap(({ sources }) => sources.flatMap(({ failure }) => failure?.code ?? [])));
}
