import { AuditLogApi, Configuration, StatementPostEffectEnum } from 'launchdarkly-api-typescript';
import { describe, expect, it } from 'vitest';
import { matchesSpecifier } from '../../../src/sources/launchdarkly/sandbox/specifier.ts';
import {
  type LaunchDarklySandbox,
  type LaunchDarklySandboxOptions,
  startLaunchDarklySandbox,
} from '../../../src/sources/launchdarkly/sandbox.ts';
import { createEntry, entryId } from '../../support/audit-log-entry.ts';

const NOW = Date.parse('2026-03-01T12:34:56.789Z');
const HOUR = 60 * 60_000;
const PATH = '/api/v2/auditlog';

/** Three an hour share each millisecond. Tags follow the environment's segment. */
const ENTRIES = Array.from({ length: 50 }, (_, index) =>
  createEntry(index, NOW - HOUR * (1 + Math.floor(index / 3)), {
    accesses: [
      {
        action: index % 2 ? 'updateOn' : 'updateRules',
        resource: `proj/default:env/${index % 5 ? 'production;critical' : 'staging'}:flag/flag-${index % 4};beta`,
      },
    ],
  }),
);
const NEWEST_FIRST = ENTRIES.toSorted((a, b) => b.date - a.date || (a._id < b._id ? 1 : -1)).map(({ _id }) => _id);

const none = undefined;

