import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LaunchDarklySandbox, startLaunchDarklySandbox } from '../../../src/sources/launchdarkly/sandbox.ts';
import { decodeEnvironmentCollection, decodeFlagEventCollection } from '../../../src/sources/launchdarkly/wire.ts';
import { createFlagEvent } from '../../support/flag-event.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { nonsense, spoilt, spoiltProperties } from '../../support/spoilt.ts';

const NOW = Date.now();
const MEMBER = { id: '1', email: 'ada@example.com', firstName: 'Ada', lastName: 'Lovelace' };
const EXPERIMENT = {
  key: 'search',
  name: 'Search',
  iteration: { id: 'i', status: 'running', startedAt: NOW - 1, endedAt: NOW },
};
/** With everything that an event may have. */
const EVENT = createFlagEvent(1, NOW - 60_000, {
  description: 'Turned on targeting',
  impact: {
    size: 'small',
    percentage: 12.5,
    reason: 'evaluations',
    evaluationsSummary: { variations: [{ value: { a: [1] }, before: 1_000, after: 5_000_000_000 }] },
  },
  environmentId: '65baa44ecc4b5bce113bb4f8',
  auditLogEntryId: '65baa44ecc4b5bce113bb4f9',
  member: MEMBER,
  actions: ['updateOn', 'updateRules'],
  experiments: { totalCount: 1, items: [EXPERIMENT] },
});
const BODY = { totalCount: 1, items: [EVENT], _links: { next: { href: '/api?after=x', type: 'application/json' } } };
const { id, flagKey, eventTime, ...DETAILS } = EVENT;
const ESSENTIALS = { id, flagKey, eventTime };

const shapes = readShapes();

let sandbox: LaunchDarklySandbox;
let gateway: TestGateway;

beforeAll(async () => {
  sandbox = await startLaunchDarklySandbox({ events: [], rateLimit: { global: 1e9, route: 1e9 } });
  const { token, url } = sandbox;
  gateway = await startGateway([{ vendor: 'launchdarkly', accessToken: token, url, projects: ['default/production'] }]);
});

afterEach(() => sandbox.faults.clear());

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await sandbox.close();
});

/** What is said of the events of `shapes`, in their order. */
const SAID: object[] = [
  {
    actor: { name: 'A', email: 'a@example.com', kind: 'PERSON' },
    member: { id: '1', email: 'a@example.com', firstName: 'A', lastName: '' },
  },
  { actor: { name: 'a@example.com' }, member: { id: '1', firstName: '', lastName: '' } },
  { impact: { size: null, percentage: null, reason: null, evaluationsSummary: null } },
  { description: '' },
  { occurredAt: '2025-11-25T00:00:00.000Z' },
  { actions: [] },
  { impact: { size: 'SMALL', percentage: 5, reason: null, evaluationsSummary: { variations: [] } } },
];

const MORE: [shape: object, said: object][] = [
  [{ member: 'Ada' }, { actor: null, member: null }],
  [{ member: {} }, { actor: null, member: null }],
  [
    { member: { email: 'ada@example.com' } },
    { actor: { name: 'ada@example.com' }, member: { id: null, firstName: '' } },
  ],
  [{ member: { id: '1' } }, { actor: { name: '1', email: null }, member: { id: '1', email: '' } }],
  [
    { eventType: null, actions: null },
    { type: '', kind: 'OTHER', title: 'Unknown event' },
  ],
  [
    { eventType: 'constructor', actions: [] },
    { kind: 'OTHER', title: 'Constructor' },
  ],
  [{ impact: { size: 'constructor' } }, { impact: { size: 'OTHER' } }],
  [{ impact: { size: 3, percentage: '12.5', reason: {} } }, { impact: { size: null, percentage: 12.5, reason: null } }],
  [
    { impact: { evaluationsSummary: { variations: [null, {}, { before: '7' }] } } },
    {
      impact: {
        evaluationsSummary: {
          variations: [
            { value: null, before: null, after: null },
            { value: null, before: 7, after: null },
          ],
        },
      },
    },
  ],
  [
    { projectId: undefined, projectKey: undefined },
    { projectId: '', project: { key: 'default' } },
  ],
  [{ environmentKey: undefined }, { environment: { key: 'production' } }],
  [
    { environmentKey: null, environmentId: null },
    { environment: null, environmentId: null },
  ],
  [{ actions: ['updateOn', null, 7, ''] }, { actions: ['updateOn'], kind: 'ENABLED' }],
  [{ flagKey: '\ud800' }, { flag: { key: '\ud800' } }],
];

