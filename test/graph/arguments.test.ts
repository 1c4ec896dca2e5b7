import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LaunchDarklySandbox, startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { MAX_CURSOR_LENGTH } from '../../src/timeline/cursor.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

const PAGE = `
  query Page($first: Int, $after: String, $last: Int, $before: String, $filter: FlagEventFilter) {
    flagEvents(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;

interface Page {
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

/** Pairs of filters that are one query. */
const SAME_FILTERS: [object | null, object | null][] = JSON.parse(
  readFileSync(new URL('../cases/filters.json', import.meta.url), 'utf8'),
);

/** Stands for what a client sends by mistake; no message may repeat it. */
const CANARY = 'canary-4711';

let gateway: TestGateway;
let launchDarkly: LaunchDarklySandbox;
let unleash: UnleashSandbox;
/** A cursor from the middle of the timeline, made without a filter. */
let cursor = '';

beforeAll(async () => {
  launchDarkly = await startLaunchDarklySandbox();
  unleash = await startUnleashSandbox();
  gateway = await startGateway([
    {
      vendor: 'launchdarkly',
      url: launchDarkly.url,
      accessToken: launchDarkly.token,
      projects: launchDarkly.projects.map(({ key }) => `${key}/*`),
    },
    { vendor: 'unleash', url: unleash.url, apiToken: unleash.token },
  ]);
  cursor = (await read({ first: 5 })).edges.at(-1)?.cursor ?? '';
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await launchDarkly.close();
  await unleash.close();
});
beforeEach(() => {
  launchDarkly.requests.length = 0;
  unleash.requests.length = 0;
});

type Variables = Record<string, unknown>;
type Mistake = [what: string, argument: string, variables: () => Variables];

const paging: Mistake[] = [
  ['a negative first', 'first', () => ({ first: -1 })],
  ['a first beyond the largest page', 'first', () => ({ first: 101 })],
  ['the largest Int as first', 'first', () => ({ first: 2_147_483_647 })],
  ['a negative last', 'last', () => ({ last: -1 })],
  ['a last beyond the largest page', 'last', () => ({ last: 101 })],
  ['first with last', 'last', () => ({ first: 1, last: 1 })],
  ['a bad page size beside two cursors', 'last', () => ({ last: 101, after: cursor, before: cursor })],
  ['a cursor that is none beside a good one', 'before', () => ({ first: 1, after: cursor, before: CANARY })],
  ['a cursor that is none beside a good one, going back', 'after', () => ({ last: 1, before: cursor, after: CANARY })],
];

const cursors = (['after', 'before'] as const).flatMap((name): Mistake[] => [
  [`an empty ${name}`, name, () => ({ [name]: '' })],
  [`junk as ${name}`, name, () => ({ [name]: CANARY })],
  [
    `something encoded that is no cursor as ${name}`,
    name,
    () => ({ [name]: Buffer.from(CANARY).toString('base64url') }),
  ],
  [`a cursor cut short as ${name}`, name, () => ({ [name]: cursor.slice(0, -4) })],
  [`a cursor with something after it as ${name}`, name, () => ({ [name]: `${cursor}${CANARY}` })],
  [`a cursor from another filter as ${name}`, name, () => ({ [name]: cursor, filter: { flagKeys: [CANARY] } })],
  [`a cursor of another version as ${name}`, name, () => ({ [name]: forge({ v: 1 }) })],
  [`a cursor from outside of time as ${name}`, name, () => ({ [name]: forge({ a: 1e16 }) })],
  [`a cursor that is too long as ${name}`, name, () => ({ [name]: 'e'.repeat(MAX_CURSOR_LENGTH + 1) })],
]);

const lists: Mistake[] = [
  ['sources', () => 'unleash'] as const,
  ['vendors', () => 'UNLEASH'] as const,
  ['kinds', () => 'CREATED'] as const,
  ...(['types', 'flagKeys', 'projects', 'environments', 'actors'] as const).map(
    (name) => [name, () => CANARY] as const,
  ),
  ['launchDarkly.impactSizes', () => 'SMALL'] as const,
  ['launchDarkly.applicationKeys', () => CANARY] as const,
  ['unleash.tags', () => CANARY] as const,
  ['unleash.createdByUserIds', (index: number) => index] as const,
].map(([name, item]) => {
  const items = Array.from({ length: 201 }, (_, index) => item(index));
  return [`201 values of filter.${name}`, `filter.${name}`, () => ({ filter: inside(name, items) })];
});

const textLists = [
  'types',
  'flagKeys',
  'projects',
  'environments',
  'actors',
  'launchDarkly.applicationKeys',
  'unleash.tags',
];
const texts = [...textLists, 'unleash.text', 'unleash.groupId'].flatMap((name): Mistake[] => {
  const wrap = (text: string) => ({ filter: inside(name, textLists.includes(name) ? ['fine', text] : text) });
  return [
    [`a NUL in filter.${name}`, `filter.${name}`, () => wrap(`${CANARY}\u0000`)],
    [`a line break in filter.${name}`, `filter.${name}`, () => wrap(`${CANARY}\r\nx: y`)],
    [`251 characters in filter.${name}`, `filter.${name}`, () => wrap(CANARY.padEnd(251, 'x'))],
  ];
});

const filters: Mistake[] = [
  [
    'a window of no length',
    'filter.to',
    () => ({ filter: { from: '2026-01-02T00:00:00Z', to: '2026-01-02T00:00:00Z' } }),
  ],
  [
    'a window that ends first',
    'filter.to',
    () => ({ filter: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } }),
  ],
  ['a source that does not exist', 'filter.sources', () => ({ filter: { sources: ['unleash', CANARY] } })],
  ['two group ids in one', 'filter.unleash.groupId', () => ({ filter: { unleash: { groupId: `${CANARY},2` } } })],
  ['no group id at all', 'filter.unleash.groupId', () => ({ filter: { unleash: { groupId: '' } } })],
];

describe('a request that cannot be answered', () => {
  it.for([...paging, ...cursors, ...filters, ...lists, ...texts])(
    'is refused with the argument named, and asks no upstream: %s',
    async ([_what, argument, variables]) => {
      const { data, errors } = await gateway.query(PAGE, variables());
      expect(data).toEqual({ flagEvents: null });
      expect(errors).toEqual([expect.objectContaining({ path: ['flagEvents'] })]);
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
      expect(errors?.[0]?.message).toContain(`\`${argument}\``);
      expect(JSON.stringify(errors)).not.toContain(CANARY);
      expect(upstreamCalls()).toBe(0);
    },
  );

  it.for([
    ['a number that is no Int', { first: 2_147_483_648 }],
    ['half an event', { first: 1.5 }],
    ['a user id beyond 32 bit', { filter: { unleash: { createdByUserIds: [2_147_483_648] } } }],
    ['a moment that is none', { filter: { from: '2026-02-30T00:00:00Z' } }],
    ['a moment without an offset', { filter: { from: '2026-01-02T00:00:00' } }],
    ['a field that does not exist', { filter: { flagKey: ['a'] } }],
    ['a null inside a list', { filter: { flagKeys: [null] } }],
  ] as const)('is refused by the schema, and asks no upstream: %s', async ([_what, variables]) => {
    const { data, errors } = await gateway.query(PAGE, variables);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(upstreamCalls()).toBe(0);
  });

  it.for(['unleash', 'no-such-feed'])(
    'is no error of the gateway: a cursor with a bottomless hint for %s',
    async (feed) => {
      for (const hint of ['['.repeat(5_800) + ']'.repeat(5_800), `${'{"a":'.repeat(1_900)}1${'}'.repeat(1_900)}`]) {
        const after = forge({ h: { [feed]: 'HINT' } }, (json) => json.replace('"HINT"', hint));
        expect(after.length).toBeLessThan(MAX_CURSOR_LENGTH);
        const { errors = [] } = await gateway.query(PAGE, { after });
        expect(errors.filter(({ extensions }) => extensions?.code !== 'BAD_USER_INPUT')).toEqual([]);
      }
    },
  );

  it('leaves the gateway as it was', async () => {
    await Promise.all([...paging, ...cursors].map(([, , variables]) => gateway.query(PAGE, variables())));
    const page = await read({ first: 5 });
    expect(page.edges).toHaveLength(5);
    expect(upstreamCalls()).toBe(feedCount());
  });
});

describe('a filter that asks the same in other words', () => {
  beforeAll(() => {
    for (const featureName of ['a', 'b']) {
      unleash.insert({ type: 'feature-created', featureName, tags: [{ type: 'a', value: 'b' }] });
    }
  });

  it.for([
    ...SAME_FILTERS,
    [{ actors: null, unleash: { tags: ['a:b', 'c:d'], text: null } }, { unleash: { tags: ['c:d', 'a:b'] } }],
    [{ launchDarkly: {}, unleash: null }, null],
  ])('takes the cursors of the other: %j', async ([one, other]) => {
    for (const [before, after] of [
      [one, other],
      [other, one],
    ]) {
      const place = (await read({ first: 1, filter: before })).pageInfo.endCursor;
      expect(place).toEqual(expect.any(String));
      expect(await read({ first: 3, after: place, filter: after })).toEqual(
        await read({ first: 3, after: place, filter: before }),
      );
    }
  });

  it('may leave a variable undefined, or the whole filter', async () => {
    const withVariables = `query ($after: String, $flags: [String!], $from: DateTime) {
      flagEvents(first: 3, after: $after, filter: { flagKeys: $flags, from: $from, unleash: { groupId: null } }) { nodes { id } }
    }`;
    const { errors } = await gateway.query(withVariables, { after: cursor });
    expect(errors).toBeUndefined();
  });
});

describe('a page between two cursors', () => {
  /** The newest hundred events, and of each its cursor. */
  let newest: Page['edges'] = [];
  beforeAll(async () => {
    newest = (await read({ first: 100 })).edges;
  });
  const at = (index: number) => newest[index]?.cursor;
  const slice = (from: number, to: number) => newest.slice(from, to).map(({ node }) => node.id);

  it.for<[string, () => Variables, [number, number], boolean, boolean]>([
    ['first with before', () => ({ first: 5, before: at(30) }), [0, 5], false, true],
    ['first with before, which comes sooner', () => ({ first: 50, before: at(30) }), [0, 30], false, false],
    ['first with both', () => ({ first: 5, after: at(9), before: at(30) }), [10, 15], true, true],
    ['first with both, all that there is', () => ({ first: 20, after: at(9), before: at(30) }), [10, 30], true, false],
    ['last with both', () => ({ last: 5, after: at(9), before: at(30) }), [25, 30], true, true],
    ['last with both, all that there is', () => ({ last: 20, after: at(9), before: at(30) }), [10, 30], false, true],
    ['both alone', () => ({ after: at(9), before: at(60) }), [10, 30], true, true],
    ['before alone', () => ({ before: at(60) }), [40, 60], true, true],
    ['both, next to each other', () => ({ first: 5, after: at(9), before: at(10) }), [10, 10], true, false],
    ['both, the same', () => ({ first: 5, after: at(9), before: at(9) }), [10, 10], true, false],
    ['both, the wrong way round', () => ({ last: 5, after: at(30), before: at(9) }), [10, 10], false, true],
  ])('is what Relay’s specification says: %s', async ([, variables, [from, to], hasPreviousPage, hasNextPage]) => {
    const page = await read(variables());
    expect(idsOf(page)).toEqual(slice(from, to));
    expect(page.pageInfo).toMatchObject({ hasPreviousPage, hasNextPage });
    const [start, end] = from < to ? [at(from), at(to - 1)] : [undefined, undefined];
    expect(decoded(page.pageInfo.startCursor)).toEqual(decoded(start));
    expect(decoded(page.pageInfo.endCursor)).toEqual(decoded(end));
  });

  it('reads the oldest ones: last with after', async () => {
    const oldest = await read({ last: 5 });
    const page = await read({ last: 5, after: at(9) });
    expect(idsOf(page)).toEqual(idsOf(oldest));
    expect(page.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
  });

  it('can be walked through from either end', async () => {
    for (const way of ['older', 'newer'] as const) {
      let ids: string[] = [];
      let [after, before] = [at(4), at(64)];
      for (
        let page: Page | undefined;
        page?.pageInfo[way === 'older' ? 'hasNextPage' : 'hasPreviousPage'] !== false;
      ) {
        page = await read({ [way === 'older' ? 'first' : 'last']: 7, after, before });
        ids = way === 'older' ? [...ids, ...idsOf(page)] : [...idsOf(page), ...ids];
        if (way === 'older') after = page.pageInfo.endCursor ?? after;
        else before = page.pageInfo.startCursor ?? before;
      }
      expect(ids).toEqual(slice(5, 64));
    }
  });
});

