import { describe, expect, it } from 'vitest';
import {
  type Fault,
  type FlagEventRep,
  type LaunchDarklySandbox,
  type LaunchDarklySandboxOptions,
  startLaunchDarklySandbox,
} from '../../../src/sources/launchdarkly/sandbox.ts';
import { createFlagEvent } from '../../support/flag-event.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startTamperingProxy } from '../../support/tampering-proxy.ts';
import { idsOf, readPage, walk } from '../../support/walk.ts';

const HOUR = 60 * 60 * 1000;
const NOW = Date.now();

/** The published sample, word for word. @see https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events */
const SAMPLE = {
  id: 'e3b2b0e0-9e9b-4c9a-8e9a-0e0e0e0e0e0e',
  projectId: '65baa44ecc4b5bce113bb4f7',
  projectKey: 'default',
  flagKey: 'enable-new-payment-method',
  eventType: 'string',
  eventTime: 1,
  description: 'Targeting rule enabled',
  impact: {
    size: 'medium',
    percentage: 50,
    reason: 'string',
    evaluationsSummary: { variations: [{ value: null, before: 1000, after: 500 }] },
  },
  environmentId: '65baa44ecc4b5bce113bb4f7',
  environmentKey: 'production',
  auditLogEntryId: 'e3b2b0e0-9e9b-4c9a-8e9a-0e0e0e0e0e0e',
  member: { id: '65baa44ecc4b5bce113bb4f7', email: 'test@launchdarkly.com', firstName: 'string', lastName: 'string' },
  actions: ['string'],
  experiments: {
    totalCount: 1,
    items: [
      {
        key: 'experiment-1',
        name: 'Experiment 1',
        iteration: { id: '65baa44ecc4b5bce113bb4f7', status: 'string', startedAt: 1, endedAt: 1, _links: {} },
        _links: {},
      },
    ],
  },
} satisfies FlagEventRep;

