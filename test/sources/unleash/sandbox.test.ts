import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createStory } from '../../../src/sources/story.ts';
import { renderStory } from '../../../src/sources/unleash/sandbox/data.ts';
import {
  type SandboxEvent,
  startUnleashSandbox,
  type UnleashFault,
  type UnleashSandbox,
} from '../../../src/sources/unleash/sandbox.ts';
import { control, type EventRow } from '../../support/unleash-admin.ts';

const search = '/api/admin/search/events';
const clock = () => Date.parse('2025-01-31T12:00:00Z');

interface Server {
  url: string;
  token: string;
}

interface Answer {
  status: number;
  type: string | null;
  text: string;
  headers: Headers;
}

async function ask({ url, token }: Server, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url + path, { headers: { authorization: token }, ...init });
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), text: await response.text(), headers };
}

/** The answer without what no two servers share: the id of an error, and the address in links. */
async function comparable(server: Server, path: string, init?: RequestInit) {
  const { status, type, text } = await ask(server, path, init);
  const body = JSON.parse(text.replaceAll(server.url, 'http://localhost:4242')) as Record<string, unknown>;
  if (status !== 200) delete body.id;
  return { status, type, body };
}

async function found(server: Server, query = 'limit=1000') {
  const { text } = await ask(server, `${search}?${query}`);
  return JSON.parse(text) as { events: Record<string, unknown>[]; total: number };
}

