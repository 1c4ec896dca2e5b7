/**
 * The audit log of one project as a feed, for accounts without flag events. It has the key of what concerns every
 * environment, for it holds the changes of all of them. Every page is read from the last one's
 * millisecond on; of a large page all but the first twenty entries are read at once, in windows that the audit log's own
 * counts tell.
 */
import { isAbsent } from '../../../errors.ts';
import type { FeedPage, FeedRequest } from '../../../timeline/feed.ts';
import { readOlder } from '../../paging/older.ts';
import { toNewestFirst, unseen } from '../../paging/rows.ts';
import { type Span, within } from '../../paging/span.ts';
import { type Drained, readByWindows } from '../../paging/windows.ts';
import type { LaunchDarklyEvent } from '../event.ts';
import { EVERY_ENVIRONMENT, type FlagEventsFeed, newestIdFirst } from '../feed.ts';
import type { Wanted } from '../find.ts';
import { horizonOf, spanOf } from '../horizon.ts';
import { matches } from '../query.ts';
import { type AuditLogCall, type AuditLogClient, flagsOf, MAX_ENTRIES } from './client.ts';
import { toEvent } from './event.ts';
import { type Found, findEntries } from './find-entries.ts';
import { createListing, type ListEntries } from './listing.ts';
import { canMatch, type Scope, toStatements } from './query.ts';
import { cutWindows } from './windows.ts';

export interface AuditLogFeedOptions extends Scope {
  client: AuditLogClient;
  url: URL;
  historyDays: number;
}

const NOTICE =
  'LaunchDarkly’s audit log is read in place of its flag events: it has every change of a flag, and neither `impact` nor `experiments`.';

/** A window that holds more is not read at one go. */
const MAX_DRAIN = 10 * MAX_ENTRIES;
/** With more than that still to read, finding windows out is worth a call. */
const WORTH_A_COUNT = 2 * MAX_ENTRIES;