describe('a LaunchDarkly event', () => {
  it('comes out of the gateway with all fourteen properties of the published sample', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [SAMPLE] });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const { data, errors } = await gateway.query(`{ flagEvents(filter: { from: "1970-01-01T00:00:00Z" }) { nodes {
      occurredAt type flag { key } project { key } environment { key } actor { name email kind }
      ... on LaunchDarklyFlagEvent {
        eventId projectId environmentId auditLogEntryId description actions
        impact { size percentage reason evaluationsSummary { variations { value before after } } }
        member { id: memberId email firstName lastName }
        experiments { nodes { key name iteration { id: iterationId status startedAt endedAt } } }
      } } } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      flagEvents: {
        nodes: [
          {
            occurredAt: '1970-01-01T00:00:00.001Z',
            type: SAMPLE.eventType,
            flag: { key: SAMPLE.flagKey },
            project: { key: SAMPLE.projectKey },
            environment: { key: SAMPLE.environmentKey },
            actor: { name: 'string string', email: SAMPLE.member.email, kind: 'PERSON' },
            eventId: SAMPLE.id,
            projectId: SAMPLE.projectId,
            environmentId: SAMPLE.environmentId,
            auditLogEntryId: SAMPLE.auditLogEntryId,
            description: SAMPLE.description,
            actions: SAMPLE.actions,
            impact: { ...SAMPLE.impact, size: 'MEDIUM' },
            member: SAMPLE.member,
            experiments: {
              nodes: [
                {
                  key: 'experiment-1',
                  name: 'Experiment 1',
                  iteration: {
                    id: '65baa44ecc4b5bce113bb4f7',
                    status: 'string',
                    startedAt: '1970-01-01T00:00:00.001Z',
                    endedAt: '1970-01-01T00:00:00.001Z',
                  },
                },
              ],
            },
          },
        ],
      },
    });
  });

  it.for<[string, Fault]>([
    ['optional fields are null', { type: 'optional-fields-null' }],
    ['words and fields are unknown', { type: 'unknown-vocabulary' }],
    ['links are null', { type: 'links-null' }],
  ])('is read when %s', async ([, fault]) => {
    await using sandbox = await startLaunchDarklySandbox({ events: history(5) });
    sandbox.faults.add(fault);
    await using gateway = await startGateway([entryOf(sandbox)]);
    expect(idsOf([await readPage(gateway, { first: 10 })])).toEqual(history(5).map(({ id }) => id));
  });
});

describe('LaunchDarkly, walked through the gateway', () => {
  // Ties at every sixth event, and one millisecond with more events than LaunchDarkly lists on a page.
  const events = [
    ...history(120),
    ...Array.from({ length: 130 }, (_, index) => eventAt(1_000 + index, NOW - 200 * HOUR)),
  ];
  const truth = (sandbox: LaunchDarklySandbox) => expectedIds(events, sandbox);

  it.for<[string, LaunchDarklySandboxOptions]>([
    ['full', { linkStyle: 'full' }],
    ['sample', { linkStyle: 'sample' }],
  ])(
    'gives every event once, in order, both ways, at any page size, with links in the %s style',
    async ([, options]) => {
      await using sandbox = await startLaunchDarklySandbox({ ...options, events });
      await using gateway = await startGateway([entryOf(sandbox)]);
      for (const size of [1, 7, 20, 99, 100]) {
        expect(idsOf(await walk(gateway, { size }))).toEqual(await truth(sandbox));
        expect(idsOf(await walk(gateway, { size, way: 'newer' }), 'newer')).toEqual(await truth(sandbox));
      }
    },
  );

  it('asks once a page, the last like the first', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: history(200) });
    await using gateway = await startGateway([entryOf(sandbox)]);
    for (const size of [1, 7, 20, 50]) {
      sandbox.requests.length = 0;
      const pages = await walk(gateway, { size });
      expect(sandbox.requests).toHaveLength(pages.length);
    }
  });

  it('asks twice for a page as large as LaunchDarkly’s own: whether its last millisecond is whole, only the next row says', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: history(200) });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const pages = await walk(gateway, { size: 100 });
    expect([pages.length, sandbox.requests.length]).toEqual([2, 4]);
  });

  it('sends the raw token, the beta version and its own window with every request, and never a cursor of its own making', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: history(30) });
    await using gateway = await startGateway([entryOf(sandbox)]);
    await walk(gateway, { size: 7 });
    for (const { headers, query } of sandbox.requests) {
      expect(headers).toMatchObject({ authorization: sandbox.token, 'ld-api-version': 'beta' });
      expect(query).toMatchObject({ from: expect.stringMatching(/^\d+$/), to: expect.stringMatching(/^\d+$/) });
      expect(query).not.toHaveProperty('after');
    }
    expect(new Set(sandbox.requests.map(({ query }) => query.from)).size).toBe(1);
  });

  it('moves nothing when an event appears between two pages', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: history(60) });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const pages = await walk(gateway, {
      size: 7,
      between: (page) => sandbox.insert(eventAt(9_000 + page, NOW + page)),
    });
    expect(idsOf(pages)).toEqual(history(60).map(({ id }) => id));
  });

  it('puts right what comes in ascending order', async () => {
    const distinct = Array.from({ length: 150 }, (_, index) => eventAt(index, NOW - (index + 1) * HOUR));
    await using sandbox = await startLaunchDarklySandbox({ events: distinct });
    sandbox.faults.add({ type: 'ascending-order' });
    await using gateway = await startGateway([entryOf(sandbox)]);
    expect(idsOf(await walk(gateway, { size: 20 }))).toEqual(distinct.map(({ id }) => id));
    expect(idsOf(await walk(gateway, { size: 20, way: 'newer' }), 'newer')).toEqual(distinct.map(({ id }) => id));
  });

  // Both were first seen as a feed that was done with: the rest of it never came, and every later page called it OK.
  it.for<[string, Fault, number]>([
    ['fewer events than it counts, and no way on, once', { type: 'links-null' }, 1],
    ['so again and again for a while', { type: 'links-null' }, 4],
  ])('ends no walk when LaunchDarkly lists %s', async ([, fault, times]) => {
    await using sandbox = await startLaunchDarklySandbox({ events });
    await using gateway = await startGateway([entryOf(sandbox)]);
    for (const way of ['older', 'newer'] as const) {
      const pages = await walk(gateway, { size: 20, way, between: () => void sandbox.faults.add(fault, { times }) });
      sandbox.faults.clear();
      expect(idsOf(pages, way)).toEqual(await truth(sandbox));
    }
  });

  it('ends no walk when LaunchDarkly says neither how many events there are nor how to go on, for a call', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events });
    await using proxy = await startTamperingProxy(sandbox.url);
    await using gateway = await startGateway([{ ...entryOf(sandbox), url: proxy.url }]);
    proxy.tamper({ body: ({ items, ...page }, { index }) => (index % 3 === 1 ? { items } : { items, ...page }) });
    for (const size of [7, 20, 100]) expect(idsOf(await walk(gateway, { size }))).toEqual(await truth(sandbox));
  });

  it('ends where LaunchDarkly’s listing ends, also if that never says how many events there are', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events });
    await using proxy = await startTamperingProxy(sandbox.url);
    proxy.tamper({ body: ({ totalCount: _total, ...page }) => page });
    await using gateway = await startGateway([{ ...entryOf(sandbox), url: proxy.url }]);
    expect(idsOf(await walk(gateway, { size: 20 }))).toEqual(await truth(sandbox));
    expect(idsOf(await walk(gateway, { size: 20, way: 'newer' }), 'newer')).toEqual(await truth(sandbox));
  });

  it('ends where LaunchDarkly’s listing ends, also if that counts more than it lists', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events });
    await using proxy = await startTamperingProxy(sandbox.url);
    proxy.tamper({ body: ({ totalCount, ...page }) => ({ ...page, totalCount: Number(totalCount) + 3 }) });
    await using gateway = await startGateway([{ ...entryOf(sandbox), url: proxy.url }]);
    expect(idsOf(await walk(gateway, { size: 20 }))).toEqual(await truth(sandbox));
    expect(idsOf(await walk(gateway, { size: 20, way: 'newer' }), 'newer')).toEqual(await truth(sandbox));
  });

  it('says how far back it looks, and looks further when asked', async () => {
    await using sandbox = await startLaunchDarklySandbox({
      events: [eventAt(1, NOW - HOUR), eventAt(2, NOW - 50 * 24 * HOUR)],
    });
    await using gateway = await startGateway([{ ...entryOf(sandbox), historyDays: 30 }]);
    const page = await readPage(gateway, { first: 5 });
    expect(page.nodes).toHaveLength(1);
    const reach = Date.parse(page.sources[0]?.reachesBackTo ?? '');
    expect(Math.abs(reach - (Date.now() - 30 * 24 * HOUR))).toBeLessThan(HOUR);
    const deeper = await readPage(gateway, {
      first: 5,
      filter: { from: new Date(NOW - 60 * 24 * HOUR).toISOString() },
    });
    expect([deeper.nodes.length, deeper.sources[0]?.reachesBackTo]).toEqual([2, null]);
  });
});

describe('projects and environments', () => {
  const wide = [
    { ...eventAt(1, NOW - HOUR), environmentKey: 'production' },
    { ...eventAt(2, NOW - 2 * HOUR), environmentKey: 'staging' },
    globalEvent(3, NOW - 3 * HOUR),
    { ...eventAt(4, NOW - 4 * HOUR), projectKey: 'mobile', environmentKey: 'production' },
  ];
  const all = wide.map(({ id }) => id);

  it('are read in parallel, a change to every environment once per project', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: wide });
    await using gateway = await startGateway([
      { ...entryOf(sandbox), projects: ['default/production', 'default/staging', 'mobile/production'] },
    ]);
    expect(idsOf([await readPage(gateway, { first: 10 })])).toEqual(all);
    expect(
      sandbox.requests.map(({ query }) => [query.projectKey, query.environmentKey, query.global]).toSorted(),
    ).toEqual([
      ['default', 'production', 'include'],
      ['default', 'staging', 'exclude'],
      ['mobile', 'production', 'include'],
    ]);
  });

  // It went by a word of the event, so the changes moved to another place in the timeline while that word was unknown:
  // a page that ended among them made the next one pass over the others.
  it('keep their changes to every environment in one place, whatever LaunchDarkly calls the reason for their impact', async () => {
    const tied = [1, 2, 3, 4].map((number) => globalEvent(number, NOW - HOUR));
    await using sandbox = await startLaunchDarklySandbox({ events: [...tied, eventAt(5, NOW - HOUR)] });
    await using gateway = await startGateway([entryOf(sandbox)]);
    // The first page takes both: its last millisecond has to be read again, whole.
    sandbox.faults.add({ type: 'unknown-vocabulary' }, { times: 2 });
    const ids = idsOf(await walk(gateway, { size: 2 }));
    expect(ids).toEqual([4, 3, 2, 1, 5].map((number) => eventAt(number, 0).id));
  });

  it('are discovered behind `project/*`, once', async () => {
    const environments = { default: Array.from({ length: 25 }, (_, index) => `env-${index}`) };
    await using sandbox = await startLaunchDarklySandbox({ events: wide, environments });
    await using gateway = await startGateway([{ ...entryOf(sandbox), projects: ['default/*', 'mobile/*'] }]);
    expect(idsOf([await readPage(gateway, { first: 10 })])).toEqual(all);
    const discoveries = () => sandbox.requests.filter(({ path }) => path.endsWith('/environments')).length;
    const before = discoveries();
    await readPage(gateway, { first: 10 });
    expect(discoveries()).toBe(before);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/flag-events'))).toHaveLength(2 * (2 + 25 + 1));
  });

  it('that the filter leaves out are not asked', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: wide });
    await using gateway = await startGateway([
      { ...entryOf(sandbox), projects: ['default/production', 'default/staging', 'mobile/production'] },
    ]);
    const page = await readPage(gateway, { filter: { projects: ['default'], environments: ['staging'] } });
    expect(idsOf([page])).toEqual([wide[1]?.id]);
    expect(sandbox.requests).toHaveLength(1);
  });
});

describe('a filter over LaunchDarkly', () => {
  const mixed = [
    { ...eventAt(1, NOW - 1 * HOUR), flagKey: 'checkout', impact: { size: 'large' } },
    { ...eventAt(2, NOW - 2 * HOUR), flagKey: 'checkout-new', impact: { size: 'small' } },
    { ...eventAt(3, NOW - 3 * HOUR), flagKey: 'search', impact: { size: 'huge' }, eventType: 'disabled_targeting' },
    { ...eventAt(4, NOW - 4 * HOUR), flagKey: 'search', impact: {}, member: undefined },
    globalEvent(5, NOW - 5 * HOUR),
    {
      ...eventAt(6, NOW - 6 * HOUR),
      experiments: {
        totalCount: 1,
        items: [{ key: 'x', name: 'X', iteration: { id: 'i', status: 'running', startedAt: 1 } }],
      },
    },
  ] as FlagEventRep[];

  it.for<[string, Record<string, unknown>, number[], Record<string, string>]>([
    ['flag', { flagKeys: ['checkout'] }, [1], { query: 'checkout' }],
    ['flags', { flagKeys: ['checkout', 'search'] }, [1, 3, 4], {}],
    ['impact', { launchDarkly: { impactSizes: ['LARGE'] } }, [1], { impactSize: 'large' }],
    ['impacts', { launchDarkly: { impactSizes: ['SMALL', 'OTHER'] } }, [2, 3], {}],
    ['experiments', { launchDarkly: { hasExperiments: true } }, [6], { hasExperiments: 'true' }],
    ['no global changes', { launchDarkly: { global: false } }, [1, 2, 3, 4, 6], { global: 'exclude' }],
    ['global changes', { launchDarkly: { global: true } }, [5], { global: 'include' }],
    ['application', { launchDarkly: { applicationKeys: ['shop', 'app'] } }, [3, 4], { applicationKey: 'shop,app' }],
    ['type', { types: ['disabled_targeting'] }, [3], {}],
    ['kind', { kinds: ['DISABLED'] }, [3], {}],
    ['actor', { actors: ['RELEASE.MANAGER@example.com'] }, [1, 2, 3, 5, 6], {}],
    ['time', { from: iso(NOW - 4 * HOUR), to: iso(NOW - 2 * HOUR) }, [3, 4], {}],
    [
      'environment, which a global change has not',
      { environments: ['production'] },
      [1, 2, 3, 4, 6],
      { global: 'exclude' },
    ],
  ])('on %s gives exactly what matches, and asks LaunchDarkly to do what it can', async ([, filter, ids, query]) => {
    await using sandbox = await startLaunchDarklySandbox({ events: mixed, applications: { search: ['shop'] } });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const expected = ids.map((id) => eventAt(id, 0).id);
    expect(idsOf(await walk(gateway, { size: 2, filter }))).toEqual(expected);
    expect(sandbox.requests[0]?.query).toMatchObject(query);
    expect(idsOf(await walk(gateway, { size: 2, filter, way: 'newer' }), 'newer')).toEqual(expected);
  });

  it('is counted where LaunchDarkly applies all of it, or lists all of it on one page', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: mixed });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const total = (filter: string) => totalOf(gateway, filter);
    expect(await total('{}')).toBe(6);
    expect(await total('{ launchDarkly: { impactSizes: [LARGE] } }')).toBe(1);
    expect(await total('{ kinds: [ENABLED] }')).toBeNull();
    expect(await total('{ flagKeys: ["search"], kinds: [ENABLED] }')).toBeNull();
    // LaunchDarkly's own total has `checkout-new`, too.
    expect(await total('{ flagKeys: ["checkout"] }')).toBe(1);
    expect(await total('{ from: "2020-01-01T00:00:00Z" }')).toBe(6);
    expect(await total(`{ from: "${iso(NOW - 4 * HOUR)}", to: "${iso(NOW - 2 * HOUR)}" }`)).toBe(2);
    expect(await total(`{ from: "${iso(NOW - 4 * HOUR)}", environments: ["production"] }`)).toBe(
      mixed.filter(({ environmentKey, eventTime }) => environmentKey && eventTime >= NOW - 4 * HOUR).length,
    );
  });

  it('is counted in a window of any size, unless something has happened at its very ends', async () => {
    const events = Array.from({ length: 300 }, (_, index) => eventAt(index, NOW - index * 60_000 - 30_000));
    await using sandbox = await startLaunchDarklySandbox({ events });
    await using gateway = await startGateway([entryOf(sandbox)]);
    const [from, to] = [NOW - 250 * 60_000, NOW - 50 * 60_000];
    sandbox.requests.length = 0;
    expect(await totalOf(gateway, `{ from: "${iso(from)}", to: "${iso(to)}" }`)).toBe(200);
    expect(
      sandbox.requests.map(({ query }) => [Number(query.from) - from, Number(query.to) - to, query.limit]),
    ).toEqual([
      [-1, 0, '2'],
      [-1, 0, '100'],
      [0, -1, '1'],
    ]);
    for (const time of [from - 1, from, to - 1, to]) {
      await using busy = await startLaunchDarklySandbox({ events: [...events, eventAt(999, time)] });
      await using another = await startGateway([entryOf(busy)]);
      const isInside = time >= from && time < to;
      const said = await totalOf(another, `{ from: "${iso(from)}", to: "${iso(to)}" }`);
      expect([null, isInside ? 201 : 200]).toContain(said);
    }
    expect(await totalOf(gateway, '{ flagKeys: ["flag-1"] }')).toBe(60);
    const many = Array.from({ length: 101 }, (_, index) => eventAt(5 * index, NOW - index * 60_000));
    await using long = await startLaunchDarklySandbox({ events: many });
    await using yetAnother = await startGateway([entryOf(long)]);
    expect(await totalOf(yetAnother, '{ flagKeys: ["flag-0"] }')).toBeNull();
  });
});

async function totalOf(gateway: TestGateway, filter: string): Promise<number | null | undefined> {
  const { data } = await gateway.query<{ flagEvents: { totalCount: number | null } }>(
    `{ flagEvents(first: 1, filter: ${filter}) { totalCount } }`,
  );
  return data?.flagEvents.totalCount;
}

function entryOf({ token, url }: LaunchDarklySandbox) {
  return { vendor: 'launchdarkly', accessToken: token, url, projects: ['default/production'] };
}

function eventAt(number: number, eventTime: number): FlagEventRep {
  return createFlagEvent(number, eventTime, {
    flagKey: `flag-${number % 5}`,
    environmentId: '65baa44ecc4b5bce113bb4f8',
    member: { id: '1', email: 'release.manager@example.com', firstName: 'Release', lastName: 'Manager' },
  });
}

function globalEvent(number: number, eventTime: number): FlagEventRep {
  const { environmentId: _id, environmentKey: _key, ...event } = eventAt(number, eventTime);
  return { ...event, impact: { reason: 'global' } };
}

/** One event an hour, every sixth tied with the one before; in the order the sandbox keeps: newest first, then by id. */
function history(count: number): FlagEventRep[] {
  const hours = (index: number) => (index % 6 === 5 ? index - 1 : index) + 1;
  return Array.from({ length: count }, (_, index) => eventAt(index, NOW - hours(index) * HOUR)).toSorted(
    (a, b) => b.eventTime - a.eventTime || (a.id < b.id ? 1 : -1),
  );
}

/** The order in which the sandbox itself lists its events. */
async function expectedIds(events: readonly FlagEventRep[], sandbox: LaunchDarklySandbox): Promise<string[]> {
  const ids: string[] = [];
  let next: string | undefined = '/api/v2/engineering-insights/flag-events?';
  while (next !== undefined) {
    const after: string | null = new URL(next, sandbox.url).searchParams.get('after');
    const query = `projectKey=default&environmentKey=production&limit=100&from=1&to=${NOW + HOUR}${after ? `&after=${after}` : ''}`;
    const answer = await fetch(`${sandbox.url}/api/v2/engineering-insights/flag-events?${query}`, {
      headers: { authorization: sandbox.token, 'ld-api-version': 'beta' },
    });
    const page = (await answer.json()) as { items: FlagEventRep[]; _links: { next?: { href: string } } };
    ids.push(...page.items.map(({ id }) => id));
    next = page._links.next?.href;
  }
  expect(ids).toHaveLength(events.length);
  return ids;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
