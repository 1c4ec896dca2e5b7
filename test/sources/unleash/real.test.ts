import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { startGateway } from '../../support/gateway.ts';
import { startRecordingProxy } from '../../support/recording-proxy.ts';
import { type Batch, type Subscribed, subscribe } from '../../support/subscribe.ts';
import {
  control,
  createUnleashAdmin,
  listAllEvents,
  seedHistory,
  type UnleashEvent,
} from '../../support/unleash-admin.ts';
import { idsOf, readPage, walk } from '../../support/walk.ts';

const unleash = inject('unleash');
const PROJECT = 'gateway-walk';
const only = { project: `IS:${PROJECT}` };
const own = { vendor: 'unleash', url: unleash.url, apiToken: unleash.adminToken, projects: [PROJECT] };

/** What the server itself lists, in its own order. */
let truth: UnleashEvent[];

beforeAll(async () => {
  await seedHistory(unleash, { project: PROJECT, prefix: 'walk', flags: 24 });
  await insertHistory();
  truth = await listAllEvents(unleash, only);
});

describe('a real Unleash, walked through the gateway', () => {
  it('holds several hundred events of many types, ties and gaps among them', () => {
    expect(truth.length).toBeGreaterThan(400);
    expect(new Set(truth.map((event) => event.type)).size).toBeGreaterThan(15);
    const times = truth.map((event) => event.createdAt);
    expect(new Set(times).size).toBeLessThan(times.length);
  });

  it.for([1, 7, 20, 100])('gives the same events in the same order, exactly once, %i a page', async (size) => {
    await using gateway = await startGateway([own]);
    expect(idsOf(await walk(gateway, { size }))).toEqual(truth.map(({ id }) => String(id)));
  });

  it.for([7, 100])('gives the same walked backwards, %i a page', async (size) => {
    await using gateway = await startGateway([own]);
    expect(idsOf(await walk(gateway, { size, way: 'newer' }), 'newer')).toEqual(truth.map(({ id }) => String(id)));
  });

  it.for([1, 7, 20, 100])('costs one call a page, the last like the first, %i a page', async (size) => {
    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([{ ...own, url: proxy.url }]);
    // People's names are asked for when somebody needs them.
    await readPage(gateway, { first: 1, filter: { actors: ['admin'] } });
    proxy.requests.length = 0;
    const pages = await walk(gateway, { size });
    expect(proxy.requests).toHaveLength(pages.length);
  });

  it('asks for the version, the search and the names of people once, not once a request', async () => {
    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([{ ...own, url: proxy.url }]);
    const filter = { actors: ['admin'] };
    await Promise.all([readPage(gateway, { first: 1, filter }), readPage(gateway, { first: 2, filter })]);
    await readPage(gateway, { first: 3, filter });
    const once = (part: string) => proxy.requests.filter((path) => path.includes(part)).length;
    expect([once('ui-config'), once('event-creators'), proxy.requests.length]).toEqual([1, 1, 3 + 2]);
  });

  it('counts a day, and any window that the server lists on one page', async () => {
    await using gateway = await startGateway([own]);
    const times = truth.map(({ createdAt }) => createdAt).toSorted();
    const [first = '', middle = ''] = [times[0], times[Math.floor(times.length / 2)]];
    const day = first.slice(0, 10);
    const windows = [
      [`${day}T00:00:00.000Z`, new Date(Date.parse(day) + 86_400_000).toISOString()],
      [first, middle],
      [middle, '2999-01-01T00:00:00.000Z'],
    ] as const;
    for (const [from, to] of windows) {
      const { data } = await gateway.query(
        'query ($filter: FlagEventFilter) { flagEvents(filter: $filter) { totalCount } }',
        {
          filter: { from, to },
        },
      );
      expect(data).toEqual({ flagEvents: { totalCount: times.filter((time) => time >= from && time < to).length } });
    }
  });

  it('counts what the server counts', async () => {
    await using gateway = await startGateway([own]);
    const answer = await gateway.query(
      '{ flagEvents(first: 0) { totalCount sources { totalCount } } one: flagEvents(filter: { flagKeys: ["walk-1"] }) { totalCount nodes { id } } }',
    );
    expect(answer.data).toMatchObject({
      flagEvents: { totalCount: truth.length, sources: [{ totalCount: truth.length }] },
      one: { totalCount: truth.filter((event) => event.featureName === 'walk-1').length },
    });
  });

  it('tells every property of every event as the server tells it', async () => {
    await using gateway = await startGateway([own]);
    const { data } = await gateway.query<{ flagEvents: { nodes: Record<string, unknown>[] } }>(`{
      flagEvents(first: 100) { nodes { occurredAt flag { key } project { key } environment { key } ... on UnleashFlagEvent {
        eventId type createdBy createdByUserId data preData tags { type value } label summary groupType groupId
      } } } }`);
    const told = data?.flagEvents.nodes.map(({ environment, eventId, flag, occurredAt, project, ...rest }) => ({
      ...rest,
      id: Number(eventId),
      createdAt: occurredAt,
      featureName: keyOf(flag),
      project: keyOf(project),
      environment: keyOf(environment),
    }));
    const expected = truth.slice(0, 100).map(({ groupId = null, groupType = null, ...event }) => ({
      ...event,
      groupId,
      groupType,
      data: event.data ?? null,
      preData: event.preData ?? null,
      tags: event.tags.map(({ type, value }) => ({ type, value })),
    }));
    expect(told).toEqual(expected);
  });
});

