import { createClient } from 'graphql-sse';
import { describe, expect, it } from 'vitest';
import {
  type AuditLogEntryRep,
  type FlagEventRep,
  type LaunchDarklySandbox,
  type LaunchDarklySandboxOptions,
  startLaunchDarklySandbox,
} from '../src/sources/launchdarkly/sandbox.ts';
import { createEntry, entryId } from './support/audit-log-entry.ts';
import { createFlagEvent } from './support/flag-event.ts';
import { startGateway, type TestGateway } from './support/gateway.ts';

const HOUR = 60 * 60_000;
const NOW = Date.now();
const ENTRY = '... on LaunchDarklyFlagEvent { auditLogEntry { id comment } }';
const REPORT = 'sources { status missingDetails detailsFailure { code retryAfterSeconds } }';

interface Node {
  id: string;
  kind?: string;
  actor?: { name: string; kind: string } | null;
  auditLogEntry?: Entry | null;
}
interface Entry {
  id: string;
  comment: string | null;
  title: string;
  description: string | null;
  url: string | null;
  actor: { name: string; email: string | null; kind: string } | null;
  changes: { path: string[]; before: unknown; after: unknown }[] | null;
}
interface Report {
  status: string;
  missingDetails: number;
  detailsFailure: { code: string; retryAfterSeconds: number | null } | null;
}
type Page = { flagEvents: { nodes: Node[]; sources: Report[] } };

