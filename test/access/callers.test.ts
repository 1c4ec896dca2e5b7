/** What one caller can find out about what only another may see, by other ways than reading it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessGateway,
  EVENT,
  readPage,
  type SeenEvent,
  startAccessGateway,
  type TestCaller,
  walk,
} from '../support/access-gateway.ts';
import { createEntry, entryId } from '../support/audit-log-entry.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import type { GraphQLAnswer } from '../support/gateway.ts';
import { bearer } from '../support/issuer.ts';
import type { Subscribed } from '../support/subscribe.ts';

let gateway: AccessGateway;
const callerOf = (name: string): TestCaller => gateway.callers[name] as TestCaller;
beforeAll(async () => {
  gateway = await startAccessGateway();
}, 60_000);
afterAll(() => gateway[Symbol.asyncDispose]());

const errorOf = ({ errors }: GraphQLAnswer<unknown>) => errors?.[0]?.extensions;
const filtered = (filter: string) => `{ flagEvents(first: 100, filter: ${filter}) { nodes { ${EVENT} } } }`;

describe('a filter by people', () => {
  it.for([
    ['{ actors: ["growth.analyst@example.com"] }', 'filter.actors'],
    ['{ actors: [] }', 'filter.actors'],
    ['{ unleash: { text: "growth.analyst" } }', 'filter.unleash.text'],
    ['{ unleash: { createdByUserIds: [6] } }', 'filter.unleash.createdByUserIds'],
  ] as const)('is refused to who may not see them, naming it: %s', async ([filter, argument]) => {
    gateway.takeCalls();
    const answer = await gateway.query(callerOf('shop'), filtered(filter));
    expect(errorOf(answer)).toEqual({ code: 'FORBIDDEN', argument });
    const stream = `subscription { flagEventsAdded(filter: ${filter}) { cursor } }`;
    await using subscribed = await gateway.subscribe(callerOf('shop'), stream);
    await subscribed.ended;
    expect(errorOf(subscribed.answers[0] ?? {})).toEqual({ code: 'FORBIDDEN', argument });
    expect(gateway.takeCalls()).toEqual({});
  });

  it('finds only events whose people may be seen, and asks for no others', async () => {
    const everything = await walk(gateway, callerOf('admin'), { size: 100 });
    const mixed = callerOf('mixed');
    const actors = [...new Set(everything.flatMap(({ actor }) => actor?.name ?? []))];
    gateway.takeCalls();
    const seen = await walk(gateway, mixed, { size: 100, filter: { actors } });
    const wanted = everything.filter((event) => mixed.sees(event) && mixed.seesNames(event) && event.actor !== null);
    expect(seen.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
    expect(seen.length).toBeGreaterThan(10);
    expect(Object.keys(gateway.takeCalls())).toEqual(['launchdarkly mobile-app/staging']);
  });

  it('is what the changes of one person are, too', async () => {
    const document = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { flagEvents { nodes { id } } } } }`;
    const of = [{ __typename: 'User', email: 'growth.analyst@example.com' }];
    const refused = await gateway.query(callerOf('shop'), document, { of });
    expect(errorOf(refused)).toEqual({ code: 'FORBIDDEN' });
    const nobody = await gateway.query<{ _entities: unknown[] }>(callerOf('stranger'), document, { of });
    expect(nobody.data?._entities).toEqual([{ flagEvents: { nodes: [] } }]);
  });
});

describe('a name that is not told', () => {
  it('of a source is as good as one that does not exist', async () => {
    const headers = bearer(await gateway.token({ scope: 'openid flags:unleash' }));
    const ask = (name: string) => gateway.query({ headers }, filtered(`{ sources: ["${name}"] }`));
    const [hidden, unknown] = await Promise.all([ask('launchdarkly'), ask('nowhere')]);
    expect(hidden).toEqual(unknown);
    expect(errorOf(hidden)).toMatchObject({ argument: 'filter.sources' });
  });

  it('of people leaves everything else of an event as it is', async () => {
    const filter = { projects: ['web-shop'] };
    const [shop, admin] = await Promise.all(
      ['shop', 'admin'].map((name) => walk(gateway, callerOf(name), { size: 100, filter })),
    );
    const plain = (event: SeenEvent | undefined) => ({
      ...event,
      ...{ actor: 0, member: 0, createdBy: 0, createdByUserId: 0, data: 0, preData: 0, changes: 0, summary: 0 },
      description: 0,
    });
    expect(shop?.map(plain)).toEqual(admin?.map(plain));
    const changes = shop?.flatMap((event) => (event as { changes?: unknown[] }).changes ?? []);
    expect(changes?.length).toBeGreaterThan(10);
  });
});

describe('a cursor', () => {
  it('is of no use to another caller, as `after`, as `before`, as `since` or as `Last-Event-ID`', async () => {
    const page = await readPage(gateway, callerOf('admin'), { first: 3 });
    const cursor = page.pageInfo.endCursor;
    for (const argument of ['after', 'before']) {
      const document = `query ($cursor: String) { flagEvents(${argument}: $cursor) { nodes { id } } }`;
      const answer = await gateway.query(callerOf('shop'), document, { cursor });
      expect(errorOf(answer)).toEqual({ code: 'BAD_USER_INPUT', argument });
    }
    const stream = 'subscription ($since: String) { flagEventsAdded(since: $since) { nodes { id } } }';
    await using since = await gateway.subscribe(callerOf('shop'), stream, { since: cursor });
    await since.ended;
    expect(errorOf(since.answers[0] ?? {})).toEqual({ code: 'BAD_USER_INPUT', argument: 'since' });
    const shop = callerOf('shop');
    const headers = { ...shop.headers, 'last-event-id': cursor ?? '' };
    await using resumed = await gateway.subscribe({ ...shop, headers }, stream);
    await resumed.ended;
    expect(errorOf(resumed.answers[0] ?? {})).toEqual({ code: 'BAD_USER_INPUT', argument: 'Last-Event-ID' });
  });
});

describe('a claim', () => {
  const countFor = async (other: Record<string, unknown>) => {
    const headers = bearer(await gateway.token(other));
    const { data } = await gateway.query<{ flagSources: unknown[] }>({ headers }, '{ flagSources { name } }');
    return data?.flagSources.length;
  };

  it.for([
    [{ groups: 'payments' }, 2],
    [{ groups: ['payments'] }, 2],
    [{ groups: ['all', 'payments'] }, 2],
    [{ groups: 'all payments' }, 0],
    [{ groups: ['all payments'] }, 0],
    [{ groups: 'Payments' }, 0],
    [{ groups: { payments: true } }, 0],
    [{ roles: ['payments'] }, 0],
    [{}, 0],
    [{ scope: 'flags:unleash' }, 1],
    [{ scope: 'openid flags:unleash' }, 1],
    [{ scope: ['flags:unleash'] }, 1],
    [{ scope: 'flags:unleash-all' }, 0],
    [{ scope: 'flags:unleash', groups: ['payments'] }, 2],
  ] as const)(
    'counts letter for letter, as a text, one of a list, or a word of `scope`: %j',
    async ([other, count]) => {
      expect(await countFor(other)).toBe(count);
    },
  );
});

describe('an entry of the audit log', () => {
  const DOCUMENT = `{ flagEvents(first: 3, filter: { flagKeys: ["audited"] }) { nodes { project { key } environment { key } ... on LaunchDarklyFlagEvent {
    actor { name } description
    auditLogEntry { title description comment actor { name } changes { path before after } }
  } } sources { missingDetails } } }`;

  beforeAll(() => {
    const at = Date.now() - 60_000;
    const add = (number: number, project: string, environments: readonly string[]) => {
      gateway.launchDarkly.insert(
        createFlagEvent(990_000 + number, at - number, {
          projectKey: project,
          flagKey: 'audited',
          environmentKey: environments[0] ?? '',
          auditLogEntryId: entryId(990_000 + number),
        }),
      );
      const accesses = environments.map((environment) => ({
        action: 'updateOn',
        resource: `proj/${project}:env/${environment}:flag/audited`,
      }));
      gateway.launchDarkly.insertEntry(
        createEntry(990_000 + number, at - number, {
          accesses,
          title: '[Growth Analyst](mailto:growth.analyst@example.com) turned on the flag',
          description: 'Growth Analyst added a target',
          comment: 'Growth Analyst asked for it',
          member: { _id: 'm', email: 'growth.analyst@example.com', firstName: 'Growth', lastName: 'Analyst' },
          previousVersion: { name: 'old', maintainerId: 'm', variations: [{ value: 1 }], rules: [] },
          currentVersion: {
            name: 'new',
            maintainerId: 'n',
            variations: [{ value: 2 }],
            rules: [{ clauses: [{ attribute: 'name', values: ['Growth Analyst'] }] }],
          },
        }),
      );
    };
    add(1, 'payments', ['production']);
    add(2, 'payments', ['production', 'staging']);
    add(3, 'web-shop', ['production']);
  });

  it('that touched something else, too, is not shown, and nothing is missing then', async () => {
    const { data } = await gateway.query<Answer>(callerOf('payments'), DOCUMENT);
    const [alone, together, ...others] = data?.flagEvents.nodes ?? [];
    expect(alone?.auditLogEntry).toMatchObject({
      comment: 'Growth Analyst asked for it',
      actor: { name: 'Growth Analyst' },
    });
    expect(together?.auditLogEntry).toBeNull();
    expect(others).toEqual([]);
    expect(data?.flagEvents.sources.map((each) => each.missingDetails)).toEqual([0, 0]);
    const admin = await gateway.query<Answer>(callerOf('admin'), DOCUMENT);
    expect(admin.data?.flagEvents.nodes.map((each) => each.auditLogEntry !== null)).toEqual([true, true, true]);
  });

  it('names nobody to who may not see it, and still tells what changed', async () => {
    const { data } = await gateway.query<Answer>(callerOf('shop'), DOCUMENT);
    expect(data?.flagEvents.nodes).toMatchInlineSnapshot(`
      [
        {
          "actor": null,
          "auditLogEntry": {
            "actor": null,
            "changes": [
              {
                "after": "new",
                "before": "old",
                "path": [
                  "name",
                ],
              },
              {
                "after": "[REDACTED]",
                "before": "[REDACTED]",
                "path": [
                  "maintainerId",
                ],
              },
              {
                "after": 2,
                "before": 1,
                "path": [
                  "variations",
                  "0",
                  "value",
                ],
              },
              {
                "after": {
                  "clauses": [
                    {
                      "attribute": "name",
                      "values": "[REDACTED]",
                    },
                  ],
                },
                "before": null,
                "path": [
                  "rules",
                  "0",
                ],
              },
            ],
            "comment": null,
            "description": null,
            "title": "",
          },
          "description": "",
          "environment": {
            "key": "production",
          },
          "project": {
            "key": "web-shop",
          },
        },
      ]
    `);
    expect(JSON.stringify(data)).not.toContain('Growth');
  });

  interface Answer {
    flagEvents: {
      nodes: { auditLogEntry: Record<string, unknown> | null }[];
      sources: { missingDetails: number }[];
    };
  }
});

describe('a source that fails', () => {
  it('is nobody’s business who may see nothing of it', async () => {
    using stack = new DisposableStack();
    stack.defer(
      gateway.launchDarkly.faults.add(
        { type: 'unavailable' },
        { when: ({ query }) => query.projectKey === 'payments' },
      ),
    );
    const ask = (name: string) =>
      gateway.query<{ flagEvents: { sources: { status: string }[] } }>(
        callerOf(name),
        '{ flagEvents(first: 3) { nodes { id } sources { status } } }',
      );
    const admin = await ask('admin');
    expect(admin.extensions).toMatchObject({ partial: true });
    const shop = await ask('shop');
    expect(shop.extensions?.partial).toBeUndefined();
    expect(shop.data?.flagEvents.sources).toEqual([{ status: 'OK' }, { status: 'OK' }]);
  });
});

describe('whole answers that are given again', () => {
  it('are each caller’s own, also of one subject with two tokens', { timeout: 30_000 }, async () => {
    await using remembering = await startAccessGateway({ pageCacheMs: 60_000, historyCacheMb: 16 });
    const tokens = await Promise.all(
      [{ groups: ['payments'] }, { scope: 'flags:unleash' }, {}].map((other) => remembering.token(other)),
    );
    const all = [...Object.values(remembering.callers), ...tokens.map((token) => ({ headers: bearer(token) }))];
    const document = `{ flagEvents(first: 50) { nodes { id project { key } environment { key } source { name } actor { name } } } }`;
    const first = await Promise.all(all.map((caller) => remembering.query(caller, document)));
    expect(new Set(first.map((answer) => JSON.stringify(answer))).size).toBe(all.length - 2);
    remembering.takeCalls();
    for (let round = 0; round < 3; round += 1) {
      for (const [index, caller] of [...all.entries()].toReversed()) {
        expect(await remembering.query(caller, document)).toEqual(first[index]);
      }
    }
    expect(remembering.takeCalls()).toEqual({});
  });
});

describe('a subscription', () => {
  const STREAM =
    'subscription { flagEventsAdded { nodes { ownId: id project { key } actor { name } ... on UnleashFlagEvent { createdBy } } isCaughtUp } }';
  const projectsIn = (subscribed: Subscribed) =>
    subscribed.batches().flatMap(({ nodes }) => nodes.map((node) => (node.project as { key: string } | null)?.key));

  it('brings each subscriber their own events, and polls for all of them together', { timeout: 20_000 }, async () => {
    await using stack = new AsyncDisposableStack();
    const names = ['admin', 'shop', 'mixed', 'stranger'];
    const streams = await Promise.all(names.map((name) => gateway.subscribe(callerOf(name), STREAM)));
    for (const stream of streams) stack.use(stream);
    for (const stream of streams) await stream.until(({ answers }) => answers.length > 0);
    for (const project of ['web-shop', 'growth', 'payments', 'web-shop']) {
      gateway.unleash.insert({
        type: 'feature-updated',
        featureName: 'live',
        project,
        createdBy: 'somebody@example.com',
      });
    }
    const [admin, shop, mixed, stranger] = streams as [Subscribed, Subscribed, Subscribed, Subscribed];
    await admin.until((stream) => projectsIn(stream).length === 4);
    await shop.until((stream) => projectsIn(stream).length === 2);
    await mixed.until((stream) => projectsIn(stream).length === 1);
    expect(projectsIn(shop)).toEqual(['web-shop', 'web-shop']);
    expect(projectsIn(mixed)).toEqual(['growth']);
    expect(projectsIn(stranger)).toEqual([]);
    expect(shop.batches().flatMap(({ nodes }) => nodes.map(({ actor }) => actor))).toEqual([null, null]);
    expect(JSON.stringify(admin.answers)).toContain('somebody@example.com');
    const before = gateway.unleash.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(gateway.unleash.requests.length - before).toBeLessThanOrEqual(11);
  });

  it('polls only what its subscriber may see', { timeout: 20_000 }, async () => {
    await using quiet = await startAccessGateway();
    await using shop = await quiet.subscribe(quiet.callers.shop as TestCaller, STREAM);
    await shop.until(({ batches }) => batches().some(({ isCaughtUp }) => isCaughtUp));
    const asked = Object.keys(quiet.takeCalls()).filter((place) => place.startsWith('launchdarkly'));
    expect(asked).toEqual([
      'launchdarkly environments',
      'launchdarkly web-shop/production',
      'launchdarkly web-shop/staging',
    ]);
  });
});
