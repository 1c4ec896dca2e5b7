import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import { startGateway } from '../support/gateway.ts';
import { startBoth } from '../support/sandboxes.ts';
import { type Batch, type Subscribed, subscribe } from '../support/subscribe.ts';

const FIELDS = `
  edges { cursor node { id } }
  nodes { id type title ... on LaunchDarklyFlagEvent { ownId: eventId } ... on UnleashFlagEvent { ownId: eventId } }
  updated { id ... on LaunchDarklyFlagEvent { impact { size reason } } }
  cursor isCaughtUp sources { source { name } status failure { code } }`;
const LIVE = `subscription Live($since: String, $filter: FlagEventFilter) {
  flagEventsAdded(since: $since, filter: $filter) { ${FIELDS} }
}`;

const isThere = ({ answers }: Subscribed) => answers.length > 0;
const hasNodes = (count: number) => (subscribed: Subscribed) => nodesOf(subscribed).length >= count;
const nodesOf = (subscribed: Subscribed) => subscribed.batches().flatMap(({ nodes }) => nodes.toReversed());
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };

describe('Subscription.flagEventsAdded', () => {
  it('brings the events of both vendors, as they happen, and from its cursors on', async () => {
    await using both = await startBoth();
    await using first = await subscribe(both.gateway, LIVE);
    await first.until(isThere);
    both.unleash.insert({ type: 'feature-created', featureName: 'one', project: 'web-shop' });
    await first.until(hasNodes(1));
    const [batch] = first.batches().slice(-1);
    both.launchDarkly.insert(createFlagEvent(1, Date.now(), { projectKey: 'web-shop', environmentKey: 'production' }));
    await using second = await subscribe(both.gateway, LIVE, { since: batch?.cursor });
    await Promise.all([first.until(hasNodes(2)), second.until(hasNodes(1))]);
    expect(nodesOf(first).map(({ type }) => type)).toEqual(['feature-created', 'enabled_targeting']);
    expect(nodesOf(second).map(({ type }) => type)).toEqual(['enabled_targeting']);
    expect(first.answers.every(({ errors, extensions }) => !errors && !extensions)).toBe(true);
  });

  it('goes on from a page of the same filter, and its cursors page on', async () => {
    await using both = await startBoth();
    const page = '{ flagEvents(first: 3, filter: { vendors: [UNLEASH] }) { nodes { id } pageInfo { startCursor } } }';
    const { data } = await both.gateway.query<{ flagEvents: Page }>(page);
    interface Page {
      nodes: { id: string }[];
      pageInfo: { startCursor: string; endCursor: string };
    }
    const happen = (featureName: string) =>
      both.unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' });
    happen('one');
    const variables = { since: data?.flagEvents.pageInfo.startCursor, filter: { vendors: ['UNLEASH'] } };
    await using live = await subscribe(both.gateway, LIVE, variables);
    await live.until(hasNodes(1));
    const { cursor } = live.batches().at(-1) as Batch;
    happen('two');
    await live.until(hasNodes(2));
    const read = async (place: string) => {
      const query = `{ flagEvents(${place}: "${cursor}", filter: { vendors: [UNLEASH] }) { nodes { id } } }`;
      const answer = await both.gateway.query<{ flagEvents: Page }>(query);
      expect(answer.errors).toBeUndefined();
      return answer.data?.flagEvents.nodes.map(({ id }) => id);
    };
    const [one, two] = nodesOf(live).map(({ id }) => id);
    expect(await read('last: 5, before')).toEqual([two]);
    const known = data?.flagEvents.nodes.map(({ id }) => id) ?? [];
    expect(await read('first: 4, after')).toEqual([one, ...known]);
  });

  it('refuses a cursor of another filter, and what is no cursor, naming the argument', async () => {
    await using both = await startBoth();
    await using live = await subscribe(both.gateway, LIVE, { filter: { vendors: ['UNLEASH'] } });
    await live.until(isThere);
    for (const since of [live.batches()[0]?.cursor, 'nonsense']) {
      await using refused = await subscribe(both.gateway, LIVE, { since });
      await refused.until(isThere);
      expect(refused.answers).toMatchObject([
        { errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'since' } }] },
      ]);
    }
  });

  it('is refused when a batch could hold too much', async () => {
    await using both = await startBoth();
    const many = Array.from({ length: 23 }, (_, index) => `a${index}: data`).join(' ');
    const fields = `... on UnleashFlagEvent { ${many} data preData changes { before after } }`;
    const query = `subscription { flagEventsAdded { nodes { ${fields} } updated { ${fields} } edges { node { ${fields.replace(many, '')} } } } }`;
    await using refused = await subscribe(both.gateway, query);
    await refused.until(isThere);
    expect(refused.answers).toMatchObject([{ errors: [{ extensions: { code: 'ANSWER_TOO_LARGE' } }] }]);
  });

  it('tells of a source that fails as data, once, and marks that answer as partial', async () => {
    await using both = await startBoth();
    await using live = await subscribe(both.gateway, LIVE);
    await live.until(isThere);
    const outage = both.unleash.faults.always({ kind: 'status', status: 503 });
    await live.until(({ answers }) => answers.length === 2);
    await wait(300);
    outage[Symbol.dispose]();
    await live.until(({ answers }) => answers.length === 3);
    const states = live.batches().map(({ sources }) => sources.map(({ failure, status }) => failure?.code ?? status));
    expect(states).toEqual([
      ['OK', 'OK'],
      ['OK', 'UPSTREAM_UNAVAILABLE'],
      ['OK', 'OK'],
    ]);
    expect(live.answers.map(({ extensions }) => extensions?.partial)).toEqual([undefined, true, undefined]);
  });

  it('brings an impact that LaunchDarkly works out later as an update', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [], environments: { default: ['production'] } });
    await using gateway = await startGateway([launchDarklyAt(sandbox)]);
    await using live = await subscribe(gateway, LIVE);
    await live.until(isThere);
    const event = createFlagEvent(1, Date.now(), { impact: { reason: 'waiting' } });
    sandbox.insert(event);
    await live.until(hasNodes(1));
    sandbox.insert({ ...event, impact: { reason: 'evaluations', size: 'large', percentage: 80 } });
    await live.until((subscribed) => subscribed.batches().some(({ updated }) => updated.length > 0));
    expect(live.batches().at(-1)).toMatchObject({ nodes: [], updated: [{ impact: { size: 'LARGE' } }] });
  });

  it('brings an event once its impact passes the filter', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [], environments: { default: ['production'] } });
    await using gateway = await startGateway([launchDarklyAt(sandbox)]);
    await using live = await subscribe(gateway, LIVE, { filter: { launchDarkly: { impactSizes: ['LARGE'] } } });
    await live.until(isThere);
    const event = createFlagEvent(1, Date.now(), { impact: { reason: 'waiting' } });
    sandbox.insert(event);
    await wait(150);
    sandbox.insert({ ...event, impact: { reason: 'evaluations', size: 'large', percentage: 80 } });
    await live.until(hasNodes(1));
    expect(live.batches().map(({ nodes, updated }) => [nodes.length, updated.length])).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('asks for the experiments of a batch in one call, and for those of each batch anew', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [], environments: { default: ['production'] } });
    await using gateway = await startGateway([launchDarklyAt(sandbox)], { requestTimeoutMs: 500 });
    const query =
      'subscription { flagEventsAdded { nodes { id ... on LaunchDarklyFlagEvent { experiments { nodes { key } } } } } }';
    await using live = await subscribe(gateway, query);
    await live.until(isThere);
    const expanded = () => sandbox.requests.filter((request) => request.query.expand === 'experiments').length;
    for (const number of [1, 2, 3]) sandbox.insert(createFlagEvent(number, Date.now()));
    await live.until(hasNodes(3));
    expect(expanded()).toBe(1);
    // Longer than the deadline of a request: each batch has its own.
    await wait(700);
    sandbox.insert(createFlagEvent(4, Date.now()));
    await live.until(hasNodes(4));
    expect(expanded()).toBe(2);
    expect(live.answers.every(({ errors }) => !errors)).toBe(true);
  });

  it('knows people by their names in Unleash, where a filter asks for them', async () => {
    await using both = await startBoth();
    const { data } = await both.gateway.query<{ flagEvents: { nodes: { actor: { name: string } }[] } }>(
      '{ flagEvents(first: 50, filter: { vendors: [UNLEASH] }) { nodes { actor { name } } } }',
    );
    const person = both.unleash.events().find(({ createdBy }) => createdBy.includes('@'));
    const index = both.unleash.events().findIndex(({ id }) => id === person?.id);
    const name = data?.flagEvents.nodes[index]?.actor.name ?? '';
    expect(name).not.toBe(person?.createdBy);
    await using live = await subscribe(both.gateway, LIVE, { filter: { actors: [name] } });
    await live.until(isThere);
    const { createdBy = '', createdByUserId = null } = person ?? {};
    both.unleash.insert({ type: 'feature-created', featureName: 'one', project: 'web-shop' });
    both.unleash.insert({
      type: 'feature-archived',
      featureName: 'one',
      project: 'web-shop',
      createdBy,
      createdByUserId,
    });
    await live.until(hasNodes(1));
    await wait(100);
    expect(nodesOf(live).map(({ type }) => type)).toEqual(['feature-archived']);
  });

  it('ends with a reason when the gateway shuts down', async () => {
    await using both = await startBoth();
    await using live = await subscribe(both.gateway, LIVE);
    await live.until(isThere);
    both.gateway.live.shutDown('SHUTTING_DOWN');
    await live.ended;
    expect(live.answers.at(-1)?.errors).toMatchObject([
      { extensions: { code: 'SUBSCRIPTION_ENDED', reason: 'SHUTTING_DOWN' } },
    ]);
    await using late = await subscribe(both.gateway, LIVE);
    await late.until(isThere);
    expect(late.answers[0]?.errors?.[0]?.extensions?.code).toBe('SUBSCRIPTION_ENDED');
  });
});