describe('a filter over a real Unleash', () => {
  const day = '2026-03-05';

  it.for<[string, Record<string, unknown>, (event: UnleashEvent) => boolean]>([
    ['flag', { flagKeys: ['walk-3', 'walk-4'] }, ({ featureName }) => ['walk-3', 'walk-4'].includes(featureName ?? '')],
    ['type', { types: ['feature-tagged'] }, ({ type }) => type === 'feature-tagged'],
    [
      'kind',
      { kinds: ['ENABLED', 'ARCHIVED'] },
      ({ type }) => ['feature-environment-enabled', 'feature-archived'].includes(type),
    ],
    ['unknown kind', { kinds: ['OTHER'] }, ({ type }) => type === 'made-up-type'],
    ['project', { projects: [PROJECT, 'no-such-project'] }, () => true],
    ['environment', { environments: ['production'] }, ({ environment }) => environment === 'production'],
    ['actor', { actors: ['ADMIN'] }, ({ createdBy }) => createdBy === 'admin'],
    [
      'actor of few events',
      { actors: ['somebody@example.com'] },
      ({ createdBy }) => createdBy === 'somebody@example.com',
    ],
    ['user number', { unleash: { createdByUserIds: [1] } }, ({ createdByUserId }) => createdByUserId === 1],
    [
      'time',
      { from: `${day}T10:00:00.000Z`, to: `${day}T12:00:00.000Z` },
      ({ createdAt }) => createdAt >= `${day}T10:00:00.000Z` && createdAt < `${day}T12:00:00.000Z`,
    ],
    ['an open end', { from: '2026-06-01T00:00:00Z' }, ({ createdAt }) => createdAt >= '2026-06-01'],
    ['an open beginning', { to: `${day}T11:00:00.123Z` }, ({ createdAt }) => createdAt < `${day}T11:00:00.123Z`],
    ['tag', { unleash: { tags: ['simple:team-1'] } }, ({ tags }) => tags.some(({ value }) => value === 'team-1')],
    ['text', { unleash: { text: '100%_sure' } }, ({ data }) => JSON.stringify(data).includes('100%_sure')],
    [
      'several at once',
      { flagKeys: ['walk-3'], kinds: ['ENABLED'], environments: ['production'] },
      ({ environment, featureName, type }) =>
        featureName === 'walk-3' && type === 'feature-environment-enabled' && environment === 'production',
    ],
    ['nothing', { flagKeys: [] }, () => false],
  ])('on %s gives exactly what matches, both ways', async ([, filter, matches]) => {
    await using gateway = await startGateway([own]);
    const expected = truth.filter(matches).map(({ id }) => String(id));
    expect(idsOf(await walk(gateway, { size: 9, filter }))).toEqual(expected);
    expect(idsOf(await walk(gateway, { size: 9, filter, way: 'newer' }), 'newer')).toEqual(expected);
  });

  it('that nothing of Unleash can match costs no call', async () => {
    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([{ ...own, url: proxy.url }]);
    await readPage(gateway, { first: 1 });
    proxy.requests.length = 0;
    for (const filter of [
      { projects: ['elsewhere'] },
      { kinds: ['EXPERIMENT_CHANGED'] },
      { flagKeys: ['a,b'] },
      { vendors: ['LAUNCHDARKLY'] },
    ]) {
      expect((await readPage(gateway, { filter })).nodes).toEqual([]);
    }
    expect(proxy.requests).toEqual([]);
  });
});

describe('a real Unleash that is busy', () => {
  it('moves nothing under a reader while events are created between the pages', async () => {
    const project = 'gateway-busy';
    await seedHistory(unleash, { project, prefix: 'busy', flags: 10 });
    const before = (await listAllEvents(unleash, { project: `IS:${project}` })).map(({ id }) => String(id));
    const admin = createUnleashAdmin(unleash, project);
    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([{ ...own, url: proxy.url, projects: [project] }]);
    const startUp = 3;
    const pages = await walk(gateway, { size: 7, between: (page) => admin.createFlag(`busy-new-${page}`) });
    expect(idsOf(pages)).toEqual(before);
    // An offset that has moved by a few rows is found again without a search.
    expect(proxy.requests.length).toBeLessThanOrEqual(2 * pages.length + startUp);
  });

  it('finds its place again when far more has happened than a page holds', async () => {
    const project = 'gateway-flood';
    await seedHistory(unleash, { project, prefix: 'flood', flags: 4 });
    const before = (await listAllEvents(unleash, { project: `IS:${project}` })).map(({ id }) => String(id));
    await using gateway = await startGateway([{ ...own, projects: [project] }]);
    const flood = () => insertRows(project, 1_500, Date.now() + 30_000);
    const pages = await walk(gateway, { size: 20, between: (page) => (page === 1 ? flood() : undefined) });
    expect(idsOf(pages)).toEqual(before);
  });
});

