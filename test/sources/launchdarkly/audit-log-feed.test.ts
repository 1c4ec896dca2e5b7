import { describe, expect, it } from 'vitest';
import {
  type AuditLogEntryRep,
  type LaunchDarklySandbox,
  type LaunchDarklySandboxOptions,
  startLaunchDarklySandbox,
} from '../../../src/sources/launchdarkly/sandbox.ts';
import { createEntry, entryId } from '../../support/audit-log-entry.ts';
import { createFlagEvent } from '../../support/flag-event.ts';
import { type GraphQLAnswer, startGateway, type TestGateway } from '../../support/gateway.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.now();

interface Page {
  flagEvents: {
    nodes: Record<string, unknown>[];
    pageInfo: { hasNextPage: boolean; endCursor: string; hasPreviousPage: boolean; startCursor: string };
    sources: Record<string, unknown>[];
    totalCount: number | null;
  } | null;
}

/** So many entries, three in each millisecond, ten minutes apart. */
function entries(count: number, rest: (number: number) => Partial<AuditLogEntryRep> = () => ({})): AuditLogEntryRep[] {
  return Array.from({ length: count }, (_, number) =>
    createEntry(number, NOW - HOUR - Math.floor(number / 3) * 10 * MINUTE, rest(number)),
  );
}

/** Newest first; of one millisecond the larger id. */
function idsOf(log: readonly AuditLogEntryRep[]): string[] {
  return log.toSorted((a, b) => b.date - a.date || (a._id < b._id ? 1 : -1)).map(({ _id }) => _id);
}

function accessesTo(flag: string, environments: readonly string[], action = 'updateOn') {
  return { accesses: environments.map((key) => ({ action, resource: `proj/default:env/${key}:flag/${flag}` })) };
}

