import { describe, expect, it } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import { startGateway } from '../support/gateway.ts';
import { idsOf, readPage, walk } from '../support/walk.ts';

const MINUTE = 60_000;
const SETTLED = Date.now() - 20 * MINUTE;
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
const EXPERIMENTS =
  'query ($first: Int, $after: String) { flagEvents(first: $first, after: $after) { nodes { ... on LaunchDarklyFlagEvent { experiments { nodes { key } } } } pageInfo { endCursor } } }';

describe('a walk through remembered history', () => {
  it('asks for the largest pages, the next one for the newest events only', async () => {
    await using log = await startLog();
    const first = await walk(log.gateway, { size: 20 });
    // Ten pages of LaunchDarkly's for each of two environments and three of Unleash's would be the least.
    expect(log.takeCalls()).toEqual({ launchDarkly: 24, unleash: 5 });
    expect(idsOf(first)).toHaveLength(5_000);
    expect(idsOf(await walk(log.gateway, { size: 20 }))).toEqual(idsOf(first));
    expect(log.takeCalls()).toEqual({ launchDarkly: 2, unleash: 1 });
    expect(idsOf(await walk(log.gateway, { size: 100 }))).toEqual(idsOf(first));
    expect(log.takeCalls()).toEqual({ launchDarkly: 2, unleash: 1 });
  });

  it('serves other readers from it: of one flag, of a span of time, and towards newer events', async () => {
    await using log = await startLog();
    const all = idsOf(await walk(log.gateway, { size: 100 }));
    log.takeCalls();
    const [from, to] = [600, 300].map((minutes) => new Date(SETTLED - minutes * MINUTE).toISOString());
    const span = await walk(log.gateway, { size: 20, filter: { from, to } });
    expect(idsOf(span).length).toBeGreaterThan(300);
    expect(log.takeCalls()).toEqual({ launchDarkly: 0, unleash: 0 });
    const { pageInfo } = await readPage(log.gateway, { first: 100, filter: { from, to } });
    const newer = await readPage(log.gateway, { last: 50, before: pageInfo.endCursor, filter: { from, to } });
    expect(idsOf([newer])).toEqual(idsOf(span).slice(49, 99));
    const flag = await walk(log.gateway, { size: 10, filter: { flagKeys: ['flag-7'] } });
    expect(idsOf(flag)).toEqual(all.filter((id) => idsOf(flag).includes(id)));
    // The first page of each feed; the rest is known.
    expect(log.takeCalls()).toEqual({ launchDarkly: 2, unleash: 1 });
  });

  it('does not take rows without the names of people for a reader who asks by name', async () => {
    await using unleash = await startUnleashSandbox({ now: () => Date.now() - 60 * MINUTE });
    const settings = { vendor: 'unleash', apiToken: unleash.token, url: unleash.url };
    await using fresh = await startGateway([settings]);
    await using remembering = await startGateway([settings], { historyCacheMb: 8 });
    const pages = await walk(fresh, { size: 100 });
    const [actor] = pages.flatMap(({ nodes }) => nodes.flatMap((node) => (node.actor?.email ? node.actor : [])));
    await walk(remembering, { size: 20 });
    const filter = { actors: [actor?.name] };
    const own = idsOf(await walk(fresh, { size: 5, filter }));
    expect(own.length).toBeGreaterThan(10);
    expect(idsOf(await walk(remembering, { size: 5, filter }))).toEqual(own);
  });

  it('does not take rows without experiments for those with them', async () => {
    await using log = await startLog();
    await walk(log.gateway, { size: 100 });
    log.takeCalls();
    let after: string | null = null;
    for (let page = 0; page < 3; page += 1) {
      const answer: { data?: { flagEvents: { pageInfo: { endCursor: string } } } | null; errors?: unknown } =
        await log.gateway.query<{ flagEvents: { pageInfo: { endCursor: string } } }>(EXPERIMENTS, {
          first: 100,
          after,
        });
      expect(answer.errors).toBeUndefined();
      after = answer.data?.flagEvents.pageInfo.endCursor ?? null;
    }
    // A first page and one read ahead of each environment; Unleash has nothing to add to what is known.
    expect(log.takeCalls()).toEqual({ launchDarkly: 4, unleash: 1 });
  });

  it('is the same for a vendor that fails as without it: nothing of a failure is remembered', async () => {
    await using log = await startLog();
    const first = await readPage(log.gateway, { first: 20 });
    log.unleash.faults.always({ kind: 'status', status: 503 });
    const second = await readPage(log.gateway, { first: 20, after: first.pageInfo.endCursor });
    expect(second.sources.map(({ status }) => status)).toEqual(['OK', 'FAILED']);
    log.unleash.faults.clear();
    const rest = await readPage(log.gateway, { first: 20, after: second.pageInfo.endCursor });
    expect(rest.sources.map(({ status }) => status)).toEqual(['OK', 'LATE']);
  });
});

/** Two environments of a thousand events each and an Unleash of three thousand, all settled, over a gateway that remembers. */
async function startLog() {
  await using stack = new AsyncDisposableStack();
  const events = Array.from({ length: 2_000 }, (_, index) =>
    createFlagEvent(index, SETTLED - index * 2 * MINUTE, {
      environmentKey: index % 2 === 0 ? 'production' : 'staging',
      flagKey: `flag-${index % 40}`,
    }),
  );
  const launchDarkly = stack.use(await startLaunchDarklySandbox({ events, rateLimit: NO_LIMIT }));
  const unleash = stack.use(await startUnleashSandbox({ events: [] }));
  for (let index = 2_999; index >= 0; index -= 1) {
    const createdAtMicros = (SETTLED - index * MINUTE - 7) * 1_000;
    unleash.insert({ type: 'feature-created', featureName: `flag-${index % 40}`, createdAtMicros });
  }
  const gateway = stack.use(
    await startGateway(
      [
        {
          vendor: 'launchdarkly',
          accessToken: launchDarkly.token,
          url: launchDarkly.url,
          projects: ['default/production', 'default/staging'],
        },
        { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
      ],
      { historyCacheMb: 64 },
    ),
  );
  await readPage(gateway, { first: 1 });
  const takeCalls = () => ({
    launchDarkly: launchDarkly.requests.splice(0).length,
    unleash: unleash.requests.splice(0).length,
  });
  takeCalls();
  const owned = stack.move();
  return { gateway, unleash, takeCalls, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