describe('the audit log’s routes', () => {
  it('are walked by the official client, by the date of each page’s last entry and one millisecond more', async () => {
    await using sandbox = await start();
    const api = clientOf(sandbox);
    const ids = new Set<string>();
    for (let before: number | undefined; ; ) {
      const { data } = await api.getAuditLogEntries(before, none, none, 7);
      const known = ids.size;
      for (const { _id } of data.items) ids.add(_id);
      before = Number(data.items.at(-1)?.date) + 1;
      if (ids.size === known) break;
    }
    expect([...ids]).toEqual(NEWEST_FIRST);
  });

  it('lose entries to who follows the links, for they lead past those of the last entry’s millisecond', async () => {
    await using sandbox = await start();
    const ids: string[] = [];
    for (let path: string | undefined = `${PATH}?limit=7&spec=${encodeURIComponent('proj/*:env/*:flag/*')}`; path; ) {
      const page = await ask(sandbox, path);
      ids.push(...page.items.map(({ _id }: { _id: string }) => _id));
      path = page._links.next?.href;
      if (path) expect(path).toMatch(/spec=proj%2F\*%3Aenv%2F\*%3Aflag%2F\*&before=\d+$|spec=.*&limit=7/);
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeLessThan(ENTRIES.length);
  });

  it('take statements from the official client', async () => {
    await using sandbox = await start();
    const { data } = await clientOf(sandbox).postAuditLogEntries(none, none, none, 20, [
      {
        effect: StatementPostEffectEnum.Allow,
        resources: ['proj/default:env/production:flag/flag-1'],
        actions: ['updateOn'],
      },
      { effect: StatementPostEffectEnum.Allow, resources: ['proj/default:env/staging:flag/*'] },
      { effect: StatementPostEffectEnum.Deny, actions: ['updateRules'] },
    ]);
    const expected = ENTRIES.filter((_, index) => index % 2 === 1 && (index % 5 === 0 || index % 4 === 1)).map(
      ({ _id }) => _id,
    );
    expect(data.items.map(({ _id }) => _id).toSorted()).toEqual(expected.toSorted().slice(-20));
    expect(sandbox.requests[0]).toMatchObject({ method: 'POST', path: PATH, body: [{}, {}, {}] });
  });

  it('give the versions to who asks for one entry, and only there', async () => {
    const [own] = ENTRIES;
    const entry = { ...own, previousVersion: { key: 'a' }, currentVersion: { key: 'b' }, delta: null } as never;
    await using sandbox = await start({ auditLog: [entry] });
    const api = clientOf(sandbox);
    expect((await api.getAuditLogEntry(entryId(0))).data).toEqual(entry);
    expect((await api.getAuditLogEntries()).data.items).toEqual([own]);
    await expect(api.getAuditLogEntry(entryId(999))).rejects.toMatchObject({ response: { status: 404 } });
  });

  it('leave the ends of a window out, or give them too', async () => {
    const [date = 0] = ENTRIES.slice(3).map((entry) => entry.date);
    const numbers = async (ends: 'exclusive' | 'inclusive') => {
      await using sandbox = await start({ auditLogRules: { ends } });
      const { data } = await clientOf(sandbox).getAuditLogEntries(date, date - HOUR, none, 20);
      return data.items.length;
    };
    expect([await numbers('exclusive'), await numbers('inclusive')]).toEqual([0, 6]);
  });

  it('leave the links of a search out if they are told to', async () => {
    const linksOf = async (linksOfSearch: boolean) => {
      await using sandbox = await start({ auditLogRules: { linksOfSearch } });
      const { data } = await clientOf(sandbox).postAuditLogEntries(none, none, none, 5, []);
      return Object.keys(data._links);
    };
    expect([await linksOf(true), await linksOf(false)]).toEqual([['self', 'next'], ['self']]);
  });

  it('know an entry only some seconds after it was made, by their own clock', async () => {
    let now = NOW;
    await using sandbox = await start({
      now: () => now,
      auditLog: [createEntry(1, NOW)],
      auditLogRules: { delayMs: 5_000 },
    });
    const api = clientOf(sandbox);
    expect((await api.getAuditLogEntries()).data.items).toHaveLength(0);
    await expect(api.getAuditLogEntry(entryId(1))).rejects.toMatchObject({ response: { status: 404 } });
    now += 5_000;
    expect((await api.getAuditLogEntries()).data.items).toHaveLength(1);
  });

  it('count entries in equal spans of time', async () => {
    await using sandbox = await start();
    const counts = await ask(sandbox, `${PATH}/counts?after=${NOW - 10 * HOUR}&before=${NOW}&buckets=10`, []);
    expect(counts).toMatchObject({ bucketIntervalMs: HOUR, totalCount: 27 });
    expect(counts.buckets.map(({ count }: { count: number }) => count)).toEqual([0, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
  });

  it.each([
    ['limit=0', [], ['limit']],
    ['limit=21', [], ['limit']],
    ['limit=abc&before=x', [], ['limit', 'before']],
    ['', { effect: 'allow' }, ['statements']],
    ['', [{ effect: 'maybe', resources: [], notResources: [] }], ['effect', 'notResources']],
    ['', [{ effect: 'deny', actions: [], notActions: [] }], ['notActions']],
  ])('refuse ?%s with %o', async (search, body, attributes) => {
    await using sandbox = await start();
    const { errors } = await ask(sandbox, `${PATH}?${search}`, body, 400);
    expect(errors.map(({ attribute }: { attribute: string }) => attribute).toSorted()).toEqual(attributes.toSorted());
  });

  it('have rate limits of their own', async () => {
    await using sandbox = await start({ rateLimit: { route: 1 } });
    await ask(sandbox, `${PATH}?limit=1`);
    await ask(sandbox, `${PATH}?limit=1`, undefined, 429);
    await ask(sandbox, `${PATH}?limit=1`, []);
    await ask(sandbox, `${PATH}/${entryId(1)}`);
  });

  it('hold the story’s changes, with every way of having no comment and no member', async () => {
    await using sandbox = await startLaunchDarklySandbox({ now: () => NOW });
    const entries = [];
    for (let before = NOW + 1; ; ) {
      const { items } = await ask(sandbox, `${PATH}?limit=20&before=${before}`);
      if (items.length === 0) break;
      entries.push(...items);
      before = items.at(-1).date;
    }
    const comments = entries.map(({ comment }) => (typeof comment === 'string' && comment !== '' ? 'some' : comment));
    expect(new Set(comments)).toEqual(new Set(['some', '', null, undefined]));
    const who = entries.map((entry) => ['member', 'token', 'app'].filter((name) => name in entry).join());
    expect(new Set(who)).toEqual(new Set(['member', 'token', 'app']));
    expect(new Set(entries.map(({ accesses }) => Math.min(2, accesses.length)))).toEqual(new Set([1, 2]));
  });
});

describe('matchesSpecifier', () => {
  it.each([
    ['proj/a:env/b:flag/c', 'proj/a:env/b:flag/c', true],
    ['proj/*:env/*:flag/*', 'proj/a:env/b;x,y:flag/c;t', true],
    ['proj/a:env/*;critical:flag/*', 'proj/a:env/b;critical:flag/c', true],
    ['proj/a:env/*;critical:flag/*', 'proj/a:env/b:flag/c', false],
    ['proj/a', 'proj/a:env/b:flag/c', false],
    ['proj/a:env/b:flag/c*', 'proj/a:env/b:flag/cd', true],
    ['proj/a:env/b:flag/c.d', 'proj/a:env/b:flag/cxd', false],
  ])('%s on %s: %s', (specifier, resource, expected) => {
    expect(matchesSpecifier(specifier, resource)).toBe(expected);
  });
});

function start(options: LaunchDarklySandboxOptions = {}) {
  return startLaunchDarklySandbox({ now: () => NOW, events: [], auditLog: ENTRIES, ...options });
}

function clientOf(sandbox: LaunchDarklySandbox): AuditLogApi {
  return new AuditLogApi(new Configuration({ apiKey: sandbox.token, basePath: sandbox.url }));
}

async function ask(sandbox: LaunchDarklySandbox, path: string, body?: unknown, status = 200) {
  const response = await fetch(sandbox.url + path, {
    headers: { authorization: sandbox.token, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(status);
  return response.json();
}
