/**
 * Faults that users of both vendors' APIs have met, or that a gateway like this one has had: each is one row, and none costs
 * more than its own part.
 */
import { describe, expect, it } from 'vitest';
import { type FlagEventRep, startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../src/sources/unleash/sandbox.ts';
import { createFlagEvent } from './support/flag-event.ts';
import { startGateway, type TestGateway } from './support/gateway.ts';
import { startTamperingProxy } from './support/tampering-proxy.ts';
import { idsOf, readPage, walk } from './support/walk.ts';

const NOW = Date.now();
const MINUTE = 60_000;
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };

const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: FlagEventFilter) {
  flagEvents(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    nodes { id flag { key } environment { key } actor { name } }
    pageInfo { endCursor hasNextPage startCursor hasPreviousPage }
    sources { source { name } status failedFeeds skippedEvents failure { code message } }
  }
}`;

interface Answer {
  flagEvents: {
    nodes: {
      id: string;
      flag: { key: string } | null;
      environment: { key: string } | null;
      actor: { name: string } | null;
    }[];
    pageInfo: { endCursor: string | null; hasNextPage: boolean; startCursor: string | null; hasPreviousPage: boolean };
    sources: {
      source: { name: string };
      status: string;
      failedFeeds: string[];
      skippedEvents: number;
      failure: { code: string; message: string } | null;
    }[];
  } | null;
}

describe('a part that fails', () => {
  it('costs its neighbours nothing on first contact, when it accepts and never answers', async () => {
    await using launchDarkly = await startLaunchDarklySandbox({ events: events(3) });
    await using unleash = await startUnleashSandbox();
    await using silent = await startTamperingProxy(unleash.url, { answer: () => 'nothing' });
    await using gateway = await startGateway(
      [launchDarklyEntry(launchDarkly), { vendor: 'unleash', url: silent.url, apiToken: unleash.token }],
      { requestTimeoutMs: 1_000 },
    );
    const page = await read(gateway, { first: 5 });
    expect(page?.nodes).toHaveLength(3);
    expect(page?.sources).toMatchObject([
      { status: 'OK', failedFeeds: [] },
      { status: 'FAILED', failedFeeds: ['unleash'], failure: { message: 'Unleash did not answer in time.' } },
    ]);
  });

  it('is one project: the others of the account are read, and the report names it', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: events(4) });
    await using gateway = await startGateway([{ ...launchDarklyEntry(sandbox), projects: ['default/*', 'gone/*'] }]);
    const page = await read(gateway, { first: 5 });
    expect(page?.nodes).toHaveLength(4);
    expect(page?.sources).toMatchObject([{ status: 'FAILED', failedFeeds: ['launchdarkly/gone'] }]);
  });

  it('is half of the environments: the other half is asked and answered for as long as it lasts', async () => {
    const keys = Array.from({ length: 12 }, (_, index) => `env-${String(index).padStart(2, '0')}`);
    const all = keys.map((environmentKey, index) => createFlagEvent(index, NOW - index * MINUTE, { environmentKey }));
    await using sandbox = await startLaunchDarklySandbox({ events: all, rateLimit: NO_LIMIT });
    const isDown = (key: string | null) => keys.indexOf(key ?? '') >= 6;
    await using proxy = await startTamperingProxy(sandbox.url, {
      answer: ({ query }) => (isDown(query.get('environmentKey')) ? { status: 504 } : undefined),
    });
    const settings = { ...launchDarklyEntry(sandbox), url: proxy.url, projects: ['default/*'] };
    await using gateway = await startGateway([settings], { breakerMs: 60_000 });
    for (let page = 0; page < 8; page += 1) {
      const answer = await read(gateway, { first: 20 });
      expect(answer?.nodes.map(({ environment }) => environment?.key)).toEqual(keys.slice(0, 6));
      expect(answer?.sources[0]?.failedFeeds).toEqual(keys.slice(6).map((key) => `launchdarkly/default/${key}`));
    }
  });

  it('is the environment that changes to all of them are read from: another one brings them', async () => {
    const global = { ...createFlagEvent(9, NOW - MINUTE), impact: { reason: 'global' } };
    const { environmentKey: _none, ...everywhere } = global;
    const local = createFlagEvent(1, NOW - 2 * MINUTE, { environmentKey: 'staging' });
    await using sandbox = await startLaunchDarklySandbox({
      events: [everywhere, local],
      environments: { default: ['production'] },
    });
    await using proxy = await startTamperingProxy(sandbox.url, {
      answer: ({ query }) => (query.get('environmentKey') === 'production' ? { status: 403 } : undefined),
    });
    await using gateway = await startGateway([
      { ...launchDarklyEntry(sandbox), url: proxy.url, projects: ['default/*'] },
    ]);
    const page = await read(gateway, { first: 5 });
    expect(page?.nodes.map(({ flag }) => flag?.key)).toEqual(['flag-9', 'flag-1']);
    expect(page?.sources[0]?.failedFeeds).toEqual(['launchdarkly/default/production']);
    expect(page?.sources[0]?.failure?.message).toBe("LaunchDarkly does not let the gateway's token read this (403).");
  });

  it.for(['older', 'newer'] as const)('ends a walk towards %s events once nothing but its own is left', async (way) => {
    await using launchDarkly = await startLaunchDarklySandbox({ events: events(5) });
    await using unleash = await startUnleashSandbox();
    unleash.faults.always({ kind: 'status', status: 503 });
    await using gateway = await startGateway([
      launchDarklyEntry(launchDarkly),
      { vendor: 'unleash', url: unleash.url, apiToken: unleash.token },
    ]);
    await expect(walk(gateway, { size: 2, way })).rejects.toThrow('UPSTREAM_UNAVAILABLE');
  });
});

describe('what is asked besides the page', () => {
  it('is given up for the page: people are called what the log calls them while their names do not come', async () => {
    await using unleash = await startUnleashSandbox();
    await using proxy = await startTamperingProxy(unleash.url, {
      answer: ({ path }) => (path.endsWith('/event-creators') ? 'nothing' : undefined),
    });
    const entry = { vendor: 'unleash', url: proxy.url, apiToken: unleash.token };
    await using gateway = await startGateway([entry], { requestTimeoutMs: 1_000 });
    const asked = () => proxy.calls.filter(({ path }) => path.endsWith('/event-creators')).length;
    for (let page = 0; page < 3; page += 1) {
      const answer = await read(gateway, { first: 5 });
      expect(answer?.nodes.filter(({ actor }) => actor?.name)).toHaveLength(5);
      expect(asked()).toBe(1);
    }
  });

  it('is not needed to filter by a name that the log itself has', async () => {
    await using unleash = await startUnleashSandbox({ events: [] });
    unleash.insert({ type: 'feature-created', createdBy: 'ada@example.com', createdByUserId: 2 });
    await using proxy = await startTamperingProxy(unleash.url, {
      answer: ({ path }) => (path.endsWith('/event-creators') ? { status: 403 } : undefined),
    });
    await using gateway = await startGateway([{ vendor: 'unleash', url: proxy.url, apiToken: unleash.token }]);
    const page = await read(gateway, { filter: { actors: ['ADA@example.com'] } });
    expect(page?.nodes).toHaveLength(1);
    expect(page?.sources).toMatchObject([{ status: 'OK' }]);
  });
});

describe('an account with many feeds', () => {
  const keys = Array.from({ length: 260 }, (_, index) => `env-${index}`);
  const all = keys.map((environmentKey, index) => createFlagEvent(index, NOW - index * MINUTE, { environmentKey }));

  it('is read in time: a hundred of them, each of which takes 400 ms', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: all.slice(0, 100), rateLimit: NO_LIMIT });
    sandbox.faults.add({ type: 'slow', delayMs: 400 });
    await using gateway = await startGateway([{ ...launchDarklyEntry(sandbox), projects: ['default/*'] }]);
    const page = await read(gateway, { first: 100 });
    expect([page?.nodes.length, page?.sources[0]?.status]).toEqual([100, 'OK']);
  });

  it('gives cursors that it takes, also while all of them are owed', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: all, rateLimit: NO_LIMIT });
    await using unleash = await startUnleashSandbox({ events: [] });
    unleash.insert({ type: 'feature-created' });
    await using gateway = await startGateway([
      { ...launchDarklyEntry(sandbox), projects: ['default/*'] },
      { vendor: 'unleash', url: unleash.url, apiToken: unleash.token },
    ]);
    await read(gateway, { first: 1, filter: { environments: ['env-1'] } });
    const restore = sandbox.faults.add({ type: 'unavailable' });
    const first = await read(gateway, { first: 5 });
    expect(first?.sources[0]?.failedFeeds).toHaveLength(261);
    restore();
    const pages = [first];
    while (pages.at(-1)?.pageInfo.hasNextPage) {
      pages.push(await read(gateway, { first: 100, after: pages.at(-1)?.pageInfo.endCursor }));
    }
    expect(new Set(pages.flatMap((page) => page?.nodes.map(({ id }) => id))).size).toBe(261);
    expect(pages.flatMap((page) => page?.nodes)).toHaveLength(261);
  });
});

describe('a list that is too long for a URL', () => {
  const longKeys = Array.from({ length: 200 }, (_, index) => `flag-${index}-${'x'.repeat(230)}`);

  it.for(['older', 'newer'] as const)(
    'is asked for in pieces: two hundred long keys of flags, towards %s',
    async (way) => {
      await using unleash = await startUnleashSandbox({ events: [] });
      for (const [index, featureName] of longKeys.entries()) {
        unleash.insert({ type: 'feature-created', featureName, createdAtMicros: (NOW - index * MINUTE) * 1000 });
        unleash.insert({
          type: 'feature-created',
          featureName: `other-${index}`,
          createdAtMicros: (NOW - index) * 1000,
        });
      }
      await using gateway = await startGateway([{ vendor: 'unleash', url: unleash.url, apiToken: unleash.token }]);
      const pages = await walk(gateway, { size: 30, way, filter: { flagKeys: longKeys } });
      const found = (way === 'older' ? pages : pages.toReversed()).flatMap(({ nodes }) =>
        nodes.map(({ flag }) => flag?.key),
      );
      expect(found).toEqual(longKeys);
      expect(unleash.requests.every(({ path }) => path.length < 8_000)).toBe(true);
    },
  );

  it('is asked for in pieces: the events of five hundred flags of another subgraph', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `a-rather-long-key-of-a-flag-of-the-payments-team-${index}`);
    await using unleash = await startUnleashSandbox({ events: [] });
    for (const featureName of keys) unleash.insert({ type: 'feature-created', featureName });
    await using gateway = await startGateway([{ vendor: 'unleash', url: unleash.url, apiToken: unleash.token }]);
    const { data, errors } = await gateway.query<{ _entities: { events: { nodes: { flag: { key: string } }[] } }[] }>(
      `query ($flags: [_Any!]!) { _entities(representations: $flags) {
        ... on FeatureFlag { events(first: 1) { nodes { flag { key } } } }
      } }`,
      { flags: keys.map((key) => ({ __typename: 'FeatureFlag', key })) },
    );
    expect(errors).toBeUndefined();
    expect(data?._entities.map(({ events: { nodes } }) => nodes[0]?.flag.key)).toEqual(keys);
    expect(unleash.requests.length).toBeLessThan(20);
  });
});

describe('the id of an event', () => {
  it('stays the same when environments are listed in another order, or more of them', async () => {
    const { environmentKey: _none, ...everywhere } = {
      ...createFlagEvent(9, NOW - MINUTE),
      impact: { reason: 'global' },
    };
    const idWith = async (projects: string[]) => {
      await using sandbox = await startLaunchDarklySandbox({
        events: [everywhere],
        environments: { default: ['production', 'staging', 'alpha'] },
      });
      await using gateway = await startGateway([{ ...launchDarklyEntry(sandbox), projects }]);
      const id = (await read(gateway, { first: 1 }))?.nodes[0]?.id;
      const again = await gateway.query('query ($id: ID!) { node(id: $id) { id } }', { id });
      expect(again.data).toEqual({ node: { id } });
      return id;
    };
    const ids = [
      await idWith(['default/production', 'default/staging']),
      await idWith(['default/staging', 'default/production']),
      await idWith(['default/*']),
    ];
    expect(new Set(ids).size).toBe(1);
  });
});

describe('environments that are listed a few at a time', () => {
  it('are all found, although no total is given', async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `env-${index}`);
    const all = keys.map((environmentKey, index) => createFlagEvent(index, NOW - index * MINUTE, { environmentKey }));
    await using sandbox = await startLaunchDarklySandbox({ events: all, rateLimit: NO_LIMIT });
    await using proxy = await startTamperingProxy(sandbox.url, {
      ask: ({ path, query }) => path.endsWith('/environments') && query.set('limit', '20'),
      body: (body, { path }) => (path.endsWith('/environments') ? { items: body.items } : body),
    });
    await using gateway = await startGateway([
      { ...launchDarklyEntry(sandbox), url: proxy.url, projects: ['default/*'] },
    ]);
    expect(idsOf([await readPage(gateway, { first: 100 })])).toHaveLength(60);
  });
});

describe('events that cannot be read', () => {
  it.for(['older', 'newer'] as const)(
    'are left out and told, and end no page: rows 3 to 8 of 20, towards %s',
    async (way) => {
      await using sandbox = await startLaunchDarklySandbox({ events: events(20) });
      const unreadable = events(20)
        .slice(2, 8)
        .map(({ id }) => id);
      await using proxy = await startTamperingProxy(sandbox.url, {
        rows: (rows) => rows.map((row) => (unreadable.includes(String(row.id)) ? { id: row.id } : row)),
      });
      await using gateway = await startGateway([{ ...launchDarklyEntry(sandbox), url: proxy.url }]);
      const place = way === 'older' ? { first: 3 } : { last: 3 };
      const pages = await walk(gateway, { size: 3, way });
      expect(idsOf(pages, way)).toEqual(
        events(20)
          .map(({ id }) => id)
          .filter((id) => !unreadable.includes(id)),
      );
      const wide = await read(gateway, { ...place, [way === 'older' ? 'first' : 'last']: 20 });
      expect(wide?.sources[0]?.skippedEvents).toBe(6);
    },
  );
});

async function read(gateway: TestGateway, variables: Record<string, unknown>): Promise<Answer['flagEvents']> {
  const { data, errors } = await gateway.query<Answer>(PAGE, variables);
  expect(errors).toBeUndefined();
  return data?.flagEvents ?? null;
}

function events(count: number): FlagEventRep[] {
  return Array.from({ length: count }, (_, index) => createFlagEvent(index, NOW - (index + 1) * MINUTE));
}

function launchDarklyEntry({ token, url }: { token: string; url: string }) {
  return { vendor: 'launchdarkly', accessToken: token, url, projects: ['default/production'] };
}