describe('a page size', () => {
  it.for([1, 20, 99, 100])('is taken as it is: %i', async (size) => {
    expect((await read({ first: size })).edges).toHaveLength(size);
    expect((await read({ last: size, before: await oldestCursor() })).edges).toHaveLength(size);
  });

  it('is 20 when left out, or null', async () => {
    expect((await read({})).edges).toHaveLength(20);
    expect((await read({ first: null, last: null, after: null, before: null, filter: null })).edges).toHaveLength(20);
  });

  it('of 0 gives no events, and tells whether there are any', async () => {
    const page = await read({ first: 0 });
    expect(page).toMatchObject({ edges: [], pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const goneOn = await read({ first: 5, after: page.pageInfo.endCursor });
    expect(idsOf(goneOn)).toEqual(idsOf(await read({ first: 5 })));
    const none = await read({ first: 0, filter: { flagKeys: ['no-such-flag'] } });
    expect(none).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
  });

  it('of 0 going back gives no events, and tells whether there are newer ones', async () => {
    const inTheMiddle = await read({ last: 0, before: cursor });
    expect(inTheMiddle).toMatchObject({ edges: [], pageInfo: { hasPreviousPage: true, hasNextPage: true } });
    const newest = (await read({ first: 1 })).edges[0]?.cursor;
    const atTheTop = await read({ last: 0, before: newest });
    expect(atTheTop).toMatchObject({ edges: [], pageInfo: { hasPreviousPage: false, hasNextPage: true } });
  });
});

async function read(variables: Variables): Promise<Page> {
  const { data, errors } = await gateway.query<{ flagEvents: Page | null }>(PAGE, variables);
  if (errors || !data?.flagEvents) throw new Error(JSON.stringify(errors));
  return data.flagEvents;
}

function idsOf({ edges }: Page): string[] {
  return edges.map(({ node }) => node.id);
}

/** The place that a cursor stands for. */
function decoded(text: string | null | undefined): unknown {
  return text ? JSON.parse(Buffer.from(text, 'base64url').toString()).p : undefined;
}

/** Of the oldest event there is. */
async function oldestCursor(): Promise<string> {
  let { edges, pageInfo } = await read({ first: 100 });
  while (pageInfo.hasNextPage) ({ edges, pageInfo } = await read({ first: 100, after: pageInfo.endCursor }));
  return edges.at(-1)?.cursor ?? '';
}

function upstreamCalls(): number {
  return launchDarkly.requests.length + unleash.requests.length;
}

function feedCount(): number {
  return launchDarkly.projects.reduce((sum, { environments }) => sum + environments.length, 1);
}

/** The cursor with some of its parts replaced. */
function forge(parts: Record<string, unknown>, edit = (json: string) => json): string {
  const body = { ...JSON.parse(Buffer.from(cursor, 'base64url').toString()), ...parts };
  return Buffer.from(edit(JSON.stringify(body))).toString('base64url');
}

/** `inside('unleash.text', 'x')` is `{ unleash: { text: 'x' } }`. */
function inside(path: string, value: unknown): Variables {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Variables;
}
