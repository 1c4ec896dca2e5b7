import { describe, expect, it } from 'vitest';
import { type BothSandboxes, startBoth } from './support/sandboxes.ts';
import { type EventNode, idsOf, type Page, readPage, walk } from './support/walk.ts';

describe('the timeline of both vendors', () => {
  it('is the sorted union of what each upstream holds, at any page size, both ways', async () => {
    await using both = await startBoth();
    const union = await unionOf(both);
    for (const size of [1, 7, 20, 100]) {
      const forward = await walk(both.gateway, { size });
      expect(idsOf(forward).toSorted()).toEqual(union.map(({ id }) => id).toSorted());
      expect(timesOf(forward)).toEqual(union.map(({ time }) => time));
      expect(idsOf(await walk(both.gateway, { size, way: 'newer' }), 'newer')).toEqual(idsOf(forward));
    }
  }, 90_000);

  it('has cursors that go both ways from any edge', async () => {
    await using both = await startBoth();
    const all = idsOf(await walk(both.gateway, { size: 100 }));
    const { data } = await both.gateway.query<{ flagEvents: { edges: { cursor: string }[] } }>(
      '{ flagEvents(first: 60) { edges { cursor } } }',
    );
    const cursor = data?.flagEvents.edges[49]?.cursor;
    expect(idsOf([await readPage(both.gateway, { first: 30, after: cursor })])).toEqual(all.slice(50, 80));
    expect(idsOf([await readPage(both.gateway, { last: 30, before: cursor })])).toEqual(all.slice(19, 49));
    expect(idsOf([await readPage(both.gateway, { last: 100, before: cursor })])).toEqual(all.slice(0, 49));
  });

  it('costs one call per feed for a page, deep down as at the top, and none for an exhausted feed', async () => {
    await using both = await startBoth();
    const perPage: number[] = [];
    const pages = await walk(both.gateway, { size: 5, between: () => void perPage.push(countCalls(both)) });
    perPage.push(countCalls(both));
    const feeds = both.environments.length + 1;
    expect(perPage[0]).toBe(feeds);
    expect(perPage[49]).toBe(feeds);
    expect(perPage.every((calls, index) => calls <= (perPage[index - 1] ?? feeds))).toBe(true);
    // At the end hardly a feed is left that still has something.
    expect([pages.length > 60, (perPage.at(-1) ?? feeds) <= 2]).toEqual([true, true]);
  });

  it('gives the other vendor’s events when one fails, and the missing ones late once it answers again', async () => {
    await using both = await startBoth();
    const all = idsOf(await walk(both.gateway, { size: 100 }));
    const outage = both.unleash.faults.always({ kind: 'status', status: 503 });
    const first = await readPage(both.gateway, { first: 20 });
    expect(statusesOf(first)).toEqual({ launchdarkly: 'OK', unleash: 'FAILED' });
    expect(first.nodes.every(({ source }) => source.name === 'launchdarkly')).toBe(true);
    outage[Symbol.dispose]();
    const pages = [first];
    while (pages.at(-1)?.pageInfo.hasNextPage) {
      pages.push(await readPage(both.gateway, { first: 20, after: pages.at(-1)?.pageInfo.endCursor }));
    }
    expect(statusesOf(pages[1])).toEqual({ launchdarkly: 'OK', unleash: 'LATE' });
    expect(idsOf(pages).toSorted()).toEqual(all.toSorted());
  });

  it('marks an answer with missing data, and names neither address nor answer of what failed', async () => {
    await using both = await startBoth();
    both.unleash.faults.always({ kind: 'status', status: 500, body: { message: 'select count(*) from events' } });
    const answer = await both.gateway.query('{ flagEvents { sources { status failure { code message } } } }');
    expect(answer).toEqual({
      data: {
        flagEvents: {
          sources: [
            { status: 'OK', failure: null },
            {
              status: 'FAILED',
              failure: { code: 'UPSTREAM_UNAVAILABLE', message: 'Unleash answered with status 500.' },
            },
          ],
        },
      },
      extensions: { partial: true },
    });
  });

  it('is null with one coded error only when every source fails', async () => {
    await using both = await startBoth();
    both.unleash.faults.always({ kind: 'rate-limited', retryAfterSeconds: 30 });
    both.launchDarkly.faults.add({ type: 'unauthorized-empty-body' });
    const answer = await both.gateway.query('{ flagEvents { totalCount } }');
    expect(answer.data).toEqual({ flagEvents: null });
    expect(answer.errors).toMatchObject([{ path: ['flagEvents'], extensions: { code: 'UPSTREAM_REJECTED' } }]);
  });

  it('keeps the events of a source whose environments could not be listed, for a later page', async () => {
    await using both = await startBoth();
    const all = idsOf(await walk(both.gateway, { size: 100 }));
    await using fresh = await startBoth();
    expect(all.length).toBeGreaterThan(300);
    const outage = fresh.launchDarkly.faults.add({ type: 'unavailable' });
    const first = await readPage(fresh.gateway, { first: 10 });
    outage();
    const pages = [first];
    while (pages.at(-1)?.pageInfo.hasNextPage) {
      pages.push(await readPage(fresh.gateway, { first: 50, after: pages.at(-1)?.pageInfo.endCursor }));
    }
    expect(new Set(idsOf(pages)).size).toBe(idsOf(pages).length);
    expect(idsOf(pages).length).toBe((await unionOf(fresh)).length);
  });

  it('counts all events on the first page and on a later one, and not at all unless asked', async () => {
    await using both = await startBoth();
    const expected = (await unionOf(both)).length;
    both.takeCalls();
    const feeds = both.environments.length + 1;
    const query =
      'query ($after: String) { flagEvents(first: 5, after: $after) { totalCount pageInfo { endCursor } } }';
    type Answer = { flagEvents: { totalCount: number; pageInfo: { endCursor: string } } };
    const first = await both.gateway.query<Answer>(query);
    expect([first.data?.flagEvents.totalCount, countCalls(both)]).toEqual([expected, feeds]);
    const second = await both.gateway.query<Answer>(query, { after: first.data?.flagEvents.pageInfo.endCursor });
    expect([second.data?.flagEvents.totalCount, countCalls(both)]).toEqual([expected, 2 * feeds]);
  });
});

