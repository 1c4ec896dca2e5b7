/**
 * Reads that several fields of one query ask of the same feeds at the same time, made as few reads as possible: equal ones
 * once, and those that differ only in the flags they are about together, as one read about all of those flags.
 */
import type { Feed, FeedPage, FeedRequest, FeedRow } from './feed.ts';
import { inPieces } from './pieces.ts';

export interface Read {
  feed: Feed;
  request: FeedRequest;
}

/** Each read's page, in their order, and each as soon as it is there: no read waits for another feed's. */
export function readTogether(reads: readonly Read[]): Promise<FeedPage>[] {
  const pages = new Map<Read, Promise<FeedPage>>();
  const shared: Read[] = [];
  for (const own of Map.groupBy(reads, ({ feed }) => feed.key).values()) {
    const [read, ...others] = own;
    // Nearly always: nothing has to be compared.
    if (read && others.length === 0) pages.set(read, read.feed.read(read.request));
    else shared.push(...own);
  }
  const alike = Map.groupBy(shared, ({ feed, request }) => keyOf(feed, request));
  for (const { isShared, members, read } of [...alike.values()].flatMap(plan)) {
    const page = read();
    for (const member of members) pages.set(member, isShared ? page.then((whole) => partFor(member, whole)) : page);
  }
  return reads.map((read) => pages.get(read) ?? Promise.reject(new Error('A read was left out.')));
}

interface Planned {
  members: Read[];
  /** It is about several members' flags at once. */
  isShared: boolean;
  read(): Promise<FeedPage>;
}

/** The reads that `alike` ones come down to; they share everything but flags, limit and fields. */
function plan(alike: Read[]): Planned[] {
  const byFlags = [...Map.groupBy(alike, ({ request }) => JSON.stringify(request.filter.flagKeys)).values()];
  const together = byFlags.filter(([first]) => first?.request.filter.flagKeys !== undefined);
  const isShared = together.length > (alike[0]?.feed.flagsAskedSingly ?? 1);
  const singly = isShared ? byFlags.filter((group) => !together.includes(group)) : byFlags;
  const maxLength = alike[0]?.feed.maxFlagsLength ?? Number.POSITIVE_INFINITY;
  const shared = isShared ? inPieces(together, lengthOfFlags, maxLength) : [];
  const groups = [...shared, ...singly.map((group) => [group])];
  return groups.flatMap((group) => planOne(group) ?? []);
}

/** In a URL, where upstreams limit them. */
function lengthOfFlags([first]: readonly Read[]): number {
  const { flagKeys = [] } = first?.request.filter ?? {};
  return flagKeys.reduce((sum, key) => sum + encodeURIComponent(key).length, 0);
}

/** One read for groups of equal reads, each group about other flags. */
function planOne(groups: readonly Read[][]): Planned | undefined {
  const members = groups.flat();
  const [first] = members;
  if (first === undefined) return undefined;
  const { feed, request } = first;
  const flagKeys = groups.flatMap(([member]) => member?.request.filter.flagKeys ?? []);
  const isShared = groups.length > 1;
  const filter = isShared ? { ...request.filter, flagKeys: [...new Set(flagKeys)] } : request.filter;
  const limit = groups.reduce((sum, group) => sum + Math.max(...group.map((member) => member.request.limit)), 0);
  const fields = new Set(members.flatMap((member) => [...member.request.fields]));
  return { members, isShared, read: () => feed.read({ ...request, filter, limit, fields }) };
}

/** Another flag's rows stay in, because they show how far the reading went; but they count for nothing. */
function partFor({ request }: Read, page: FeedPage): FeedPage {
  const own: ReadonlySet<string | null> = new Set(request.filter.flagKeys);
  const { total: _ofAllFlags, ...rest } = page;
  const rows = page.rows.map((row): FeedRow => (own.has(row.event.flagKey) ? row : { ...row, isExtra: true }));
  return { ...rest, rows };
}

function keyOf({ key }: Feed, { asOf, direction, filter, hint, start }: FeedRequest): string {
  return JSON.stringify([key, direction, start, hint, asOf, { ...filter, flagKeys: undefined }]);
}