function launchDarklyAt({ token, url }: { token: string; url: string }) {
  return { vendor: 'launchdarkly', accessToken: token, url, projects: ['default/production'], eventsApi: 'insights' };
}

describe('the calls of a subscription', () => {
  it('are one for each environment and instance in an interval, whatever is remembered', async () => {
    await using both = await startBoth({ pageCacheMs: 60_000, historyCacheMb: 8, pace: { pollIntervalMs: 200 } });
    const readers = await Promise.all(Array.from({ length: 20 }, () => subscribe(both.gateway, LIVE)));
    await Promise.all(readers.map((reader) => reader.until(isThere)));
    both.takeCalls();
    await wait(1_100);
    const calls = both.takeCalls();
    const places = calls.map((call) => call.split(' ').slice(0, 2).join(' '));
    expect([...new Set(places)]).toEqual([
      ...both.environments.map((each) => `launchdarkly ${each}`).toSorted(),
      'unleash events',
    ]);
    for (const own of Map.groupBy(places, (place) => place).values()) {
      expect(own.length).toBeGreaterThanOrEqual(4);
      expect(own.length).toBeLessThanOrEqual(6);
    }
    for (const reader of readers) await reader[Symbol.asyncDispose]();
    await wait(100);
    both.takeCalls();
    await wait(500);
    expect(both.takeCalls()).toEqual([]);
  });

  it.for([
    ['an Unleash without an order', '7.0.4'],
    ['an Unleash without a search', '5.6.0'],
  ] as const)('are one in an interval of %s', async ([, version]) => {
    await using unleash = await startUnleashSandbox({ version });
    const settings = { vendor: 'unleash', apiToken: unleash.token, url: unleash.url };
    await using gateway = await startGateway([settings], { pageCacheMs: 60_000, pace: { pollIntervalMs: 100 } });
    await using live = await subscribe(gateway, LIVE);
    await live.until(isThere);
    unleash.requests.length = 0;
    await wait(1_050);
    expect(unleash.requests.length).toBeGreaterThanOrEqual(8);
    expect(unleash.requests.length).toBeLessThanOrEqual(11);
    unleash.insert({ type: 'feature-created', featureName: 'new', project: 'web-shop' });
    await live.until(hasNodes(1));
  });

  it('are one in an interval of an audit log', async () => {
    await using sandbox = await startLaunchDarklySandbox({ rateLimit: NO_LIMIT });
    const [project] = sandbox.projects;
    const settings = { ...launchDarklyAt(sandbox), projects: [`${project?.key}/*`], eventsApi: 'auditlog' };
    await using gateway = await startGateway([settings], { pageCacheMs: 60_000, pace: { pollIntervalMs: 100 } });
    await using live = await subscribe(gateway, LIVE);
    await live.until(isThere);
    sandbox.requests.length = 0;
    await wait(1_050);
    expect(sandbox.requests.length).toBeGreaterThanOrEqual(8);
    expect(sandbox.requests.length).toBeLessThanOrEqual(11);
  });
});