describe('LaunchDarkly’s audit log, as a feed', () => {
  it.for<[string, LaunchDarklySandboxOptions['auditLogRules']]>([
    ['ends of windows left out', {}],
    ['ends of windows included', { ends: 'inclusive' }],
    ['no links after a search', { linksOfSearch: false }],
    ['ties in another sequence at every call', { shufflesTies: true }],
  ])('is walked whole, ties at every page end, both ways: %s', async ([, auditLogRules]) => {
    const log = entries(70);
    await using own = await start({ auditLog: log, auditLogRules: auditLogRules ?? {} });
    for (const size of [1, 2, 7, 19, 20, 21, 50, 100]) {
      expect(await walk(own.gateway, size, 'first')).toEqual(idsOf(log));
      expect(await walk(own.gateway, size, 'last')).toEqual(idsOf(log));
    }
  });

  it('costs a call for twenty entries, and for a large page two more round trips of a count and its windows', async () => {
    const log = entries(200);
    await using own = await start({ auditLog: log });
    const callsOf = async (first: number) => {
      const { data } = await own.gateway.query<Page>(`{ flagEvents(first: ${first}) { nodes { id } } }`);
      expect(data?.flagEvents?.nodes).toHaveLength(first);
      return own.calls().map(({ method, path }) => `${method} ${path.replace(/^.*auditlog/, 'auditlog')}`);
    };
    expect(await callsOf(10)).toEqual(['GET auditlog']);
    expect(await callsOf(20)).toEqual(['GET auditlog', 'GET auditlog']);
    expect(await callsOf(100)).toEqual([
      'GET auditlog',
      'POST auditlog/counts',
      ...Array.from({ length: 6 }, () => 'GET auditlog'),
    ]);
  });

  it('reads the windows of a large page at once', async () => {
    await using own = await start({ auditLog: entries(200) });
    own.sandbox.faults.add({ type: 'slow', delayMs: 100 });
    const startedAt = performance.now();
    const { data } = await own.gateway.query<Page>('{ flagEvents(first: 100) { nodes { id } } }');
    expect(data?.flagEvents?.nodes).toHaveLength(100);
    expect(performance.now() - startedAt).toBeLessThan(5 * 100);
  });

  it.for([
    [{ type: 'unavailable' }],
    [{ type: 'answer', status: 404, body: {} }],
    [{ type: 'answer', status: 200, body: { buckets: [{ timestamp: -5, count: 1e9 }], bucketIntervalMs: 1 } }],
    [{ type: 'answer', status: 200, body: { buckets: [], bucketIntervalMs: 60_000 } }],
  ] as const)('loses nothing where the counts are no use: %o', async ([fault]) => {
    const log = entries(120);
    await using own = await start({ auditLog: log });
    own.sandbox.faults.add(fault, { when: ({ path }) => path.endsWith('/counts') });
    expect(await walk(own.gateway, 100, 'first')).toEqual(idsOf(log));
  });

  it('gives one change once, though it touches several environments', async () => {
    const log = [
      createEntry(1, NOW - HOUR, accessesTo('a', ['production', 'staging'])),
      createEntry(2, NOW - 2 * HOUR, accessesTo('b', ['staging'])),
    ];
    await using own = await start({ auditLog: log });
    const { data } = await own.gateway.query<Page>(
      '{ flagEvents { nodes { flag { key } environment { key } project { key } } } }',
    );
    expect(data?.flagEvents?.nodes).toEqual([
      { flag: { key: 'a' }, environment: null, project: { key: 'default' } },
      { flag: { key: 'b' }, environment: { key: 'staging' }, project: { key: 'default' } },
    ]);
  });

  it('says all that an event has, and why there is no impact', async () => {
    const entry = createEntry(1, NOW - HOUR, {
      ...accessesTo('a', ['production']),
      description: '* Turned **on**',
      titleVerb: 'turned off the flag',
      token: { name: 'pipeline', ending: 'w8Kd' },
      previousVersion: { on: true },
      currentVersion: { on: false },
    });
    await using own = await start({ auditLog: [entry] });
    const answer = await own.gateway.query<Page>(`{ flagEvents { totalCount
      nodes { occurredAt kind type title url actor { name kind } ... on LaunchDarklyFlagEvent {
        eventId description actions auditLogEntryId member { id }
        impact { size percentage reason evaluationsSummary { variations { value } } }
        experiments { nodes { key } }
        auditLogEntry { id comment } } }
      sources { status notices missingDetails totalCount } } }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.flagEvents).toEqual({
      totalCount: null,
      nodes: [
        {
          occurredAt: new Date(NOW - HOUR).toISOString(),
          kind: 'DISABLED',
          type: 'updateOn',
          title: 'Turned off the flag',
          url: `${own.sandbox.url}/default/production/features/a`,
          actor: { name: 'pipeline', kind: 'TOKEN' },
          eventId: entryId(1),
          description: '- Turned on',
          actions: ['updateOn'],
          auditLogEntryId: entryId(1),
          member: null,
          impact: { size: null, percentage: null, reason: null, evaluationsSummary: null },
          experiments: null,
          auditLogEntry: { id: entryId(1), comment: 'Reason 1' },
        },
      ],
      sources: [
        {
          status: 'OK',
          missingDetails: 0,
          totalCount: null,
          notices: [
            'LaunchDarkly’s audit log is read in place of its flag events: it has every change of a flag, and neither `impact` nor `experiments`.',
          ],
        },
      ],
    });
    // The page brought the entry along.
    expect(own.calls()).toHaveLength(1);
  });

  it('asks only for the changes when an entry’s versions are wanted', async () => {
    await using own = await start({
      auditLog: [createEntry(1, NOW - HOUR, { previousVersion: { on: true }, currentVersion: { on: false } })],
    });
    const { data } = await own.gateway.query<Page>(
      '{ flagEvents { nodes { ... on LaunchDarklyFlagEvent { auditLogEntry { changes { path before after } } } } } }',
    );
    expect(data?.flagEvents?.nodes).toEqual([
      { auditLogEntry: { changes: [{ path: ['on'], before: true, after: false }] } },
    ]);
    expect(own.calls().map(({ path }) => path)).toEqual(['/api/v2/auditlog', `/api/v2/auditlog/${entryId(1)}`]);
  });

  it.for<[string, string, object]>([
    ['one flag', 'flagKeys: ["a"]', { query: { spec: 'proj/default:env/*:flag/a' } }],
    [
      'two flags in one environment',
      'flagKeys: ["a", "b"], environments: ["production"]',
      {
        body: [
          {
            effect: 'allow',
            resources: ['proj/default:env/production:flag/a', 'proj/default:env/production:flag/b'],
          },
        ],
      },
    ],
    [
      'kinds',
      'kinds: [ENABLED]',
      { body: [{ effect: 'allow', resources: ['proj/default:env/*:flag/*'], actions: ['updateOn', 'toggleFlag'] }] },
    ],
    [
      'types',
      'types: ["updateRules"]',
      { body: [{ effect: 'allow', resources: ['proj/default:env/*:flag/*'], actions: ['updateRules'] }] },
    ],
    ['kinds that may be anything', 'kinds: [OTHER]', { query: { spec: 'proj/default:env/*:flag/*' } }],
  ])('is asked for no more than a filter lets through: %s', async ([, filter, expected]) => {
    await using own = await start({ auditLog: entries(3) });
    await own.gateway.query(`{ flagEvents(filter: { ${filter} }) { nodes { id } } }`);
    expect(own.calls()[0]).toMatchObject(expected);
  });

  it('is checked here all the same', async () => {
    const log = [
      createEntry(1, NOW - HOUR, { ...accessesTo('a', ['production']), titleVerb: 'turned on the flag' }),
      createEntry(2, NOW - 2 * HOUR, { ...accessesTo('b', ['production']), titleVerb: 'turned off the flag' }),
      createEntry(3, NOW - 3 * HOUR, accessesTo('c', ['staging'], 'updateRules')),
      createEntry(4, NOW - 4 * HOUR, { ...accessesTo('d', ['staging']), member: { email: 'ann@example.com' } }),
    ];
    await using own = await start({ auditLog: log });
    const flagsOf = async (filter: string) => {
      const { data } = await own.gateway.query<Page>(
        `{ flagEvents(filter: { ${filter} }) { nodes { flag { key } } } }`,
      );
      return data?.flagEvents?.nodes.map((node) => (node.flag as { key: string }).key).join('');
    };
    expect(await flagsOf('kinds: [DISABLED]')).toBe('b');
    expect(await flagsOf('kinds: [TARGETING_CHANGED]')).toBe('c');
    expect(await flagsOf('types: ["updateOn"]')).toBe('abd');
    expect(await flagsOf('environments: ["staging"]')).toBe('cd');
    expect(await flagsOf('actors: ["ANN@example.com"]')).toBe('d');
    expect(
      await flagsOf(`from: "${new Date(NOW - 3 * HOUR).toISOString()}", to: "${new Date(NOW - HOUR).toISOString()}"`),
    ).toBe('bc');
  });

  it.for([
    ['launchDarkly: { impactSizes: [LARGE] }'],
    ['launchDarkly: { hasExperiments: false }'],
    ['launchDarkly: { applicationKeys: ["app"] }'],
    ['kinds: [IMPORTED]'],
    ['projects: ["other"]'],
  ])('is not asked for what it cannot know: %s', async ([filter]) => {
    await using own = await start({ auditLog: entries(3) });
    const { data } = await own.gateway.query<Page>(`{ flagEvents(filter: { ${filter} }) { nodes { id } } }`);
    expect([data?.flagEvents?.nodes, own.calls()]).toEqual([[], []]);
  });

  it('gives its events again by their ids, batched, and nobody else’s', async () => {
    const log = [
      ...entries(20),
      createEntry(900, NOW - HOUR, { accesses: [{ action: 'a', resource: 'proj/secret:env/e:flag/f' }] }),
    ];
    await using own = await start({ auditLog: log });
    const { data } = await own.gateway.query<Page>('{ flagEvents(first: 20) { nodes { id } } }');
    own.calls();
    const ids = data?.flagEvents?.nodes.map(({ id }) => String(id)) ?? [];
    const [source, feed] = JSON.parse(atob(ids[0] ?? '').replace(/^[^:]*:/, ''));
    const guessed = btoa(`LaunchDarklyFlagEvent:${JSON.stringify([source, feed, NOW - HOUR, entryId(900)])}`);
    const again = await own.gateway.query<{ nodes: ({ id: string } | null)[] }>(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      { ids: [...ids, guessed] },
    );
    expect(again.data?.nodes.map((node) => node?.id ?? null)).toEqual([...ids, null]);
    const path = '/api/v2/auditlog';
    expect(own.calls().map((call) => call.path)).toEqual([path, path, `${path}/${entryId(900)}`]);
  });

  it('fails as a source of its own, and says so', async () => {
    await using own = await start({ auditLog: entries(3) });
    own.sandbox.faults.add({ type: 'answer', status: 403, body: {} });
    const { data, errors } = await own.gateway.query<Page>('{ flagEvents { nodes { id } } }');
    expect(data?.flagEvents).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_REJECTED' } }]);
  });
});

describe('which of LaunchDarkly’s logs is read', () => {
  const QUERY = '{ flagEvents(first: 3) { nodes { flag { key } } sources { status notices failure { code } } } }';
  const events = [createFlagEvent(1, NOW - HOUR)];
  const auditLog = [createEntry(7, NOW - HOUR)];
  const names = (calls: LaunchDarklySandbox['requests']) => calls.map(({ path }) => path.split('/').at(-1));
  const ask = async ({ gateway }: Own) => {
    const { data, errors } = await gateway.query<Page>(QUERY);
    const [source] = data?.flagEvents?.sources ?? [];
    return {
      flags: data?.flagEvents?.nodes.map((node) => (node.flag as { key: string }).key),
      status: source?.status ?? errors?.[0]?.extensions?.code,
      hasNotice: (source?.notices as string[] | undefined)?.length === 1,
    };
  };

  it('is the one with flag events by default, and nothing is asked to find that out', async () => {
    await using own = await start({ events, auditLog }, 'auto');
    expect(await ask(own)).toEqual({ flags: ['flag-1'], status: 'OK', hasNotice: false });
    expect(names(own.calls())).toEqual(['flag-events']);
    await ask(own);
    expect(names(own.calls())).toEqual(['flag-events']);
  });

  it.for([[403], [404]])('is the audit log where flag events are refused with %i', async ([status = 0]) => {
    await using own = await start({ events, auditLog }, 'auto');
    own.sandbox.faults.add({ type: 'answer', status, body: {} }, { when: isFlagEvents });
    expect(await ask(own)).toEqual({ flags: ['flag-7'], status: 'OK', hasNotice: true });
    expect(names(own.calls())).toEqual(['flag-events', 'flag-events', 'auditlog', 'auditlog']);
    // Known for a while.
    expect(await ask(own)).toEqual({ flags: ['flag-7'], status: 'OK', hasNotice: true });
    expect(names(own.calls())).toEqual(['auditlog']);
  });

  it('is the audit log where there is not one flag event, and there are changes', async () => {
    await using own = await start({ events: [], auditLog }, 'auto');
    expect(await ask(own)).toEqual({ flags: ['flag-7'], status: 'OK', hasNotice: true });
  });

  it('stays the one with flag events where both are empty', async () => {
    await using own = await start({ events: [], auditLog: [] }, 'auto');
    expect(await ask(own)).toEqual({ flags: [], status: 'OK', hasNotice: false });
  });

  it('hides no mistake in the settings, and no outage, behind the audit log', async () => {
    await using own = await start({ events, auditLog: [] }, 'auto');
    const undo = own.sandbox.faults.add({ type: 'answer', status: 404, body: {} }, { when: isFlagEvents });
    expect((await ask(own)).status).toBe('UPSTREAM_UNAVAILABLE');
    undo();
    await using other = await start({ events, auditLog }, 'auto');
    other.sandbox.faults.add({ type: 'unavailable' }, { when: isFlagEvents });
    expect((await ask(other)).status).toBe('UPSTREAM_UNAVAILABLE');
    expect(names(other.calls())).not.toContain('auditlog');
  });

  it('is found out again once flag events are refused', async () => {
    await using own = await start({ events, auditLog }, 'auto');
    await ask(own);
    own.sandbox.faults.add({ type: 'answer', status: 403, body: {} }, { when: isFlagEvents });
    expect((await ask(own)).status).toBe('UPSTREAM_REJECTED');
    expect(await ask(own)).toEqual({ flags: ['flag-7'], status: 'OK', hasNotice: true });
  });

  it('changes nothing for a reader who is on their way', async () => {
    const log = entries(30);
    await using own = await start({ events: [], auditLog: log }, 'auto');
    expect(await walk(own.gateway, 7, 'first')).toEqual(idsOf(log));
  });

  it.for([
    ['insights', ['flag-1']],
    ['auditlog', ['flag-7']],
  ] as const)('is what the settings say: %s', async ([eventsApi, flags]) => {
    await using own = await start({ events, auditLog }, eventsApi);
    expect((await ask(own)).flags).toEqual(flags);
    expect(own.calls()).toHaveLength(1);
  });
});

function isFlagEvents({ path }: { path: string }): boolean {
  return path.endsWith('/flag-events');
}

interface Own extends AsyncDisposable {
  sandbox: LaunchDarklySandbox;
  gateway: TestGateway;
  /** What was asked since the last call. */
  calls(): LaunchDarklySandbox['requests'];
}

async function start(options: LaunchDarklySandboxOptions, eventsApi = 'auditlog'): Promise<Own> {
  await using stack = new AsyncDisposableStack();
  const environments = { default: ['production'] };
  const sandbox = stack.use(await startLaunchDarklySandbox({ events: [], environments, ...options }));
  const projects = [eventsApi === 'auditlog' ? 'default/*' : 'default/production'];
  const gateway = stack.use(
    await startGateway([{ vendor: 'launchdarkly', accessToken: sandbox.token, url: sandbox.url, projects, eventsApi }]),
  );
  const owned = stack.move();
  return {
    sandbox,
    gateway,
    calls: () => sandbox.requests.splice(0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The ids of all events, newest first, read page by page. */
async function walk(gateway: TestGateway, size: number, way: 'first' | 'last'): Promise<string[]> {
  const ids: string[] = [];
  const place = way === 'first' ? 'after' : 'before';
  const from = new Date(NOW - 48 * HOUR).toISOString();
  const query = `query ($cursor: String) { flagEvents(${way}: ${size}, ${place}: $cursor, filter: { from: "${from}" }) {
    nodes { ... on LaunchDarklyFlagEvent { eventId } } pageInfo { hasNextPage endCursor hasPreviousPage startCursor } } }`;
  let cursor: string | null = null;
  do {
    const answer: GraphQLAnswer<Page> = await gateway.query<Page>(query, { cursor });
    expect(answer.errors).toBeUndefined();
    const page: Page['flagEvents'] = answer.data?.flagEvents ?? null;
    const own = page?.nodes.map(({ eventId }) => String(eventId)) ?? [];
    ids.splice(way === 'first' ? ids.length : 0, 0, ...own);
    const { endCursor = null, hasNextPage, hasPreviousPage, startCursor = null } = page?.pageInfo ?? {};
    cursor = way === 'first' ? (hasNextPage ? endCursor : null) : hasPreviousPage ? startCursor : null;
  } while (cursor !== null);
  return ids;
}
