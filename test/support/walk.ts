import type { TestGateway } from './gateway.ts';

export interface EventNode {
  __typename: string;
  id: string;
  occurredAt: string;
  kind: string;
  type: string;
  source: { name: string };
  flag: { key: string } | null;
  project: { key: string } | null;
  environment: { key: string } | null;
  actor: { name: string; email: string | null } | null;
  /** The vendor's own id. */
  ownId: string;
}

export interface Page {
  nodes: EventNode[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  sources: { source: { name: string }; status: string; reachesBackTo: string | null }[];
}

export interface WalkOptions {
  size: number;
  filter?: Record<string, unknown>;
  /** @default 'older' */
  way?: 'older' | 'newer';
  /** Called before each page but the first. */
  between?: (page: number) => Promise<void> | void;
}

const PAGE = `
  query Page($first: Int, $after: String, $last: Int, $before: String, $filter: FlagEventFilter) {
    flagEvents(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      nodes {
        __typename id occurredAt kind type
        source { name } flag { key } project { key } environment { key } actor { name email }
        ... on LaunchDarklyFlagEvent { ownId: eventId }
        ... on UnleashFlagEvent { ownId: eventId }
      }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      sources { source { name } status reachesBackTo }
    }
  }`;

/** Walks to the end and gives all pages, first asked first. Fails on any GraphQL error. */
export async function walk(
  gateway: Pick<TestGateway, 'query'>,
  { between, filter, size, way = 'older' }: WalkOptions,
): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | null = null;
  do {
    if (pages.length > 0) await between?.(pages.length);
    const place: Record<string, unknown> =
      way === 'older' ? { first: size, after: cursor } : { last: size, before: cursor };
    const page = await readPage(gateway, { ...place, filter });
    pages.push(page);
    const { endCursor, hasNextPage, hasPreviousPage, startCursor } = page.pageInfo;
    cursor = way === 'older' ? (hasNextPage ? endCursor : null) : hasPreviousPage ? startCursor : null;
    if (pages.length > 2_000) throw new Error('the walk does not end');
  } while (cursor !== null);
  return pages;
}

export async function readPage(gateway: Pick<TestGateway, 'query'>, variables: Record<string, unknown>): Promise<Page> {
  const answer = await gateway.query<{ flagEvents: Page | null }>(PAGE, variables);
  if (answer.errors || !answer.data?.flagEvents) throw new Error(JSON.stringify(answer.errors));
  return answer.data.flagEvents;
}

/** The vendors' own ids of all events, newest first whichever way they were walked. */
export function idsOf(pages: readonly Page[], way: 'older' | 'newer' = 'older'): string[] {
  const inOrder = way === 'older' ? pages : pages.toReversed();
  return inOrder.flatMap((page) => page.nodes.map((node) => node.ownId));
}