export function createAuditLogFeed(options: AuditLogFeedOptions): FlagEventsFeed {
  const { client, environments, historyDays, project, source, url } = options;
  const key = `${source}/${project}/${EVERY_ENVIRONMENT}`;
  const origin = { source, feed: key, project, environments, url };
  const part = `audit log/${project}`;

  const callOf = ({
    budget,
    isFresh = false,
    isOwed = false,
  }: Pick<FeedRequest, 'budget' | 'isFresh' | 'isOwed'>): AuditLogCall => ({
    budget,
    part,
    isFresh,
    isOwed,
  });
  const listingOf = (request: FeedRequest): ListEntries =>
    createListing({ client, origin, statements: toStatements(options, request.filter), call: callOf(request) });

  async function read(request: FeedRequest): Promise<FeedPage> {
    const span = spanOf(request, historyDays);
    const horizon = horizonOf(request, historyDays);
    if (span.oldest > span.newest) return { rows: [], reached: null, skipped: 0, ...horizon };
    const list = listingOf(request);
    const page = request.direction === 'older' ? await readDown(list, span, request) : null;
    const nearest =
      page ?? (await readByWindows({ ...request, span, ties: newestIdFirst, drain: (window) => drain(list, window) }));
    return { rows: nearest.rows, reached: nearest.reached, skipped: nearest.skipped, ...horizon };
  }

  async function readDown(list: ListEntries, span: Span, request: FeedRequest): Promise<FeedPage | null> {
    const { limit, start } = request;
    let listed = 0;
    const first = await readOlder<number>({
      async list(_size, place = span.newest + 1) {
        const page = await list(span.oldest, place);
        listed += page.rows.length + page.skipped;
        // Nothing counts what there is; but where there is surely no more, it is as much as was listed.
        return page.isEnd ? { ...page, total: listed } : page;
      },
      span,
      start,
      size: MAX_ENTRIES,
      maxSize: MAX_ENTRIES,
      ties: newestIdFirst,
    });
    const wanted = limit - (first?.rows.length ?? 0);
    if (!first?.reached || wanted < WORTH_A_COUNT) return first;
    // Whatever comes of it, there is a page.
    return (await readOn(list, first, span, wanted, request).catch(() => null)) ?? first;
  }

  /** What follows a page, in windows that are read all at once; `null` if the counts do not tell any. */
  async function readOn(
    list: ListEntries,
    first: FeedPage,
    span: Span,
    wanted: number,
    request: FeedRequest,
  ): Promise<FeedPage | null> {
    const edge = first.reached?.time ?? span.oldest;
    const took = Math.max(1, (first.rows[0]?.event.occurredAt ?? edge) - edge);
    // As far down as the first page's pace leads, and as far again: the less it spans, the finer are the counts.
    const reach = Math.ceil((2 * took * wanted) / first.rows.length);
    const oldest = Math.max(span.oldest, edge - reach);
    const search = {
      after: Math.max(0, oldest - 1),
      before: edge + 1,
      statements: toStatements(options, request.filter),
    };
    const windows = cutWindows(await client.count(search, callOf(request)), { oldest, newest: edge }, wanted);
    if (windows.length === 0) return null;
    const drained = await Promise.all(windows.map((window) => drain(list, window)));
    // One that is too full to be read at one go ends what is known.
    const whole = drained.indexOf(null);
    const read = whole < 0 ? drained : drained.slice(0, whole);
    const lowest = windows[read.length - 1]?.oldest;
    if (lowest === undefined) return null;
    const rows = read.flatMap((each) => each?.rows ?? []);
    return {
      rows: [...first.rows, ...unseen(rows, first.rows)],
      reached: lowest <= span.oldest ? null : { time: lowest - 1 },
      skipped: read.reduce((sum, each) => sum + (each?.skipped ?? 0), first.skipped),
    };
  }

  return {
    key,
    source,
    notice: NOTICE,
    flagsAskedSingly: 1,
    canMatch: (filter) => canMatch(options, filter),
    // Its counts are said to be for charts: they are no totals.
    pushdown: (filter) => ({ key: JSON.stringify(toStatements(options, filter)), isWhole: false, isCheckable: false }),
    matches: (event, filter) => matches(event as LaunchDarklyEvent, filter),
    read,
    count: async () => null,
    async find(wanted, _fields, budget) {
      const resources = flagsOf(project, environments);
      const found: Found = new Map();
      await findEntries(
        wanted.map(({ id, occurredAt }) => ({ id, times: [occurredAt], resources, actions: null })),
        { client, found, maxSingly: Number.POSITIVE_INFINITY },
        budget,
      );
      return toEvents(wanted, found);
    },
  };

  /** An id may be anybody's guess: only what the feed itself would give is given. */
  function toEvents(wanted: readonly Wanted[], found: Found): ReadonlyMap<string, LaunchDarklyEvent> {
    const events = wanted.flatMap(({ id }) => {
      const entry = found.get(id);
      if (entry instanceof Error && !isAbsent(entry)) throw entry;
      return entry === undefined || entry instanceof Error ? [] : (toEvent(entry, origin) ?? []);
    });
    return new Map(events.map((event) => [event.id, event]));
  }
}

/** All of a span, or `null` if it is too much. A single millisecond is read however much it is. */
async function drain(list: ListEntries, span: Span): Promise<Drained | null> {
  const rows: Drained['rows'] = [];
  let skipped = 0;
  for (let place: number | undefined = span.newest + 1; place !== undefined; ) {
    const page = await list(span.oldest, place);
    if (rows.length > MAX_DRAIN && span.oldest < span.newest) return null;
    const fresh = unseen(page.rows, rows);
    rows.push(...fresh);
    skipped += page.skipped;
    const isFurther = page.next !== undefined && page.next > span.oldest;
    place = isFurther && (fresh.length > 0 || page.skipped > 0) ? page.next : undefined;
  }
  return { rows: toNewestFirst(within(rows, span), newestIdFirst), skipped };
}