describe('the sandbox, asked the same as a real Unleash,', () => {
  const unleash = inject('unleash');
  const real = { url: unleash.url, token: unleash.adminToken };
  let sandbox: UnleashSandbox;
  let ours = '';
  let oneId = 0;

  beforeAll(async () => {
    const told = renderStory(createStory({ seed: 1, now: clock() })).events.map(renamed);
    const ids = await control(unleash).insertEvents({ rows: told.map(toRow) });
    const events = told.map((event, index) => ({ ...event, id: ids[index] ?? 0 }));
    sandbox = await startUnleashSandbox({ events, now: clock });
    ours = `id=IS_ANY_OF:${ids.join(',')}`;
    oneId = ids[7] ?? 0;
  });
  afterAll(() => sandbox.close());

  const flag = 'sandboxed-checkout-redesign';
  const ownRequests: [promise: string, query: string][] = [
    ['gives 50 rows when no limit is given', ''],
    ['gives 1000 rows at most', 'limit=1000'],
    ['gives the rows that follow an offset', 'limit=40&offset=35'],
    ['gives no rows, but the total, beyond the end', 'offset=5000'],
    ['gives no rows for an offset beyond all integers', 'offset=99999999999999999999'],
    ...['1001', '0', '-1', 'abc', '', '2.5', '1e1', '0.5', '0x10', '%201%20'].map((limit): [string, string] => {
      return [`understands limit=${limit}`, `limit=${limit}`];
    }),
    ...['-1', 'abc', '1.5', '1e21', 'Infinity'].map((offset): [string, string] => {
      return [`understands offset=${offset}`, `offset=${offset}&limit=2`];
    }),
    ['filters by type', 'limit=1000&type=IS:feature-tagged'],
    [
      'filters by several types, with blanks after the comma',
      'limit=9&type=IS_ANY_OF:feature-created,%20feature-tagged',
    ],
    ['splits IS at commas too', 'limit=1000&type=IS:feature-created,feature-tagged'],
    ['finds nothing for an unknown type', 'type=IS:feature-teleported'],
    ['compares types by case', 'type=IS:Feature-Created'],
    ['ignores a filter without a value', 'limit=3&type=IS:&project=IS_ANY_OF:'],
    ['filters by project', 'limit=1000&project=IS:sandboxed-payments'],
    ['filters by the project of all-project tokens', 'project=IS:*'],
    ['filters by feature', `feature=IS:${flag}`],
    ['knows no prefix of a feature', 'feature=IS:sandboxed-checkout'],
    ['filters by environment', 'environment=IS:staging&limit=1000'],
    ['filters by author', 'createdBy=IS_ANY_OF:2,-42&limit=1000'],
    ['filters by the system', 'createdBy=IS:-1337&limit=1000'],
    ['finds nobody by id 0', 'createdBy=IS:0'],
    ['filters by transaction', 'groupId=IS:nothing'],
    ['filters from a day on', 'limit=1000&from=IS:2025-01-20'],
    ['filters to a day inclusive', 'limit=1000&to=IS:2025-01-19'],
    ['filters within one day', 'limit=1000&from=IS:2025-01-20&to=IS:2025-01-20'],
    ['lets the 31st of February roll over at the end of a range', 'to=IS:2024-02-31'],
    ['searches the text of data', 'limit=1000&query=audience'],
    ['searches by any case', 'limit=1000&query=AUDIENCE'],
    ['searches json as it was stored, without blanks', 'limit=1000&query=%22archived%22:false'],
    ['searches jsonb as Postgres prints it, with blanks', 'limit=1000&query=%22archived%22:%20false'],
    ['searches tags', 'limit=1000&query=needs-review'],
    ['searches neither authors nor types', 'query=unleash_system_user'],
    ['takes % as any text', 'limit=1000&query=roll%25_100'],
    ['takes _ as any character', 'limit=1000&query=needs_review'],
    ['takes an escaped wildcard literally', 'limit=1000&query=needs%5C_review'],
    ['finds nothing with a pattern that ends in an escape', 'query=a%5C'],
    ['applies every filter', `limit=1000&project=IS:sandboxed-web-shop&environment=IS:production&createdBy=IS:2`],
    ['ignores parameters it does not know', 'limit=2&order=asc&sortBy=id&sortOrder=asc&foo=1&foo=2'],
    ['fails on an author given by name', 'createdBy=IS:release.manager@example.com&limit=5'],
  ];

  it.for(ownRequests)('%s', async ([, query]) => {
    const path = `${search}?${ours}&${query}`;
    expect(await comparable(sandbox, path)).toEqual(await comparable(real, path));
  });

  const refusedRequests = [
    'type=feature-created',
    'type=',
    'type=is:feature-created',
    'type=IS_NOT:feature-created',
    'type=IS:a&type=IS:b',
    'limit=1&limit=2',
    'query=a&query=b',
    'project=IS:a%0Ab',
    'from=2025-01-01',
    'from=IS:2025-01-01T00:00:00Z',
    'from=IS_ANY_OF:2025-01-01',
    'id=IS:abc',
    'id=IS:7,,8',
    'id=IS:1.5',
    'id=IS:99999999999',
    'createdBy=IS:ada',
    'from=IS:2024-02-31',
    'from=IS:0000-01-01',
    'to=IS:2024-13-01',
    'to=IS:0000-01-01',
    'query=%00',
    'project=IS:%00',
    'id=IS:1&query=x&from=IS:2024-13-01&to=IS:2024-01-01&createdBy=IS:1&feature=IS:x&groupId=IS:g&type=IS:t&environment=IS:e',
  ];

  it.for(refusedRequests)('refuses %s in the same words', async (query) => {
    const answer = await comparable(sandbox, `${search}?${query}`);
    expect(answer.status).toBeOneOf([400, 500]);
    expect(answer).toEqual(await comparable(real, `${search}?${query}`));
  });

  it('gives every event the same keys in the same order, the same label and the same summary', async () => {
    const [mine, theirs] = [await found(sandbox, `${ours}&limit=1000`), await found(real, `${ours}&limit=1000`)];
    expect(mine.events.map(keysOf)).toEqual(theirs.events.map(keysOf));
    expect(mine.events.map(({ label }) => label)).toEqual(theirs.events.map(({ label }) => label));
    expect(new Set(mine.events.map(({ type }) => type)).size).toBeGreaterThan(25);
  });

  it('finds one event by its id and its transaction', async () => {
    const { events } = await found(sandbox, `id=IS:${oneId}`);
    expect(events).toEqual(await found(real, `id=IS:${oneId}`).then((page) => page.events));
    const group = (await found(sandbox, `${ours}&type=IS:feature-strategy-add&limit=1`)).events[0]?.groupId;
    const path = `${search}?groupId=IS:${group}`;
    expect(await comparable(sandbox, path)).toEqual(await comparable(real, path));
  });

  it.for([
    '/api/admin/events?project=sandboxed-web-shop',
    '/api/admin/events?project=sandboxed-web-shop&limit=3&offset=1',
    '/api/admin/events?project=nowhere',
    '/api/admin/events?project=a&project=b',
    `/api/admin/events/${flag}`,
    `/api/admin/events/${flag}%2Csandboxed-dark-mode`,
    '/api/admin/events/nothing',
    '/api/admin/events/%ff',
    '/api/admin/nothing',
    `${search}/?feature=IS:${flag}`,
    `/api//admin/search//events?feature=IS:${flag}`,
    '/health',
  ])('answers %s alike', async (path) => {
    expect(await comparable(sandbox, path)).toEqual(await comparable(real, path));
  });

  it.for([
    ['no token', {}],
    ['an unknown token', { authorization: 'default:development.nonsense' }],
  ] as [string, Record<string, string>][])('refuses %s alike', async ([, headers]) => {
    expect(await comparable(sandbox, search, { headers })).toEqual(await comparable(real, search, { headers }));
  });

  it('knows no other method than GET and HEAD', async () => {
    for (const path of [search, '/api/admin/events/search']) {
      const post = { method: 'POST', headers: { authorization: sandbox.token } };
      const realPost = { method: 'POST', headers: { authorization: real.token } };
      expect(await comparable(sandbox, path, post)).toEqual(await comparable(real, path, realPost));
    }
    const head = { method: 'HEAD', headers: { authorization: sandbox.token } };
    expect(await ask(sandbox, search, head)).toMatchObject({ status: 200, text: '' });
  });

  it('takes the token with the word Bearer', async () => {
    for (const server of [sandbox, real]) {
      const headers = { authorization: `Bearer ${server.token}` };
      // Of the flags of nobody: the newest events may be of a kind that the server fails on.
      expect(await ask(server, `${search}?feature=IS:nobody`, { headers })).toMatchObject({ status: 200 });
    }
  });

  it('answers addresses outside of the API with a page', async () => {
    for (const server of [sandbox, real]) {
      expect(await ask(server, '/nothing')).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
    }
  });

  it('lists creators with the same keys, the system and the token by the same names', async () => {
    const [mine, theirs] = await Promise.all(
      [sandbox, real].map(async (server) => {
        const creators = JSON.parse((await ask(server, '/api/admin/event-creators')).text) as { id: number }[];
        return creators.filter(({ id }) => id <= 1);
      }),
    );
    expect(mine).toEqual(theirs);
  });

  it('shows its version where the real one does', async () => {
    for (const server of [sandbox, real]) {
      const { version, versionInfo } = JSON.parse((await ask(server, '/api/admin/ui-config')).text);
      expect({ version, current: versionInfo.current }).toEqual({
        version: '8.2.0',
        current: { oss: '8.2.0', enterprise: '' },
      });
    }
  });

  it('keeps connections for as long', async () => {
    const [mine, theirs] = [await ask(sandbox, '/health'), await ask(real, '/health')];
    expect(mine.headers.get('keep-alive')).toBe(theirs.headers.get('keep-alive'));
  });
});

