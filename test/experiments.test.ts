import { Client, fetchExchange } from '@urql/core';
import { createClient } from 'graphql-sse';
import { describe, expect, it } from 'vitest';
import { type FlagEventRep, startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { createFlagEvent } from './support/flag-event.ts';
import { startGateway, type TestGateway } from './support/gateway.ts';

const HOUR = 60 * 60 * 1000;
const NOW = Date.now();
const PLAIN = '... on LaunchDarklyFlagEvent { experiments { nodes { key } } }';
const DEFERRED = '... on LaunchDarklyFlagEvent @defer(label: "experiments") { experiments { nodes { key } } }';

interface Node {
  id: string;
  experiments?: { nodes: { key: string }[] } | null;
}
interface Page {
  totalCount: number;
  edges: { cursor: string; node: { key: string } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean };
}
type Part = {
  data?: { flagEvents: { nodes: Node[] } };
  incremental?: { data?: Node; errors?: unknown[] }[];
  hasNext: boolean;
};

describe('LaunchDarklyFlagEvent.experiments', () => {
  it('costs nothing extra when selected with the page', async () => {
    await using sandbox = await startSandbox(20);
    await using gateway = await startOver(sandbox);
    const answer = await gateway.query<{ flagEvents: { nodes: Node[] } }>(
      `{ flagEvents(first: 20) { nodes { id ${PLAIN} } } }`,
    );
    expect(answer.data?.flagEvents.nodes.map(keysOf)).toEqual(expectedKeys(20));
    expect(sandbox.requests.map(({ query }) => query.expand)).toEqual(['experiments']);
  });

  it('costs one call for the whole page when deferred', async () => {
    await using sandbox = await startSandbox(20);
    await using gateway = await startOver(sandbox);
    const parts = await readParts(gateway, `{ flagEvents(first: 20) { nodes { id ${DEFERRED} } } }`);
    expect(deferredOf(parts).map(keysOf)).toEqual(expectedKeys(20));
    expect(sandbox.requests.map(({ query }) => query.expand)).toEqual([undefined, 'experiments']);
    expect({ ...sandbox.requests[1]?.query, expand: undefined }).toEqual({
      ...sandbox.requests[0]?.query,
      expand: undefined,
    });
  });

  it('finds the experiments of events whose page has moved on in the meantime, in one more call', async () => {
    await using sandbox = await startSandbox(20);
    await using gateway = await startOver(sandbox);
    for (let index = 0; index < 12; index += 1) {
      sandbox.faults.add({ type: 'insert-event', event: eventAt(500 + index, NOW - 1) }, { times: 1 });
    }
    const parts = await readParts(gateway, `{ flagEvents(first: 20) { nodes { id ${DEFERRED} } } }`);
    expect(deferredOf(parts).map(keysOf)).toEqual(expectedKeys(20));
    expect(sandbox.requests.map(({ query }) => query.expand)).toEqual([undefined, 'experiments', 'experiments']);
  });

  it('looks for the events of one flag that are no longer on their page among that flag’s events only', async () => {
    await using sandbox = await startSandbox(20);
    await using gateway = await startOver(sandbox);
    for (const number of [500, 501]) {
      sandbox.faults.add({ type: 'insert-event', event: eventAt(number, NOW - 1) }, { times: 1 });
    }
    const parts = await readParts(gateway, `{ flagEvents(first: 20) { nodes { id ${DEFERRED} } } }`);
    expect(deferredOf(parts).map(keysOf)).toEqual(expectedKeys(20));
    expect(sandbox.requests.at(-1)?.query).toMatchObject({ query: 'flag-19', expand: 'experiments' });
  });

  it('costs the field alone when its own call fails: null, with one coded error', async () => {
    await using sandbox = await startSandbox(1);
    await using gateway = await startOver(sandbox);
    sandbox.faults.add({ type: 'html-error', status: 500 }, { when: ({ query }) => query.expand === 'experiments' });
    const parts = await readParts(gateway, `{ flagEvents(first: 20) { nodes { id ${DEFERRED} } } }`);
    expect(parts[0]?.data?.flagEvents.nodes).toHaveLength(1);
    expect(parts.at(-1)?.incremental).toMatchObject([
      {
        data: { experiments: null },
        errors: [{ message: 'LaunchDarkly answered with status 500.', extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
      },
    ]);
  });

  it('comes with events fetched by id, in the same call', async () => {
    await using sandbox = await startSandbox(20);
    await using gateway = await startOver(sandbox);
    const { data } = await gateway.query<{ flagEvents: { nodes: Node[] } }>(
      '{ flagEvents(first: 20) { nodes { id } } }',
    );
    sandbox.requests.length = 0;
    const ids = data?.flagEvents.nodes.map(({ id }) => id);
    const again = await gateway.query<{ nodes: Node[] }>(`query ($ids: [ID!]!) { nodes(ids: $ids) { id ${PLAIN} } }`, {
      ids,
    });
    expect(again.data?.nodes.map(keysOf)).toEqual(expectedKeys(20));
    expect(sandbox.requests.map(({ query }) => query.expand)).toEqual(['experiments']);
  });

  it('is a list that can be paged, as Relay’s specification says, and says how many LaunchDarkly counts', async () => {
    const experiments = Array.from({ length: 5 }, (_, index) => ({ key: `e${index}`, name: `Experiment ${index}` }));
    const event = createFlagEvent(1, NOW - HOUR, { experiments: { totalCount: 7, items: experiments } } as never);
    await using sandbox = await startLaunchDarklySandbox({ events: [event] });
    await using gateway = await startOver(sandbox);
    const page = async (args: string) => {
      const { data, errors } = await gateway.query<{ flagEvents: { nodes: { experiments: Page | null }[] } }>(
        `{ flagEvents(first: 1) { nodes { ... on LaunchDarklyFlagEvent { experiments${args} {
          totalCount edges { cursor node { key } } pageInfo { hasNextPage hasPreviousPage }
        } } } } }`,
      );
      const experiments = data?.flagEvents.nodes[0]?.experiments;
      const keys = experiments?.edges.map(({ node }) => node.key).join(' ');
      const { hasNextPage = null, hasPreviousPage = null } = experiments?.pageInfo ?? {};
      const problem = errors?.map(({ extensions }) => extensions)[0];
      return { keys, hasPreviousPage, hasNextPage, total: experiments?.totalCount, problem, edges: experiments?.edges };
    };
    const all = await page('');
    const [e0, e1, , e3] = all.edges?.map(({ cursor }) => `"${cursor}"`) ?? [];
    const seen = await Promise.all(
      [
        '',
        '(first: 2)',
        `(first: 2, after: ${e1})`,
        '(last: 2)',
        `(last: 1, before: ${e3})`,
        `(after: ${e0}, before: ${e3})`,
        `(first: 1, after: ${e0}, before: ${e3})`,
        '(first: 3, last: 1)',
        '(first: 0)',
        `(after: ${e3}, before: ${e0})`,
      ].map(async (args) => {
        const { hasNextPage, hasPreviousPage, keys, total } = await page(args);
        return [keys, hasPreviousPage, hasNextPage, total];
      }),
    );
    expect(seen).toEqual([
      ['e0 e1 e2 e3 e4', false, false, 7],
      ['e0 e1', false, true, 7],
      ['e2 e3', true, true, 7],
      ['e3 e4', true, false, 7],
      ['e2', true, true, 7],
      ['e1 e2', true, true, 7],
      ['e1', true, true, 7],
      ['e2', true, true, 7],
      ['', false, true, 7],
      ['', true, true, 7],
    ]);
    for (const [args, argument] of [
      ['(first: -1)', 'first'],
      ['(last: -1)', 'last'],
      ['(after: "junk")', 'after'],
      ['(before: "")', 'before'],
    ] as const) {
      expect((await page(args)).problem).toEqual({ code: 'BAD_USER_INPUT', argument });
    }
  });

  it('has runs, as events have members, whose ids no other thing in the graph has', async () => {
    const own = { id: '65baa44ecc4b5bce113bb4f7' };
    const experiments = { totalCount: 1, items: [{ key: 'e', name: 'E', iteration: { ...own, status: 'running' } }] };
    const member = { ...own, email: 'a@example.com', firstName: 'A', lastName: 'B' };
    const event = createFlagEvent(1, NOW - HOUR, { member, experiments } as never);
    await using sandbox = await startLaunchDarklySandbox({ events: [event] });
    const entry = {
      vendor: 'launchdarkly',
      url: sandbox.url,
      accessToken: sandbox.token,
      projects: ['default/production'],
    };
    // One account twice: nobody but its owner knows that.
    await using gateway = await startGateway([entry, { ...entry, id: 'other-account' }] as never);
    const { data } = await gateway.query<{ flagEvents: { nodes: Record<string, never>[] } }>(`{
      flagEvents(first: 5) { nodes { ... on LaunchDarklyFlagEvent {
        member { id memberId } experiments { nodes { iteration { id iterationId } } }
      } } } }`);
    const things = [...JSON.stringify(data).matchAll(/"id":"([^"]+)","\w+Id":"([^"]+)"/g)];
    expect(things).toHaveLength(4);
    expect(new Set(things.map(([, id]) => id)).size).toBe(4);
    expect(new Set(things.map(([, , id]) => id))).toEqual(new Set([own.id]));
  });
});

describe('@defer', () => {
  const query = `{ flagEvents(first: 3) { nodes { id ${DEFERRED} } } }`;

  it('sends the page before the slow part has even been answered', async () => {
    await using sandbox = await startSandbox(3);
    await using gateway = await startOver(sandbox);
    const { promise: firstPart, resolve } = Promise.withResolvers<void>();
    const order: string[] = [];
    sandbox.faults.add({ type: 'slow', delayMs: 300 }, { when: ({ query: { expand } }) => expand === 'experiments' });
    await readParts(gateway, query, (part) => {
      order.push(part.data ? 'page' : 'experiments');
      resolve();
    });
    await firstPart;
    expect(order).toEqual(['page', 'experiments']);
  });

  it('is understood by urql, over multipart', async () => {
    await using sandbox = await startSandbox(3);
    await using gateway = await startOver(sandbox);
    const client = new Client({ url: gateway.url, exchanges: [fetchExchange], preferGetMethod: false });
    const seen: Node[][] = [];
    await new Promise<void>((resolve) => {
      client.query(query, {}).subscribe(({ data, error, hasNext }) => {
        expect(error).toBeUndefined();
        seen.push(structuredClone(data.flagEvents.nodes));
        if (!hasNext) resolve();
      });
    });
    expect(seen[0]?.every((node) => node.experiments === undefined)).toBe(true);
    expect(seen.at(-1)?.map(keysOf)).toEqual(expectedKeys(3));
  });

  it('is understood by graphql-sse, over server-sent events', async () => {
    await using sandbox = await startSandbox(3);
    await using gateway = await startOver(sandbox);
    const client = createClient({ url: gateway.url });
    const parts: Part[] = [];
    for await (const part of client.iterate({ query })) parts.push(part as unknown as Part);
    expect(parts[0]).toMatchObject({ data: { flagEvents: { nodes: [{}, {}, {}] } }, hasNext: true });
    expect(deferredOf(parts).map(keysOf)).toEqual(expectedKeys(3));
  });

  it('is one plain answer, in one call, for a client that accepts JSON only', async () => {
    await using sandbox = await startSandbox(3);
    await using gateway = await startOver(sandbox);
    const answer = await gateway.query<{ flagEvents: { nodes: Node[] } }>(query);
    expect(answer.data?.flagEvents.nodes.map(keysOf)).toEqual(expectedKeys(3));
    expect(sandbox.requests.map(({ query: { expand } }) => expand)).toEqual(['experiments']);
  });

  it('can be switched off by a variable', async () => {
    await using sandbox = await startSandbox(3);
    await using gateway = await startOver(sandbox);
    const document = `query ($late: Boolean!) { flagEvents(first: 3) { nodes { id ... on LaunchDarklyFlagEvent @defer(if: $late) { experiments { nodes { key } } } } } }`;
    const [only] = await readParts(gateway, document, undefined, { late: false });
    expect(only?.data?.flagEvents.nodes.map(keysOf)).toEqual(expectedKeys(3));
    expect(sandbox.requests.map(({ query: { expand } }) => expand)).toEqual(['experiments']);
  });
});

describe('@stream', () => {
  it('sends the items of a list one after another', async () => {
    await using sandbox = await startSandbox(3);
    await using gateway = await startOver(sandbox);
    const client = createClient({ url: gateway.url });
    const parts: { incremental?: { items?: unknown[] }[] }[] = [];
    for await (const part of client.iterate({
      query: '{ flagEvents(first: 3) { nodes @stream(initialCount: 1) { id } } }',
    })) {
      parts.push(part as never);
    }
    const items = parts.flatMap(({ incremental = [] }) => incremental.flatMap((each) => each.items ?? []));
    expect([parts[0], items.length]).toMatchObject([{ data: { flagEvents: { nodes: [{}] } } }, 2]);
  });
});

function startSandbox(count: number) {
  return startLaunchDarklySandbox({
    events: Array.from({ length: count }, (_, index) => eventAt(index, NOW - (index + 1) * HOUR)),
  });
}

function startOver({ token, url }: { token: string; url: string }): Promise<TestGateway> {
  return startGateway([{ vendor: 'launchdarkly', accessToken: token, url, projects: ['default/production'] }]);
}

/** Every third event has two experiments. */
function eventAt(number: number, eventTime: number): FlagEventRep {
  const experiment = (key: string) => ({ key, name: key, iteration: { id: 'i', status: 'running', startedAt: 1 } });
  const items = number % 3 === 0 ? [experiment(`experiment-${number}`), experiment('shared')] : [];
  return createFlagEvent(number, eventTime, { experiments: { totalCount: items.length, items } });
}

function expectedKeys(count: number): string[][] {
  return Array.from({ length: count }, (_, index) => (index % 3 === 0 ? [`experiment-${index}`, 'shared'] : []));
}

function keysOf({ experiments }: Node): string[] | undefined {
  return experiments?.nodes.map(({ key }) => key);
}

/** The deferred fragments in the order of the page. */
function deferredOf(parts: readonly Part[]): Node[] {
  return parts.flatMap(({ incremental = [] }) => incremental.flatMap(({ data }) => data ?? []));
}

async function readParts(
  { url }: TestGateway,
  query: string,
  onPart: (part: Part) => void = () => {},
  variables: Record<string, unknown> = {},
): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of createClient({ url }).iterate({ query, variables })) {
    onPart(part as unknown as Part);
    parts.push(part as unknown as Part);
  }
  return parts;
}