const experimentShapes: [experiments: unknown, said: object[]][] = [
  [shapes.experiments[0], [{ key: 'e', iteration: { id: 'i', status: 'not_started', startedAt: null } }]],
  [shapes.experiments[1], [{ key: 'e', name: 'E', iteration: null }]],
  [shapes.experiments[2], []],
  [shapes.experiments[3], [{ iteration: { startedAt: '1970-01-01T00:00:00.001Z', endedAt: null } }]],
  ['none', []],
  [{ items: [null, {}, { key: 'e' }] }, [{ key: 'e', name: 'e', iteration: null }]],
  [{ items: [{ name: 'E', iteration: { id: 7 } }] }, [{ key: '', name: 'E', iteration: null }]],
  [{ items: [{ key: 'e', iteration: { startedAt: '1', endedAt: 9e15 } }] }, [{ iteration: { id: null, status: '' } }]],
];

describe('a LaunchDarkly event that lacks details', () => {
  it.for([...shapes.events.map((shape, index) => [shape, SAID[index] ?? {}] as const), ...MORE])(
    'is kept, and says nothing in their place: %j',
    async ([shape, said]) => {
      const { flagEvents } = await readThrough({ totalCount: 1, items: [{ ...EVENT, ...shape }] });
      expect(flagEvents.nodes).toMatchObject([{ eventId: EVENT.id, ...said }]);
      expect(flagEvents.sources).toEqual([{ status: 'OK', skippedEvents: 0, failure: null }]);
    },
  );

  it.for(experimentShapes)('is kept whatever its experiments lack: %j', async ([experiments, said]) => {
    const { flagEvents } = await readThrough({ totalCount: 1, items: [{ ...EVENT, experiments }] });
    expect(flagEvents.nodes).toMatchObject([{ eventId: EVENT.id, experiments: { nodes: said } }]);
    expect(flagEvents.nodes[0]?.experiments?.nodes).toHaveLength(said.length);
    expect(flagEvents.sources).toEqual([{ status: 'OK', skippedEvents: 0, failure: null }]);
  });

  it('comes out of the graph whatever its details are', async () => {
    const events = fc.array(spoiltEvent(), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(events, async (spoiltEvents) => {
        const items = spoiltEvents.map((event, index) => ({ ...event, id: `event-${index}` }));
        const { flagEvents } = await readThrough({ totalCount: items.length, items });
        // All of one millisecond: first what names no environment, and then by id.
        const rankOf = (item: { environmentId?: unknown; environmentKey?: unknown; id: string }) =>
          `${[item.environmentId, item.environmentKey].some(isName) ? 0 : 1} ${item.id}`;
        expect(flagEvents.nodes.map(({ eventId }) => eventId)).toEqual(
          items.toSorted((a, b) => (rankOf(a) < rankOf(b) ? 1 : -1)).map(({ id }) => id),
        );
        expect(flagEvents.sources).toEqual([{ status: 'OK', skippedEvents: 0, failure: null }]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a page of LaunchDarkly', () => {
  it.for([...shapes.collections, { items: null, _links: {} }, { totalCount: 40 }])(
    'without events is an empty one: %j',
    async (body) => {
      const { flagEvents } = await readThrough(body);
      expect(flagEvents).toMatchObject({ nodes: [], sources: [{ status: 'OK', skippedEvents: 0, failure: null }] });
    },
  );

  it('that does not say how many events there are is read on all the same', async () => {
    const [first, second] = [1, 2].map((number) => createFlagEvent(number, NOW - number * 60_000));
    const pages = [{ items: [first], _links: { next: { href: '/?after=x' } } }, { items: [second] }];
    for (const [index, body] of pages.entries()) {
      sandbox.faults.add(
        { type: 'answer', status: 200, body },
        { when: ({ query }) => (query.after === 'x') === (index === 1) },
      );
    }
    const { data, errors } = await gateway.query<Answer>(
      '{ flagEvents(first: 10) { totalCount nodes { ... on LaunchDarklyFlagEvent { eventId } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data?.flagEvents).toEqual({ totalCount: null, nodes: [{ eventId: first?.id }, { eventId: second?.id }] });
  });
});

describe('decodeFlagEventCollection', () => {
  it('decodes an event whose details are anything or missing', () => {
    fc.assert(
      fc.property(spoiltEvent(), (event) => {
        const [decoded] = decodeFlagEventCollection({ items: [event] })?.items ?? [];
        expect(decoded).toMatchObject(ESSENTIALS);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps every detail of an event that has them all', () => {
    expect(decodeFlagEventCollection(BODY)).toEqual({ ...BODY, _links: undefined, next: '/api?after=x' });
  });

  it.for<[string, unknown[]]>([
    ['id', [undefined, null, '', 7, {}, []]],
    ['flagKey', [undefined, null, '', 7, {}, []]],
    [
      'eventTime',
      [undefined, null, '', 'yesterday', '2026-11-25T00:00:00Z', '1e12', 1.5, 9e15, '99999999999999999', true, {}],
    ],
  ])('cannot read an event without %s', ([name, values]) => {
    for (const value of values) {
      expect(decodeFlagEventCollection({ items: [{ ...EVENT, [name]: value }] })?.items).toEqual([null]);
    }
  });

  it('answers anything with a page or with nothing', () => {
    fc.assert(
      fc.property(fc.oneof(spoilt(BODY), nonsense, fc.constant(undefined)), (body) => {
        const page = decodeFlagEventCollection(body);
        if (page === undefined) return;
        expect(page).toEqual({
          totalCount: page.totalCount === null ? null : expect.any(Number),
          items: expect.any(Array),
          next: page.next === null ? null : expect.any(String),
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it.for<[unknown, number]>([
    [{ items: [] }, 0],
    [{ items: null }, 0],
    [{ totalCount: 0 }, 0],
    [{ _links: {} }, 0],
    [{ totalCount: '3', items: [EVENT, null, 'event'] }, 3],
  ])('takes %j for a page of %i', ([body, rows]) => {
    expect(decodeFlagEventCollection(body)?.items).toHaveLength(rows);
  });

  it.for([undefined, null, 7, 'page', [], {}, { message: 'no' }, { items: {} }, { items: 'none', totalCount: 0 }])(
    'takes %j for no page at all',
    (body) => {
      expect(decodeFlagEventCollection(body)).toBeUndefined();
    },
  );

  it('keeps LaunchDarkly’s own count of experiments, and counts what has none', () => {
    const counts = [{ totalCount: 7, items: [EXPERIMENT] }, { items: [EXPERIMENT] }, { items: null }].map(
      (experiments) => decodeFlagEventCollection({ items: [{ ...EVENT, experiments }] })?.items[0]?.experiments,
    );
    expect(counts.map((experiments) => [experiments?.totalCount, experiments?.items.length])).toEqual([
      [7, 1],
      [1, 1],
      [0, 0],
    ]);
  });

  it('leaves out a variation’s value that nests without end', () => {
    const value = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    const impact = { evaluationsSummary: { variations: [{ value, before: 1 }] } };
    const [decoded] = decodeFlagEventCollection({ items: [{ ...EVENT, impact }] })?.items ?? [];
    expect(decoded?.impact.evaluationsSummary).toEqual({ variations: [{ value: null, before: 1, after: null }] });
  });
});

describe('decodeEnvironmentCollection', () => {
  it('takes the keys and nothing else: no SDK key gets further', () => {
    const items = [{ key: 'production', apiKey: 'sdk-1' }, null, { key: null }, { key: 7 }, { key: 'staging' }];
    expect(decodeEnvironmentCollection({ items, totalCount: 5 })).toEqual({
      keys: ['production', 'staging'],
      totalCount: 5,
    });
    expect(decodeEnvironmentCollection({ items: null, _links: {} })).toEqual({ keys: [], totalCount: null });
    expect(decodeEnvironmentCollection({ message: 'no' })).toBeUndefined();
  });
});

interface Answer {
  flagEvents: {
    nodes: { eventId: string; experiments: { nodes: object[] } | null }[];
    sources: object[];
  };
}

/** What a client is told when this is LaunchDarkly's answer to every call. */
async function readThrough(body: unknown): Promise<Answer> {
  sandbox.faults.clear();
  sandbox.faults.add({ type: 'answer', status: 200, body });
  const { data, errors, extensions } = await gateway.query<Answer>(`{
    flagEvents(first: 20, filter: { from: "0001-01-01T00:00:00Z" }) {
      nodes {
        occurredAt kind type title url flag { key } project { key } environment { key } actor { name email kind }
        ... on LaunchDarklyFlagEvent {
          eventId projectId environmentId auditLogEntryId description actions
          impact { size percentage reason evaluationsSummary { variations { value before after } } }
          member { id: memberId email firstName lastName }
          experiments { nodes { key name iteration { id: iterationId status startedAt endedAt } } }
        }
      }
      sources { status skippedEvents failure { code } }
    }
  }`);
  expect([errors, extensions]).toEqual([undefined, undefined]);
  if (!data) throw new Error('There is no answer.');
  return data;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** All that is essential, and the rest as it comes. */
function spoiltEvent(): fc.Arbitrary<object> {
  return spoiltProperties(DETAILS).map((details) => ({ ...details, ...ESSENTIALS }));
}

/** Shapes that real and doctored answers have had. */
function readShapes(): { events: object[]; experiments: unknown[]; collections: unknown[] } {
  return JSON.parse(readFileSync(new URL('../../cases/launchdarkly-shapes.json', import.meta.url), 'utf8'));
}