describe('an Unleash that only has the legacy endpoint', () => {
  it('is read as far back as it shows, and says how far that is', async () => {
    await using proxy = await startRecordingProxy(unleash.url, (path) => path.includes('/search/events'));
    await using gateway = await startGateway([{ ...own, url: proxy.url }]);
    const pages = await walk(gateway, { size: 7 });
    const shown = truth.slice(0, 50);
    expect(idsOf(pages)).toEqual(shown.map(({ id }) => String(id)));
    expect(pages[0]?.sources).toEqual([
      { source: { name: 'unleash' }, status: 'OK', reachesBackTo: shown.at(-1)?.createdAt },
    ]);
    expect(idsOf(await walk(gateway, { size: 7, way: 'newer' }), 'newer')).toEqual(shown.map(({ id }) => String(id)));
  });

  it('costs one call a page, and can be chosen by a setting', async () => {
    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([{ ...own, url: proxy.url, eventsApi: 'legacy' }]);
    const pages = await walk(gateway, { size: 20 });
    const listings = proxy.requests.filter((path) => !path.includes('event-creators'));
    expect(listings).toEqual(pages.map(() => `/api/admin/events?project=${PROJECT}`));
  });

  it('has its filters applied here', async () => {
    await using gateway = await startGateway([{ ...own, eventsApi: 'legacy' }]);
    const pages = await walk(gateway, {
      size: 7,
      filter: { kinds: ['TAGS_CHANGED', 'CREATED'], unleash: { text: 'TEAM' } },
    });
    const matching = truth.slice(0, 50).filter(({ type }) => type === 'feature-tagged' || type === 'feature-untagged');
    expect(idsOf(pages)).toEqual(matching.map(({ id }) => String(id)));
  });
});

function keyOf(reference: unknown): string | null {
  return (reference as { key: string } | null)?.key ?? null;
}

/** What the admin API cannot make: past days, one millisecond with many events, microseconds, odd types and actors. */
async function insertHistory(): Promise<void> {
  const row = {
    project: PROJECT,
    feature_name: 'walk-old',
    environment: 'production',
    type: 'feature-environment-enabled',
  };
  const at = (time: string) => ({ ...row, created_at: time });
  const rows = [
    ...Array.from({ length: 60 }, (_, index) =>
      at(`2026-03-${String(1 + (index % 28)).padStart(2, '0')}T11:00:00.000Z`),
    ),
    ...Array.from({ length: 45 }, () => at('2026-03-05T11:00:00.123456Z')),
    ...Array.from({ length: 20 }, (_, index) => at(`2026-03-05T11:00:00.1230${10 + index}Z`)),
    { ...at('2026-03-05T10:00:00.000Z'), type: 'made-up-type' },
    { ...at('2026-03-05T12:00:00.000Z'), created_by: 'somebody@example.com', created_by_user_id: 77 },
    {
      ...at('2025-12-31T23:59:59.999Z'),
      data: { note: '100%_sure' },
      created_by: 'somebody@example.com',
      created_by_user_id: 77,
    },
  ];
  await control(unleash).insertEvents({ rows });
}

async function insertRows(project: string, count: number, newest: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    project,
    type: 'feature-created',
    feature_name: `row-${index}`,
    created_at: new Date(newest - index * 10).toISOString(),
  }));
  await control(unleash).insertEvents({ rows });
}

describe('a real Unleash, followed through the gateway', () => {
  it('gives each change once, as it happens and from a cursor on, with one call in an interval', async () => {
    const project = 'gateway-live';
    await seedHistory(unleash, { project, prefix: 'live', flags: 2 });
    const admin = createUnleashAdmin(unleash, project);
    await using proxy = await startRecordingProxy(unleash.url);
    const settings = { ...own, url: proxy.url, projects: [project] };
    await using gateway = await startGateway([settings], { pace: { pollIntervalMs: 100 } });
    const query = `subscription ($since: String) {
      flagEventsAdded(since: $since) { nodes { type flag { key } } cursor isCaughtUp }
    }`;
    const changes = (live: Subscribed) =>
      live.batches().flatMap(({ nodes }) => nodes.toReversed().map(({ type }) => String(type)));
    await using first = await subscribe(gateway, query);
    await first.until(({ answers }) => answers.length > 0);
    await admin.createFlag('live-new');
    await first.until((live) => changes(live).includes('feature-created'));
    const before = proxy.requests.length;
    await wait(1_050);
    expect(proxy.requests.length - before).toBeLessThanOrEqual(11);
    const { cursor } = first.batches().at(-1) as Batch;
    await first[Symbol.asyncDispose]();
    await admin.updateFlag('live-new', { description: 'changed while nobody listens' });
    await using second = await subscribe(gateway, query, { since: cursor });
    await second.until((live) => changes(live).length > 0);
    expect(changes(second)).toEqual(['feature-metadata-updated']);
    expect(changes(first).filter((type) => type === 'feature-created')).toHaveLength(1);
  });
});