describe('the sandbox', () => {
  it('holds the same events for the same story and clock', async () => {
    await using one = await startUnleashSandbox({ now: clock });
    await using other = await startUnleashSandbox({ now: clock });
    expect(await found(one)).toEqual(await found(other));
  });

  it('keeps an order that neither ids nor milliseconds explain', async () => {
    await using sandbox = await startUnleashSandbox({ now: clock });
    const { events } = await found(sandbox);
    const times = events.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(events.some(({ id }, index) => Number(id) > Number(events[index - 1]?.id))).toBe(true);
  });

  it('writes the rows of one transaction at one time', async () => {
    await using sandbox = await startUnleashSandbox({ now: clock });
    const groups = Map.groupBy(sandbox.events(), ({ groupId }) => groupId ?? '');
    groups.delete('');
    const sizes = [...groups.values()].map((rows) => new Set(rows.map((row) => row.createdAtMicros)).size);
    expect(new Set(sizes)).toEqual(new Set([1]));
    expect([...groups.values()].some((rows) => rows.length > 3)).toBe(true);
  });

  it('logs invitations in clear, events of no project, of no flag and of nobody', async () => {
    await using sandbox = await startUnleashSandbox({ now: clock });
    const events = sandbox.events();
    const invitation = events.find(({ type }) => type === 'public-signup-token-created');
    expect(invitation?.data).toMatchObject({ secret: expect.any(String), url: expect.stringContaining('invite=') });
    expect(events.some(({ project, featureName }) => project === null && featureName !== null)).toBe(true);
    expect(new Set(events.map(({ createdByUserId }) => createdByUserId))).toContain(null);
    expect(events.some(({ tags }) => tags.length > 0)).toBe(true);
  });

  it('puts an inserted event where its time belongs', async () => {
    await using sandbox = await startUnleashSandbox({ now: clock });
    const inserted = sandbox.insert({ type: 'feature-created', featureName: 'new' });
    const late = sandbox.insert({ type: 'feature-tagged', createdAtMicros: clock() * 1000 - 1 });
    const { events } = await found(sandbox, 'limit=2');
    expect(events.map(({ id }) => id)).toEqual([inserted.id, late.id]);
  });

  it('answers below its base path only', async () => {
    await using sandbox = await startUnleashSandbox({ basePath: '/eu' });
    expect(sandbox.url).toMatch(/\/eu$/);
    expect(await ask(sandbox, search)).toMatchObject({ status: 200 });
    expect(await ask({ ...sandbox, url: sandbox.url.replace('/eu', '') }, search)).toMatchObject({ status: 404 });
  });

  it('refuses a token of another kind with nothing but a message', async () => {
    await using sandbox = await startUnleashSandbox();
    const { status, text } = await ask({ url: sandbox.url, token: sandbox.clientToken }, search);
    expect([status, Object.keys(JSON.parse(text))]).toEqual([403, ['message']]);
  });

  it('records the requests it got', async () => {
    await using sandbox = await startUnleashSandbox({ basePath: '/eu' });
    await found(sandbox, 'limit=3&type=IS:x');
    expect(sandbox.requests).toMatchObject([
      {
        method: 'GET',
        path: `/eu${search}`,
        query: { limit: '3', type: 'IS:x' },
        headers: { authorization: sandbox.token },
      },
    ]);
  });

  describe('of an older release', () => {
    it('has no search endpoint before 6.1', async () => {
      await using sandbox = await startUnleashSandbox({ version: '6.0.5' });
      expect(await ask(sandbox, search)).toMatchObject({ status: 404 });
    });

    it('ignores environment, id and groupId in 6.10, and knows no groups', async () => {
      await using sandbox = await startUnleashSandbox({ version: '6.10.1', now: clock });
      const all = await found(sandbox);
      expect(await found(sandbox, 'limit=1000&environment=IS:nowhere&id=IS:1&groupId=IS:x')).toEqual(all);
      expect(all.events.some((event) => 'groupId' in event)).toBe(false);
    });

    it('ignores id, but not environment, in 7.0.3', async () => {
      await using sandbox = await startUnleashSandbox({ version: '7.0.3' });
      expect(await found(sandbox, 'environment=IS:nowhere')).toMatchObject({ total: 0 });
      expect((await found(sandbox, 'id=IS:1')).total).toBe(sandbox.events().length);
    });
  });
});

