import type { LaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import type { UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';

/** An event as its upstream lists it. */
export interface Listed {
  /** The key that the gateway has for where it is listed. */
  feed: string;
  id: string;
  time: number;
}

/** A page of a walk, as far as it can be held against the truth. */
export interface WalkedPage {
  nodes: WalkedNode[];
  sources: SourceReport[];
}

interface WalkedNode {
  eventId: string;
  occurredAt: string;
  source: { name: string };
  project: { key: string } | null;
  environment: { key: string } | null;
}

interface SourceReport {
  source: { name: string };
  status: 'OK' | 'FAILED' | 'LATE';
  failedFeeds: string[];
  failure: { code: string } | null;
  skippedEvents: number;
}

export const PAGE_FIELDS = `
  nodes { occurredAt source { name } project { key } environment { key }
    ... on LaunchDarklyFlagEvent { eventId } ... on UnleashFlagEvent { eventId } }
  pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
  sources { source { name } status failedFeeds failure { code } skippedEvents }`;

const FAILURES = ['UNAVAILABLE', 'TIMEOUT', 'RATE_LIMITED', 'REJECTED', 'CALLS_SPENT'].map(
  (code) => `UPSTREAM_${code}`,
);

export interface Ledger {
  /** Whatever is wrong with the page, in words: an event twice, a page in disorder, a report that is not true. */
  enter(page: WalkedPage): string[];
  /** Everything that has been given, in the truth or not. */
  readonly given: number;
  readonly skipped: number;
  missing(): Listed[];
}

/** Holds a walk against what there is to be read, page by page. */
export function createLedger(truth: readonly Listed[], direction: 'older' | 'newer'): Ledger {
  const sign = direction === 'older' ? -1 : 1;
  const given = new Set<string>();
  /** By feed, those first that the reader meets first; and up to where all of them have been given. */
  const feeds = [...Map.groupBy(truth, ({ feed }) => feed)].map(([feed, events]) => {
    return { feed, events: events.toSorted((a, b) => sign * (a.time - b.time)), next: 0 };
  });
  let skipped = 0;

  /** What a feed that has not failed ought to have given before the page's end. */
  function leftBehind(page: WalkedPage): string[] {
    const last = direction === 'older' ? page.nodes.at(-1) : page.nodes[0];
    if (last === undefined) return [];
    const end = Date.parse(last.occurredAt);
    const failed = page.sources.flatMap(({ failedFeeds }) => failedFeeds);
    return feeds.flatMap((each) => {
      while (given.has(keyOf(each.events[each.next]))) each.next += 1;
      const next = each.events[each.next];
      const isExcused = failed.some((key) => each.feed === key || each.feed.startsWith(`${key}/`));
      if (next === undefined || isExcused || sign * (next.time - end) >= 0) return [];
      return [`${each.feed} has not failed, and ${next.id} of ${next.time} lies behind the page that ends at ${end}`];
    });
  }

  return {
    enter(page) {
      const wrong: string[] = [];
      let before = Number.POSITIVE_INFINITY;
      for (const node of page.nodes) {
        const key = keyOf(toListed(node));
        if (given.has(key)) wrong.push(`${key} comes twice`);
        given.add(key);
        const time = Date.parse(node.occurredAt);
        if (time > before) wrong.push(`${key} is newer than the event before it`);
        before = time;
      }
      for (const { failedFeeds, failure, skippedEvents, source, status } of page.sources) {
        skipped += skippedEvents;
        const hasFailed = status === 'FAILED';
        if (hasFailed !== failedFeeds.length > 0 || hasFailed !== (failure !== null))
          wrong.push(`${source.name} is torn`);
        if (failure && !FAILURES.includes(failure.code)) wrong.push(`${source.name} fails with ${failure.code}`);
      }
      return [...wrong, ...leftBehind(page)];
    },
    get given() {
      return given.size;
    },
    get skipped() {
      return skipped;
    },
    missing: () => feeds.flatMap(({ events }) => events.filter((event) => !given.has(keyOf(event)))),
  };
}

function keyOf(event: Listed | undefined): string {
  return event ? `${event.feed} ${event.id}` : '';
}

function toListed({ environment, eventId, occurredAt, project, source }: WalkedNode): Listed {
  // Only LaunchDarkly's sources are more than one feed.
  const isOne = source.name !== LAUNCHDARKLY;
  return {
    feed: isOne ? source.name : `${source.name}/${project?.key}/${environment?.key ?? '*'}`,
    id: eventId,
    time: Date.parse(occurredAt),
  };
}

const LAUNCHDARKLY = 'launchdarkly';

/** All that LaunchDarkly lists, page by page, changes to every environment once. */
export async function listLaunchDarkly(sandbox: LaunchDarklySandbox): Promise<Listed[]> {
  const found = new Map<string, Listed>();
  for (const { environments, key: project } of sandbox.projects) {
    for (const environment of environments) {
      const where = { projectKey: project, environmentKey: environment };
      const query = new URLSearchParams({
        ...where,
        from: '0',
        to: String(Date.now()),
        limit: '100',
        global: 'include',
      });
      for (;;) {
        const url = `${sandbox.url}/api/v2/engineering-insights/flag-events?${query}`;
        const headers = { authorization: sandbox.token, 'ld-api-version': 'beta' };
        const { _links, items } = (await (await fetch(url, { headers })).json()) as LaunchDarklyPage;
        for (const { environmentKey = '*', eventTime, id } of items) {
          const event = { feed: `${LAUNCHDARKLY}/${project}/${environmentKey}`, id, time: eventTime };
          found.set(keyOf(event), event);
        }
        const after = new URL(_links.next?.href ?? '', sandbox.url).searchParams.get('after');
        if (after === null) break;
        query.set('after', after);
      }
    }
  }
  return [...found.values()];
}

interface LaunchDarklyPage {
  items: { id: string; eventTime: number; environmentKey?: string }[];
  _links: { next?: { href: string } };
}

/** All that Unleash lists, page by page. */
export async function listUnleash(sandbox: UnleashSandbox, name: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for (;;) {
    const url = `${sandbox.url}/api/admin/search/events?limit=1000&offset=${found.length}`;
    const answer = await fetch(url, { headers: { authorization: sandbox.token } });
    const { events, total } = (await answer.json()) as UnleashPage;
    found.push(...events.map(({ createdAt, id }) => ({ feed: name, id: String(id), time: Date.parse(createdAt) })));
    if (found.length >= total) return found;
  }
}

interface UnleashPage {
  events: { id: number; createdAt: string }[];
  total: number;
}