function countCalls(both: BothSandboxes): number {
  return both.takeCalls().length;
}

function statusesOf(page: Page | undefined): Record<string, string> {
  return Object.fromEntries(page?.sources.map(({ source, status }) => [source.name, status]) ?? []);
}

function timesOf(pages: readonly Page[]): number[] {
  return pages.flatMap(({ nodes }) => nodes.map((node: EventNode) => Date.parse(node.occurredAt)));
}

/** Every event of both upstreams, read past the gateway, newest first. */
async function unionOf({ launchDarkly, unleash }: BothSandboxes): Promise<{ id: string; time: number }[]> {
  const own = unleash
    .events()
    .map((event) => ({ id: String(event.id), time: Math.floor((event.createdAtMicros ?? 0) / 1000) }));
  const pairs = launchDarkly.projects.flatMap(({ environments, key }) =>
    environments.map((each) => [key, each] as const),
  );
  const listed = await Promise.all(
    pairs.map(([project, environment]) => listFlagEvents(launchDarkly, project, environment)),
  );
  const byKey = new Map(
    listed.flat().map((event) => [`${event.projectKey}/${event.environmentKey ?? '*'}/${event.id}`, event]),
  );
  const flagEvents = [...byKey.values()].map(({ eventTime, id }) => ({ id, time: eventTime }));
  return [...own, ...flagEvents].toSorted((a, b) => b.time - a.time);
}

interface Listed {
  id: string;
  eventTime: number;
  projectKey: string;
  environmentKey?: string;
}

async function listFlagEvents(
  { token, url }: BothSandboxes['launchDarkly'],
  project: string,
  environment: string,
): Promise<Listed[]> {
  const all: Listed[] = [];
  let after = '';
  do {
    const window = `from=1&to=${Date.now() + 60_000}&limit=100`;
    const answer = await fetch(
      `${url}/api/v2/engineering-insights/flag-events?projectKey=${project}&environmentKey=${environment}&${window}${after}`,
      { headers: { authorization: token, 'ld-api-version': 'beta' } },
    );
    const page = (await answer.json()) as { items: Listed[]; _links: { next?: { href: string } } };
    all.push(...page.items);
    const next = page._links.next && new URL(page._links.next.href, url).searchParams.get('after');
    after = next ? `&after=${next}` : '';
  } while (after);
  return all;
}