describe('a fault of the sandbox', () => {
  const alone =
    (fault: UnleashFault) =>
    async (query = 'limit=5') => {
      await using sandbox = await startUnleashSandbox({ now: clock });
      const before = await found(sandbox, query);
      sandbox.faults.always(fault);
      return { before, answer: await ask(sandbox, `${search}?${query}`) };
    };
  const eventsOf = ({ text }: Answer) => (JSON.parse(text) as { events: Record<string, unknown>[] }).events;

  it.for([401, 403, 500, 503])('status %i is worded as Unleash words it', async (status) => {
    const { answer } = await alone({ kind: 'status', status })();
    expect(answer).toMatchObject({ status, type: 'application/json; charset=utf-8' });
    expect(JSON.parse(answer.text)).toHaveProperty('message');
  });

  it('status 500 shows the text of a statement', async () => {
    const { answer } = await alone({ kind: 'status', status: 500 })();
    expect(answer.text).toContain('select count(*)');
  });

  it('rate-limited is HTML with headers', async () => {
    const { answer } = await alone({ kind: 'rate-limited', retryAfterSeconds: 17 })();
    expect(answer).toMatchObject({ status: 429, type: 'text/html; charset=utf-8' });
    expect(answer.headers.get('retry-after')).toBe('17');
    expect(answer.headers.get('ratelimit-policy')).toBe('15;w=60');
  });

  it('html is a page in the place of JSON', async () => {
    const { answer } = await alone({ kind: 'html' })();
    expect(answer).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
  });

  it('swallowed has a total but no events', async () => {
    const { before, answer } = await alone({ kind: 'swallowed' })();
    expect(JSON.parse(answer.text)).toEqual({ events: [], total: before.total });
  });

  it('cut-off ends the connection within the body', async () => {
    await using sandbox = await startUnleashSandbox();
    sandbox.faults.always({ kind: 'cut-off' });
    const response = await fetch(sandbox.url + search, { headers: { authorization: sandbox.token } });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('truncated-json is a complete answer that no parser reads', async () => {
    const { answer } = await alone({ kind: 'truncated-json' })();
    expect(answer.status).toBe(200);
    expect(() => JSON.parse(answer.text)).toThrow(SyntaxError);
  });

  it('slow waits, and ends when the sandbox closes', async () => {
    const sandbox = await startUnleashSandbox();
    sandbox.faults.always({ kind: 'slow', ms: 3_600_000 });
    const answer = expect(ask(sandbox, search)).rejects.toThrow();
    await expect.poll(() => sandbox.requests.length).toBe(1);
    await sandbox.close();
    await answer;
  });

  it('poison fails every page that holds the event, and no other', async () => {
    await using sandbox = await startUnleashSandbox();
    const id = sandbox.events()[7]?.id ?? 0;
    sandbox.faults.always({ kind: 'poison', id });
    const statuses = ['limit=8', 'limit=7', 'offset=8', `id=IS:${id}`].map((query) =>
      ask(sandbox, `${search}?${query}`),
    );
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([500, 200, 200, 500]);
    expect(await ask(sandbox, '/api/admin/events')).toMatchObject({ status: 200 });
  });

  it('wrong-types spoils one event', async () => {
    const { before, answer } = await alone({ kind: 'wrong-types' })();
    const [first, ...rest] = eventsOf(answer);
    expect(first).toMatchObject({ id: 'seven', tags: null });
    expect(rest).toEqual(before.events.slice(1));
  });

  it('unknown-type renames one event and adds a field', async () => {
    const { before, answer } = await alone({ kind: 'unknown-type', id: 1 })('limit=1000');
    const event = eventsOf(answer).find(({ id }) => id === 1);
    expect(event).toMatchObject({ type: 'feature-teleported', orbit: { apogee: 1 } });
    expect(eventsOf(answer)).toHaveLength(before.events.length);
  });

  it('duplicated repeats the last event', async () => {
    const { before, answer } = await alone({ kind: 'duplicated' })();
    expect(eventsOf(answer)).toEqual([...before.events, before.events.at(-1)]);
  });

  it('ascending turns the page round', async () => {
    const { before, answer } = await alone({ kind: 'ascending' })();
    expect(eventsOf(answer)).toEqual(before.events.toReversed());
  });

  it('short gives fewer rows than were asked, and the same total', async () => {
    const { before, answer } = await alone({ kind: 'short', rows: 2 })();
    expect(JSON.parse(answer.text)).toEqual({ ...before, events: before.events.slice(0, 2) });
  });

  it('shuffled-ties gives events of one microsecond in another sequence at every call, and all others in theirs', async () => {
    const ties = { type: 'feature-created', createdAtMicros: 5_000_000 };
    await using sandbox = await startUnleashSandbox({ events: [], now: clock });
    const tied = Array.from({ length: 6 }, () => sandbox.insert(ties).id);
    const [newest, oldest] = [9_000_000, 1_000_000].map((at) => sandbox.insert({ ...ties, createdAtMicros: at }).id);
    sandbox.faults.always({ kind: 'shuffled-ties' });
    const answers = await Promise.all([1, 2, 3].map(() => found(sandbox, 'limit=10')));
    const sequences = answers.map(({ events }) => events.map(({ id }) => Number(id)));
    expect(new Set(sequences.map(String)).size).toBe(3);
    for (const ids of sequences) {
      expect([ids[0], ids.at(-1), ids.slice(1, -1).toSorted()]).toEqual([newest, oldest, tied]);
    }
  });

  it('happens to the next requests, to matching ones, or until it is taken back', async () => {
    await using sandbox = await startUnleashSandbox();
    const status = async (path = search) => (await ask(sandbox, path)).status;
    sandbox.faults.next(2, { kind: 'status', status: 500 });
    expect([await status(), await status(), await status()]).toEqual([500, 500, 200]);
    sandbox.faults.when(({ query }) => query.offset === '5', { kind: 'status', status: 503 });
    expect([await status(), await status(`${search}?offset=5`)]).toEqual([200, 503]);
    sandbox.faults.clear();
    {
      using _fault = sandbox.faults.always({ kind: 'status', status: 401 });
      expect(await status()).toBe(401);
    }
    expect(await status(`${search}?offset=5`)).toBe(200);
  });
});

function keysOf(event: object): string[] {
  return Object.keys(event);
}

/** Other tests write to the same real server, so names here are nobody else's. */
function renamed(event: SandboxEvent): SandboxEvent {
  const rename = (name: string | null) => (name === null || name === '*' ? name : `sandboxed-${name}`);
  const groupId = event.groupId === undefined ? {} : { groupId: `sandboxed-${event.groupId}` };
  return { ...event, ...groupId, project: rename(event.project), featureName: rename(event.featureName) };
}

function toRow(event: SandboxEvent): EventRow {
  const micros = event.createdAtMicros ?? 0;
  const fraction = String(micros % 1_000_000).padStart(6, '0');
  return {
    created_at: `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${fraction}Z`,
    type: event.type,
    created_by: event.createdBy,
    created_by_user_id: event.createdByUserId,
    data: event.data,
    pre_data: event.preData,
    tags: event.tags,
    feature_name: event.featureName,
    project: event.project,
    environment: event.environment,
    group_type: event.groupType ?? null,
    group_id: event.groupId ?? null,
  };
}