describe('LaunchDarklyFlagEvent.auditLogEntry', () => {
  it.for<[string, number, string, string[]]>([
    ['20 events without it', 20, 'id', []],
    ['20 events', 20, ENTRY, times(2, 'POST auditlog')],
    ['100 events', 100, ENTRY, times(7, 'POST auditlog')],
    ['one event', 1, ENTRY, ['GET auditlog/{id}']],
    [
      '20 events with their changes',
      20,
      '... on LaunchDarklyFlagEvent { auditLogEntry { comment changes { path } } }',
      [...times(2, 'POST auditlog'), ...times(20, 'GET auditlog/{id}')],
    ],
    [
      'one event with its changes',
      1,
      '... on LaunchDarklyFlagEvent { auditLogEntry { changes { path } } }',
      ['GET auditlog/{id}'],
    ],
    ['20 events with its better words', 20, `kind actor { name } ${ENTRY}`, times(2, 'POST auditlog')],
  ])('costs exactly what it needs: %s', async ([, first, fields, calls]) => {
    await using own = await start(first);
    const { data, errors } = await own.query(`{ flagEvents(first: ${first}) { nodes { id ${fields} } ${REPORT} } }`);
    expect(errors).toBeUndefined();
    expect(data?.flagEvents.nodes).toHaveLength(first);
    expect(data?.flagEvents.sources).toEqual([{ status: 'OK', missingDetails: 0, detailsFailure: null }]);
    expect(own.calls()).toEqual(['GET flag-events', ...calls]);
    if (fields === ENTRY) expect(data?.flagEvents.nodes.map(commentOf)).toEqual(reasons(first));
  });

  it('is asked for in one round trip, however many events', async () => {
    await using own = await start(100);
    own.sandbox.faults.add({ type: 'slow', delayMs: 150 }, { when: isSearch });
    const startedAt = performance.now();
    const { data } = await own.query(`{ flagEvents(first: 100) { nodes { ${ENTRY} } } }`);
    expect(performance.now() - startedAt).toBeLessThan(2 * 150 + 400);
    expect(data?.flagEvents.nodes.map(commentOf)).toEqual(reasons(100));
  });

  it('comes after the page when deferred, for the whole page together', async () => {
    await using own = await start(20);
    const parts: { incremental?: { data?: Node }[] }[] = [];
    const query = `{ flagEvents(first: 20) { nodes { id kind ... on LaunchDarklyFlagEvent @defer { auditLogEntry { comment } } } ${REPORT} } }`;
    for await (const part of createClient({ url: own.gateway.url }).iterate({ query })) parts.push(part as never);
    const late = parts.flatMap(({ incremental = [] }) => incremental.flatMap(({ data }) => data ?? []));
    expect(late.map(commentOf).toSorted()).toEqual(reasons(20).toSorted());
    expect(own.calls()).toEqual(['GET flag-events', ...times(2, 'POST auditlog')]);
  });

  it('comes with events that are fetched by id, batched', async () => {
    await using own = await start(20);
    const { data } = await own.query('{ flagEvents(first: 20) { nodes { id } } }');
    own.calls();
    const again = await own.gateway.query<{ nodes: Node[] }>(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { id ${ENTRY} } }`,
      { ids: data?.flagEvents.nodes.map(({ id }) => id) },
    );
    expect(again.data?.nodes.map(commentOf)).toEqual(reasons(20));
    expect(own.calls()).toEqual(['GET flag-events', ...times(2, 'POST auditlog')]);
  });

  it('is searched for among the event’s own flags, environments and actions, five seconds around them', async () => {
    await using own = await start(2, {
      rest: (number) =>
        number === 0 ? { actions: ['updateRules'], environmentKey: undefined } : { actions: ['updateOn'] },
    });
    await own.query(`{ flagEvents(first: 2) { nodes { ${ENTRY} } } }`);
    const search = own.sandbox.requests.find(isSearch);
    expect(search).toMatchObject({
      query: { limit: '20', after: String(NOW - 2 * HOUR - 5_001), before: String(NOW - HOUR + 5_001) },
      headers: { 'ld-api-version': '20240415', 'content-type': 'application/json' },
      body: [
        {
          effect: 'allow',
          resources: ['proj/default:env/*:flag/flag-0', 'proj/default:env/production:flag/flag-1'],
          actions: ['updateRules', 'updateOn'],
        },
      ],
    });
  });

  it('asks for no resource that a strange key would turn into another one', async () => {
    await using own = await start(2, { rest: (number) => ({ flagKey: number === 0 ? 'a:flag/*;x' : 'b' }) });
    await own.query(`{ flagEvents(first: 2) { nodes { ${ENTRY} } } }`);
    expect(own.sandbox.requests.find(isSearch)?.body).toMatchObject([
      { resources: ['proj/default:env/production:flag/*', 'proj/default:env/production:flag/b'] },
    ]);
  });

  it('is null for an event that names none, and then asks nobody', async () => {
    await using own = await start(3, { rest: () => ({ auditLogEntryId: undefined }) });
    const { data } = await own.query(`{ flagEvents(first: 3) { nodes { kind ${ENTRY} } ${REPORT} } }`);
    expect(data?.flagEvents.nodes.map(({ auditLogEntry }) => auditLogEntry)).toEqual([null, null, null]);
    expect(data?.flagEvents.sources[0]?.missingDetails).toBe(0);
    expect(own.calls()).toEqual(['GET flag-events']);
  });

  it('is one entry for the events of several environments, told apart by its id where it has changes of each', async () => {
    const rest = (number: number) => ({
      eventTime: NOW - HOUR,
      flagKey: 'flag-0',
      auditLogEntryId: entryId(1),
      environmentKey: ['production', 'staging'][number % 2],
    });
    const accesses = ['production', 'staging'].map((key) => ({
      action: 'updateOn',
      resource: `proj/default:env/${key}:flag/flag-0`,
    }));
    await using own = await start(2, {
      rest,
      entries: [createEntry(1, NOW - HOUR, { accesses })],
      environments: ['production', 'staging'],
    });
    const { data } = await own.query(`{ flagEvents(first: 2) { nodes { ${ENTRY} } } }`);
    expect(data?.flagEvents.nodes.map(({ auditLogEntry }) => auditLogEntry)).toEqual([
      { id: `${entryId(1)}/production`, comment: 'Reason 1' },
      { id: `${entryId(1)}/staging`, comment: 'Reason 1' },
    ]);
    expect(own.calls()).toEqual(['GET flag-events', 'GET flag-events', 'GET auditlog/{id}']);
  });

  it('is found on the second page where strangers fill the first, and by id where it lies elsewhere', async () => {
    const strangers = Array.from({ length: 25 }, (_, index) =>
      createEntry(500 + index, NOW - HOUR - 1, {
        accesses: [{ action: 'updateOn', resource: 'proj/default:env/production:flag/flag-0' }],
      }),
    );
    const entries = [
      createEntry(0, NOW - HOUR),
      createEntry(1, NOW - 5 * HOUR),
      createEntry(2, NOW - 3 * HOUR),
      ...strangers,
    ];
    await using own = await start(3, { entries });
    const { data } = await own.query(`{ flagEvents(first: 3) { nodes { ${ENTRY} } ${REPORT} } }`);
    expect(data?.flagEvents.nodes.map(commentOf)).toEqual(reasons(3));
    expect(own.calls()).toEqual([
      'GET flag-events',
      'POST auditlog',
      'POST auditlog',
      ...times(2, 'GET auditlog/{id}'),
    ]);
  });

  it('is null and counted where LaunchDarkly has none; no more than four are asked for by id', async () => {
    await using own = await start(20, { entries: [] });
    const answer = await own.query(`{ flagEvents(first: 20) { nodes { ${ENTRY} } ${REPORT} } }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.flagEvents.nodes.every(({ auditLogEntry }) => auditLogEntry === null)).toBe(true);
    expect(answer.data?.flagEvents.sources).toMatchObject([{ status: 'OK', missingDetails: 20 }]);
    expect(own.calls()).toEqual(['GET flag-events', ...times(2, 'POST auditlog'), ...times(4, 'GET auditlog/{id}')]);
  });

  it('is null as long as it is not readable yet, which makes no page partial', async () => {
    let now = NOW;
    await using own = await start(1, { now: () => now, entries: [createEntry(0, NOW - HOUR)], delayMs: HOUR + 5_000 });
    const query = `{ flagEvents(first: 1) { nodes { ${ENTRY} } ${REPORT} } }`;
    const early = await own.query(query);
    expect(early.data?.flagEvents).toEqual({
      nodes: [{ auditLogEntry: null }],
      sources: [
        { status: 'OK', missingDetails: 1, detailsFailure: { code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: null } },
      ],
    });
    expect(early.extensions).toBeUndefined();
    now += 10_000;
    expect((await own.query(query)).data?.flagEvents.nodes.map(commentOf)).toEqual(reasons(1));
  });

  it.for<[string, Parameters<LaunchDarklySandbox['faults']['add']>[0], string]>([
    ['limits the rate of that route', { type: 'rate-limited-retry-after', seconds: 60 }, 'UPSTREAM_RATE_LIMITED'],
    ['fails', { type: 'unavailable' }, 'UPSTREAM_UNAVAILABLE'],
    ['refuses', { type: 'answer', status: 403, body: {} }, 'UPSTREAM_REJECTED'],
    ['answers nonsense', { type: 'answer', status: 200, body: 'no' }, 'UPSTREAM_UNAVAILABLE'],
  ])('leaves the page whole where LaunchDarkly %s: null, and a mark', async ([, fault, code]) => {
    await using own = await start(20);
    own.sandbox.faults.add(fault, { when: isSearch });
    const answer = await own.query(`{ flagEvents(first: 20) { nodes { id kind ${ENTRY} } ${REPORT} } }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.flagEvents.nodes.map(({ auditLogEntry }) => auditLogEntry)).toEqual(times(20, null));
    expect(answer.data?.flagEvents.sources).toMatchObject([
      { status: 'OK', missingDetails: 20, detailsFailure: { code } },
    ]);
    expect(answer.extensions).toEqual({ partial: true });
  });

  it('keeps the page even when its route alone has no answer at all, again and again', async () => {
    await using own = await start(20, { requestTimeoutMs: 1_000 });
    own.sandbox.faults.add({ type: 'slow', delayMs: 60_000 }, { when: isSearch });
    for (let time = 0; time < 3; time += 1) {
      const answer = await own.query(`{ flagEvents(first: 20) { nodes { ${ENTRY} } ${REPORT} } }`);
      expect(answer.data?.flagEvents.nodes).toHaveLength(20);
      expect(answer.data?.flagEvents.sources).toMatchObject([{ status: 'OK', missingDetails: 20 }]);
    }
    const { data } = await own.query(`{ flagEvents(first: 20) { nodes { id } sources { status } } }`);
    expect(data?.flagEvents.sources).toEqual([{ status: 'OK' }]);
  });

  it('is remembered, where pages are', async () => {
    await using own = await start(20, { pageCacheMs: 60_000 });
    await own.query(`{ flagEvents(first: 20) { nodes { ${ENTRY} } } }`);
    own.calls();
    const { data } = await own.query(`{ flagEvents(first: 19) { nodes { ${ENTRY} } } }`);
    expect(data?.flagEvents.nodes.map(commentOf)).toEqual(reasons(19));
    expect(own.calls()).toEqual(['GET flag-events']);
  });
});

describe('LaunchDarklyAuditLogEntry', () => {
  it('says who, why and what in plain text, without addresses, the ends of tokens and what triggers sent', async () => {
    const entry = createEntry(0, NOW - HOUR, {
      title:
        '[Ann Lee](mailto:ann@example.com) turned on the flag [New \\_checkout\\_](https://app.launchdarkly.com/x) in `Production`',
      description: '* Changed `off variation` from ~~true~~ to **false**\n* Maintainer is bob.b@example.co.uk',
      comment: ' Because. ',
      token: { _id: 't', name: 'pipeline', ending: 'w8Kd', serviceToken: true },
      triggerBody: { secretOfTrigger: 'w8Kd' },
      _links: { site: { href: '/default/production/features/flag-0', type: 'text/html' } },
    });
    await using own = await start(1, { entries: [entry] });
    const answer = await own.query(
      '{ flagEvents(first: 1) { nodes { ... on LaunchDarklyFlagEvent { auditLogEntry { id title description comment url actor { name email kind } } } } } }',
    );
    expect(answer.data?.flagEvents.nodes[0]?.auditLogEntry).toEqual({
      id: entryId(0),
      title: 'Ann Lee turned on the flag New _checkout_ in Production',
      description: '- Changed off variation from [removed: true] to false\n- Maintainer is [e-mail address]',
      comment: 'Because.',
      url: `${own.sandbox.url}/default/production/features/flag-0`,
      actor: { name: 'pipeline', email: null, kind: 'TOKEN' },
    });
    expect(JSON.stringify(answer)).not.toContain('w8Kd');
  });

  it.for([[''], [null], [undefined], ['   ']])('has no comment where LaunchDarkly has %o', async ([comment]) => {
    await using own = await start(1, { entries: [createEntry(0, NOW - HOUR, { comment: comment as never })] });
    const { data } = await own.query(`{ flagEvents(first: 1) { nodes { ${ENTRY} } } }`);
    expect(data?.flagEvents.nodes[0]?.auditLogEntry?.comment).toBeNull();
  });

  it.for<[string, Partial<AuditLogEntryRep>, unknown]>([
    [
      'a member',
      { member: { email: 'ann@example.com', firstName: 'Ann', lastName: 'Lee' }, token: { name: 'personal' } },
      { name: 'Ann Lee', email: 'ann@example.com', kind: 'PERSON' },
    ],
    [
      'a member without a name',
      { member: { email: 'a@example.com' } },
      { name: 'a@example.com', email: 'a@example.com', kind: 'PERSON' },
    ],
    ['an app', { app: { name: 'Okta', isScim: true } }, { name: 'Okta', email: null, kind: 'TOKEN' }],
    [
      'a token without a name',
      { token: { ending: 'abcd' }, subject: { name: 'ci' } },
      { name: 'ci', email: null, kind: 'TOKEN' },
    ],
    ['somebody', { subject: { name: 'LaunchDarkly' } }, { name: 'LaunchDarkly', email: null, kind: 'UNKNOWN' }],
    ['nobody', { member: null as never }, null],
  ])('names %s', async ([, rest, actor]) => {
    await using own = await start(1, { entries: [createEntry(0, NOW - HOUR, rest)] });
    const { data } = await own.query(
      '{ flagEvents(first: 1) { nodes { ... on LaunchDarklyFlagEvent { auditLogEntry { actor { name email kind } } } } } }',
    );
    expect(data?.flagEvents.nodes[0]?.auditLogEntry?.actor).toEqual(actor);
  });

  it.for([
    ['/a/b', '/a/b'],
    ['//evil.example/a', '//evil.example/a'],
    ['https://evil.example/a', null],
    ['javascript:alert(1)', null],
    [undefined, null],
  ])('links to LaunchDarkly’s own pages only: %s', async ([href, expected]) => {
    await using own = await start(1, {
      entries: [createEntry(0, NOW - HOUR, { _links: { site: { href: href as string } } })],
    });
    const { data } = await own.query(
      '{ flagEvents(first: 1) { nodes { ... on LaunchDarklyFlagEvent { auditLogEntry { url } } } } }',
    );
    const url = data?.flagEvents.nodes[0]?.auditLogEntry?.url;
    expect(url).toBe(expected === null ? null : own.sandbox.url + expected);
  });
});

describe('LaunchDarklyAuditLogEntry.changes', () => {
  const CHANGES = '... on LaunchDarklyFlagEvent { auditLogEntry { changes { path before after } } }';

  it('are of the event’s environment and what all share, with keys counted, secrets and addresses taken out', async () => {
    await using own = await start(1, { entries: [createEntry(0, NOW - HOUR, VERSIONS)] });
    const answer = await own.query(`{ flagEvents(first: 1) { nodes { ${CHANGES} } } }`);
    expect(answer.data?.flagEvents.nodes[0]?.auditLogEntry?.changes).toEqual([
      { path: ['archived'], before: false, after: true },
      { path: ['environments', 'production', 'on'], before: false, after: true },
      { path: ['environments', 'production', 'salt'], before: '[REDACTED]', after: '[REDACTED]' },
      { path: ['environments', 'production', 'targets', '0', 'values'], before: '2 keys', after: '3 keys' },
      { path: ['environments', 'production', 'contextTargets', '0', 'values'], before: '1 key', after: '1 key' },
      {
        path: ['environments', 'production', 'rules', '0'],
        before: null,
        after: {
          variation: 1,
          clauses: [
            { attribute: 'key', op: 'in', values: '1 key' },
            { attribute: 'email', op: 'in', values: ['[e-mail address]', 'example.com'] },
          ],
        },
      },
    ]);
    expect(JSON.stringify(answer)).not.toMatch(/user-|salt-|ann@|\u{F0000}/u);
  });

  it('are of every environment for a change to all of them', async () => {
    await using own = await start(1, {
      rest: () => ({ environmentKey: undefined, impact: { reason: 'global' } }),
      entries: [createEntry(0, NOW - HOUR, VERSIONS)],
    });
    const { data } = await own.query(`{ flagEvents(first: 1) { nodes { ${CHANGES} } } }`);
    const paths = data?.flagEvents.nodes[0]?.auditLogEntry?.changes?.map(({ path }) => path.join('.'));
    expect(paths).toContain('environments.staging.on');
  });

  it('are none for a flag that was created or deleted', async () => {
    await using own = await start(1, { entries: [createEntry(0, NOW - HOUR, { currentVersion: { key: 'a' } })] });
    const { data } = await own.query(`{ flagEvents(first: 1) { nodes { ${CHANGES} } } }`);
    expect(data?.flagEvents.nodes[0]?.auditLogEntry?.changes).toEqual([]);
  });

  it('are null, and counted, where the call by id fails, which leaves the rest of the entry', async () => {
    await using own = await start(20);
    own.sandbox.faults.add(
      { type: 'answer', status: 403, body: {} },
      { when: ({ path }) => /auditlog\/\w+$/.test(path) },
    );
    const answer = await own.query(
      `{ flagEvents(first: 20) { nodes { ... on LaunchDarklyFlagEvent { auditLogEntry { comment changes { path } } } } ${REPORT} } }`,
    );
    expect(answer.errors).toBeUndefined();
    const entries = answer.data?.flagEvents.nodes.map(({ auditLogEntry }) => auditLogEntry);
    expect(entries).toEqual(reasons(20).map((comment) => ({ comment, changes: null })));
    expect(answer.data?.flagEvents.sources).toMatchObject([
      { status: 'OK', missingDetails: 20, detailsFailure: { code: 'UPSTREAM_REJECTED' } },
    ]);
    expect(own.calls().filter((call) => call === 'GET auditlog/{id}')).toHaveLength(20);
  });

  it('cost nothing for events whose entry is missing', async () => {
    await using own = await start(2, { entries: [createEntry(0, NOW - HOUR)] });
    const { data } = await own.query(`{ flagEvents(first: 2) { nodes { ${CHANGES} } ${REPORT} } }`);
    expect(data?.flagEvents.sources[0]?.missingDetails).toBe(1);
    expect(own.calls()).toEqual(['GET flag-events', 'POST auditlog', ...times(2, 'GET auditlog/{id}')]);
  });
});

describe('the kind and the actor of an event', () => {
  const rest = () => ({ eventType: 'updated_flag', actions: ['updateOn'] });
  const entries = ['turned on the flag', 'turned off the flag', 'updated the flag'].map((titleVerb, index) =>
    createEntry(index, NOW - (index + 1) * HOUR, { titleVerb, token: { name: 'pipeline' } }),
  );
  const plain = { kind: 'OTHER', actor: null };
  const better = (kind: string) => ({ kind, actor: { name: 'pipeline', kind: 'TOKEN' } });

  it.for<[string, string, unknown[]]>([
    ['its own without the entry', '{ kind actor { name kind } }', [plain, plain, plain]],
    [
      'better with the entry',
      `{ kind actor { name kind } ...Why } } } fragment Why on FlagEvent { ... on LaunchDarklyFlagEvent { why: auditLogEntry { id }`,
      [better('ENABLED'), better('DISABLED'), better('OTHER')],
    ],
    [
      'its own with an entry that is skipped',
      '{ kind actor { name kind } ... on LaunchDarklyFlagEvent { auditLogEntry @skip(if: true) { id } } }',
      [plain, plain, plain],
    ],
  ])('are %s', async ([, fields, expected]) => {
    await using own = await start(3, { rest, entries });
    const fragment = fields.includes('fragment');
    const { data } = await own.query(
      `{ flagEvents(first: 3) { nodes ${fields} ${fragment ? '}' : '} }'} ${fragment ? '}' : ''}`,
    );
    expect(data?.flagEvents.nodes.map(({ actor, kind }) => ({ actor, kind }))).toEqual(expected);
  });

  it('are better only where the entry is selected, though another field of the query selects it', async () => {
    await using own = await start(3, { rest, entries });
    const { data } = await own.gateway.query<Record<string, { nodes: Node[] }>>(
      `{ a: flagEvents(first: 3) { nodes { kind } } b: flagEvents(first: 1) { nodes { kind ${ENTRY} } } }`,
    );
    expect(data?.a?.nodes.map(({ kind }) => kind)).toEqual(['OTHER', 'OTHER', 'OTHER']);
    expect(data?.b?.nodes.map(({ kind }) => kind)).toEqual(['ENABLED']);
    expect(own.calls()).toEqual(['GET flag-events', 'GET auditlog/{id}']);
  });

  it('are an event’s own where it says all that is to be said', async () => {
    const member = { id: 'm', email: 'ann@example.com', firstName: 'Ann', lastName: 'Lee' };
    await using own = await start(1, {
      rest: () => ({ eventType: 'enabled_targeting', actions: ['updateOn'], member }),
      entries: [createEntry(0, NOW - HOUR, { titleVerb: 'turned off the flag', token: { name: 'pipeline' } })],
    });
    const { data } = await own.query(`{ flagEvents(first: 1) { nodes { kind actor { name } ${ENTRY} } } }`);
    expect(data?.flagEvents.nodes[0]).toMatchObject({ kind: 'ENABLED', actor: { name: 'Ann Lee' } });
  });
});

const VERSIONS = {
  previousVersion: {
    archived: false,
    _version: 7,
    environments: {
      production: {
        on: false,
        version: 3,
        salt: 'salt-1',
        targets: [{ variation: 0, values: ['user-1', 'user-2'] }],
        contextTargets: [{ variation: 0, contextKind: 'device', values: ['user-3'] }],
        rules: [],
      },
      staging: { on: false, lastModified: 1 },
    },
  },
  currentVersion: {
    archived: true,
    _version: 8,
    environments: {
      production: {
        on: true,
        version: 4,
        salt: 'salt-2',
        targets: [{ variation: 0, values: ['user-1', 'user-2', 'user-4'] }],
        contextTargets: [{ variation: 0, contextKind: 'device', values: ['user-5'] }],
        rules: [
          {
            variation: 1,
            clauses: [
              { attribute: 'key', op: 'in', values: ['user-6'] },
              { attribute: 'email', op: 'in', values: ['ann@example.com', 'example.com'] },
            ],
          },
        ],
      },
      staging: { on: true, lastModified: 2 },
    },
  },
};

interface StartOptions {
  rest?: (number: number) => Partial<FlagEventRep> | { [name: string]: unknown };
  entries?: AuditLogEntryRep[];
  environments?: string[];
  now?: () => number;
  delayMs?: number;
  pageCacheMs?: number;
  requestTimeoutMs?: number;
}

interface Own extends AsyncDisposable {
  sandbox: LaunchDarklySandbox;
  gateway: TestGateway;
  query(document: string): ReturnType<TestGateway['query']> & Promise<{ data?: Page | null }>;
  /** What was asked since the last call, the calls of each kind together. */
  calls(): string[];
}

/** A gateway over so many events, an hour apart, each with an entry of the same number. */
async function start(count: number, options: StartOptions = {}): Promise<Own> {
  const { delayMs = 0, environments = ['production'], now, pageCacheMs = 0, requestTimeoutMs, rest } = options;
  await using stack = new AsyncDisposableStack();
  const numbers = Array.from({ length: count }, (_, number) => number);
  const sandboxOptions: LaunchDarklySandboxOptions = {
    events: numbers.map((number) =>
      createFlagEvent(number, NOW - (number + 1) * HOUR, { auditLogEntryId: entryId(number), ...rest?.(number) }),
    ),
    auditLog: options.entries ?? numbers.map((number) => createEntry(number, NOW - (number + 1) * HOUR)),
    auditLogRules: { delayMs },
    environments: { default: environments },
    ...(now && { now }),
  };
  const sandbox = stack.use(await startLaunchDarklySandbox(sandboxOptions));
  const projects = environments.map((key) => `default/${key}`);
  const gateway = stack.use(
    await startGateway([{ vendor: 'launchdarkly', accessToken: sandbox.token, url: sandbox.url, projects }], {
      pageCacheMs,
      ...(requestTimeoutMs && { requestTimeoutMs }),
    }),
  );
  const owned = stack.move();
  return {
    sandbox,
    gateway,
    query: (document) => gateway.query(document) as never,
    calls: () => sandbox.requests.splice(0).map(nameOf).toSorted(byKind),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path.replace(/^.*\/(flag-events|auditlog)/, '$1').replace(/auditlog\/(?!counts).+/, 'auditlog/{id}')}`;
}

const KINDS = ['GET flag-events', 'POST auditlog', 'GET auditlog/{id}'];

function byKind(a: string, b: string): number {
  return KINDS.indexOf(a) - KINDS.indexOf(b);
}

function isSearch({ method, path }: { method: string; path: string }): boolean {
  return method === 'POST' && path.endsWith('/auditlog');
}

function commentOf({ auditLogEntry }: Node): string | null | undefined {
  return auditLogEntry?.comment;
}

function reasons(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `Reason ${number}`);
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
