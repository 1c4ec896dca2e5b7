import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startUnleashSandbox, type UnleashSandbox } from '../../../src/sources/unleash/sandbox.ts';
import { decodeCreators, decodeEventSearch, decodeEvents, decodeUiConfig } from '../../../src/sources/unleash/wire.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { nonsense, spoilt, spoiltProperties } from '../../support/spoilt.ts';

const DETAILS = {
  type: 'feature-strategy-update',
  createdBy: 'ada@example.com',
  createdByUserId: 2,
  data: { name: 'flexibleRollout', parameters: { rollout: '50' } },
  preData: { name: 'flexibleRollout', parameters: { rollout: '10' } },
  tags: [{ type: 'team', value: 'payments' }],
  featureName: 'checkout',
  project: 'default',
  environment: 'production',
  groupType: 'transaction',
  groupId: '01M80XCXZRJ3DCVER0XDF3VDQF',
  label: 'Flag strategy updated',
  summary: '**ada** updated **checkout**',
};
const ESSENTIALS = { id: 7, createdAt: '2026-11-20T10:00:00.123Z' };
/** With everything that an event may have. */
const EVENT = { ...ESSENTIALS, ...DETAILS };

const shapes = readShapes();

/** What is said of the events of `shapes`, in their order. */
const SAID: object[] = [
  { tags: [] },
  { tags: [{ type: 'simple', value: '' }] },
  { createdByUserId: 2, actor: { kind: 'PERSON' } },
  { data: 'text', preData: 7, changes: [] },
  { occurredAt: '2026-11-20T10:00:00.000Z' },
  { occurredAt: '2026-11-20T10:00:00.123Z' },
  { flag: { key: 'my old flag' } },
];

const MORE: [shape: object, said: object][] = [
  [{ id: '8' }, { eventId: '8' }],
  [
    { type: null, label: null },
    { type: '', kind: 'OTHER', title: 'Unknown event' },
  ],
  [
    { type: 'constructor', label: 7 },
    { kind: 'OTHER', title: 'Constructor', label: null },
  ],
  [{ label: '' }, { title: 'Feature strategy update', label: null }],
  [{ createdBy: { name: 'ada' } }, { createdBy: '', actor: { name: '2', email: null, kind: 'PERSON' } }],
  [
    { createdBy: null, createdByUserId: null },
    { createdBy: '', actor: null },
  ],
  [{ createdByUserId: 2 ** 31 }, { createdByUserId: null, actor: { name: 'ada@example.com', kind: 'UNKNOWN' } }],
  [{ tags: 'team' }, { tags: [] }],
  [
    { tags: [null, {}, 7, { value: 'a' }, { type: 'team' }] },
    { tags: [{ type: 'simple', value: 'a' }, { type: 'team' }] },
  ],
  [{ featureName: 7 }, { flag: null }],
  [
    { project: {}, environment: '' },
    { project: null, environment: null },
  ],
  [
    { data: undefined, preData: null },
    { data: null, preData: null, changes: [] },
  ],
  [{ type: undefined, data: { url: 'https://example.com/signup?invite=1' } }, { data: { url: '[REDACTED]' } }],
  [
    { groupType: 1, groupId: [], summary: {} },
    { groupType: null, groupId: null, summary: null },
  ],
];

let sandbox: UnleashSandbox;
let gateway: TestGateway;

beforeAll(async () => {
  sandbox = await startUnleashSandbox({ events: [] });
  gateway = await startGateway([{ vendor: 'unleash', apiToken: sandbox.token, url: sandbox.url }]);
});

afterEach(() => sandbox.faults.clear());

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await sandbox.close();
});

describe('an Unleash event that lacks details', () => {
  it.for([...shapes.events.map((shape, index) => [shape, SAID[index] ?? {}] as const), ...MORE])(
    'is kept, and says nothing in their place: %j',
    async ([shape, said]) => {
      const { flagEvents } = await readThrough({ events: [{ ...EVENT, ...shape }], total: 1 });
      expect(flagEvents.nodes).toMatchObject([said]);
      expect(flagEvents.sources).toEqual([{ status: 'OK', skippedEvents: 0, failure: null }]);
    },
  );

  it('comes out of the graph whatever its details are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spoiltEvent(), { minLength: 1, maxLength: 20 }), async (spoiltEvents) => {
        const events = spoiltEvents.map((event, index) => ({ ...event, id: index + 1 }));
        const { flagEvents } = await readThrough({ events, total: events.length });
        expect(flagEvents.nodes.map(({ eventId }) => eventId)).toEqual(events.map(({ id }) => String(id)));
        expect(flagEvents.sources).toEqual([{ status: 'OK', skippedEvents: 0, failure: null }]);
      }),
      { numRuns: 40 },
    );
  });

  it('is found by its flag, also if that has blanks in its name, as old ones have', async () => {
    sandbox.insert({ type: 'feature-archived', featureName: 'my old flag' });
    const { data } = await gateway.query(
      '{ flagEvents(filter: { flagKeys: ["my old flag"] }) { nodes { flag { key } } } }',
    );
    expect(data).toEqual({ flagEvents: { nodes: [{ flag: { key: 'my old flag' } }] } });
  });

  it('does not show what nests without end', async () => {
    // As text: no printer of JSON gets that deep.
    const body = JSON.stringify({ events: [{ ...EVENT, data: { a: 1, b: 'DEEP' } }], total: 1 });
    const { flagEvents } = await readThrough(body.replace('"DEEP"', '['.repeat(20_000) + ']'.repeat(20_000)));
    const shown = JSON.stringify(flagEvents.nodes[0]?.data);
    expect(shown).toMatch(/^\{"a":1,"b":\[+null\]+\}$/);
    expect(shown.length).toBeLessThan(500);
  });

  it('comes also as one of the newest hundred of an Unleash without a search', async () => {
    await using old = await startUnleashSandbox({ events: [], version: '4.3.0' });
    await using reader = await startGateway([
      { vendor: 'unleash', apiToken: old.token, url: old.url, eventsApi: 'legacy' },
    ]);
    const { featureName, ...event } = EVENT;
    old.faults.always({
      kind: 'status',
      status: 200,
      body: { version: 1, events: [{ ...event, type: 'feature-created', data: { name: 'my-flag' }, tags: null }] },
    });
    const { data, errors } = await reader.query<Answer>(QUERY);
    expect(errors).toBeUndefined();
    expect(data?.flagEvents).toMatchObject({
      nodes: [{ flag: { key: 'my-flag' }, kind: 'CREATED', tags: [] }],
      sources: [{ status: 'OK', skippedEvents: 0 }],
    });
  });
});

describe('decodeEventSearch', () => {
  it('decodes an event whose details are anything or missing', () => {
    fc.assert(
      fc.property(spoiltEvent(), (event) => {
        const [decoded] = decodeEventSearch({ events: [event], total: 1 })?.events ?? [];
        expect(decoded).toMatchObject({ id: 7, createdAt: Date.parse(ESSENTIALS.createdAt) });
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps every detail of an event that has them all, and its data as they are', () => {
    const decoded = decodeEventSearch({ events: [EVENT], total: 1 });
    expect(decoded).toEqual({ events: [{ ...EVENT, createdAt: Date.parse(EVENT.createdAt) }], total: 1 });
    expect(decoded?.events[0]?.data).toBe(EVENT.data);
  });

  it.for<[string, unknown[]]>([
    ['id', [undefined, null, '', 'seven', 1.5, 2 ** 31, '99999999999', true, {}, []]],
    [
      'createdAt',
      [
        undefined,
        null,
        '',
        0,
        'yesterday',
        '2026-11-20',
        '2026-11-20T10:00:00',
        '2026-02-30T10:00:00Z',
        '2026-13-01T10:00:00Z',
        '0000-01-01T00:00:00Z',
        {},
      ],
    ],
  ])('cannot read an event without %s', ([name, values]) => {
    for (const value of values) {
      expect(decodeEventSearch({ events: [{ ...EVENT, [name]: value }], total: 1 })?.events).toEqual([null]);
    }
  });

  it.for<[string, string]>([
    ['2026-11-20T10:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00+01:00', '2026-11-20T09:00:00.000Z'],
    ['2024-02-29T23:59:59.999999Z', '2024-02-29T23:59:59.999Z'],
  ])('reads %s as a time', ([createdAt, time]) => {
    const [decoded] = decodeEventSearch({ events: [{ ...EVENT, createdAt }], total: 1 })?.events ?? [];
    expect(decoded?.createdAt).toBe(Date.parse(time));
  });

  it('answers anything with a page or with nothing', () => {
    const body = fc.oneof(spoilt({ events: [EVENT], total: 1, totalEvents: 1 }), nonsense, fc.constant(undefined));
    fc.assert(
      fc.property(body, (answer) => {
        const [found, recent] = [decodeEventSearch(answer), decodeEvents(answer)];
        if (found) expect(found).toEqual({ events: expect.any(Array), total: expect.any(Number) });
        if (recent?.totalEvents != null) expect(recent.totalEvents).toBeTypeOf('number');
        if (recent) expect(recent.events).toBeInstanceOf(Array);
        expect(() => [decodeCreators(answer), decodeUiConfig(answer)]).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it.for<[unknown, number, number]>([
    [{ events: [], total: 0 }, 0, 0],
    [{ events: [] }, 0, 0],
    [{ events: null, total: 0 }, 0, 0],
    [{ total: '7' }, 0, 7],
    [{ events: [EVENT, null, 'event'], total: '3' }, 3, 3],
  ])('takes %j for a page of %i among %i', ([body, rows, total]) => {
    const found = decodeEventSearch(body);
    expect([found?.events.length, found?.total]).toEqual([rows, total]);
  });

  it.for([undefined, null, 7, 'page', [], {}, { message: 'no' }, { events: {} }, { events: 'none', total: 0 }])(
    'takes %j for no page at all',
    (body) => {
      expect([decodeEventSearch(body), decodeEvents(body)]).toEqual([undefined, undefined]);
    },
  );

  it('refuses rows without a count: nobody could tell whether more follow', () => {
    expect(decodeEventSearch({ events: [EVENT] })).toBeUndefined();
    expect(decodeEventSearch({ events: [EVENT], total: null })).toBeUndefined();
  });
});

describe('decodeEvents', () => {
  it('does without a count', () => {
    expect(decodeEvents({ version: 1, events: [EVENT] })?.totalEvents).toBeNull();
    expect(decodeEvents({ version: 1, events: null, totalEvents: 0 })).toEqual({ events: [], totalEvents: 0 });
  });

  // As the servers before 4.4 stored them.
  it.for<[type: string, row: object, flag: string | null]>([
    ['feature-created', { data: { name: 'a', project: 'default' } }, 'a'],
    ['feature-archived', { data: { name: 'a' } }, 'a'],
    ['feature-tagged', { data: { featureName: 'a', tag: { type: 'simple', value: 'b' } } }, 'a'],
    ['feature-strategy-add', { data: { id: '1', name: 'a', strategyName: 'default' } }, 'a'],
    ['feature-strategy-update', { data: { id: '1', name: 'default', featureName: 'a' } }, 'a'],
    ['feature-strategy-update', { data: { id: '1', name: 'default' } }, null],
    ['feature-strategy-remove', { data: { id: '1', featureName: 'a' } }, 'a'],
    ['strategy-created', { data: { name: 'default' } }, null],
    ['project-created', { data: { id: 'p', name: 'Project' } }, null],
    ['feature-created', { data: 'a' }, null],
    ['feature-created', { featureName: null, data: { name: 'a' } }, null],
    ['feature-created', { featureName: 'b', data: { name: 'a' } }, 'b'],
  ])('finds the flag of an old %s in %j', ([type, row, flag]) => {
    const decoded = decodeEvents({ events: [{ ...ESSENTIALS, type, ...row }] });
    expect(decoded?.events[0]?.featureName).toBe(flag);
  });
});

describe('decodeCreators', () => {
  it('leaves out who has no number or no name', () => {
    const rows = [{ id: 1, name: 'Ada' }, { id: '2', name: 'Grace' }, { id: 3, name: null }, { name: 'Ada' }, null, 7];
    expect(decodeCreators(rows)).toEqual([
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Grace' },
    ]);
    expect(decodeCreators({ creators: rows })).toBeUndefined();
  });
});

describe('decodeUiConfig', () => {
  it.for<[unknown, string | null]>([
    [{ version: '8.2.0', versionInfo: { current: { oss: '1', enterprise: '2' } } }, '8.2.0'],
    [{ version: null, versionInfo: { current: { oss: '7.0.0', enterprise: '' } } }, '7.0.0'],
    [{ versionInfo: { current: { oss: '7.0.0', enterprise: '7.1.0' } } }, '7.1.0'],
    [{ versionInfo: null }, null],
    [{ version: 8 }, null],
  ])('reads the version in %j', ([body, version]) => {
    expect(decodeUiConfig(body)).toEqual({ version });
  });
});

const QUERY = `{
  flagEvents(first: 20) {
    nodes {
      occurredAt kind type title url flag { key } project { key } environment { key } actor { name email kind }
      ... on UnleashFlagEvent {
        eventId createdBy createdByUserId data preData changes { path before after } tags { type value }
        label summary groupType groupId
      }
    }
    sources { status skippedEvents failure { code } }
  }
}`;

interface Answer {
  flagEvents: { nodes: { eventId: string; data: unknown }[]; sources: object[] };
}

/** What a client is told when this is Unleash's answer to every search. */
async function readThrough(body: unknown): Promise<Answer> {
  sandbox.faults.clear();
  sandbox.faults.when(({ path }) => path.endsWith('/search/events'), { kind: 'status', status: 200, body });
  const { data, errors, extensions } = await gateway.query<Answer>(QUERY);
  expect([errors, extensions]).toEqual([undefined, undefined]);
  if (!data) throw new Error('There is no answer.');
  return data;
}

/** All that is essential, and the rest as it comes. */
function spoiltEvent(): fc.Arbitrary<object> {
  return spoiltProperties(DETAILS).map((details) => ({ ...details, ...ESSENTIALS }));
}

/** Shapes that real and doctored answers have had. */
function readShapes(): { events: object[] } {
  return JSON.parse(readFileSync(new URL('../../cases/unleash-shapes.json', import.meta.url), 'utf8'));
}
