/**
 * The audit log page by page. Its only cursor is a millisecond, so a page may end amid entries of one: each page is asked
 * for from the last one's millisecond on, and what came before is dropped by id.
 */
import type { FeedRow } from '../../../timeline/feed.ts';
import type { Listed } from '../../paging/older.ts';
import { unseen } from '../../paging/rows.ts';
import { linkParameter } from '../wire.ts';
import {
  type AuditLogCall,
  type AuditLogClient,
  isAskedByGet,
  MAX_ENTRIES,
  resourceOf,
  type Statement,
} from './client.ts';
import { type EntryOrigin, toEvent } from './event.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** Of a millisecond with more entries than a page, so many flags can be left out, to get at the others. */
const MAX_DENIED = 50;

export interface ListingOptions {
  client: AuditLogClient;
  origin: EntryOrigin;
  statements: readonly Statement[];
  call: AuditLogCall;
}

export interface ListedEntries extends Listed<number> {
  /** LaunchDarkly has said that there is no more. */
  isEnd?: boolean;
}

/** From just below `place`, Unix milliseconds, down to `oldest`. */
export type ListEntries = (oldest: number, place: number) => Promise<ListedEntries>;

export function createListing({ call, client, origin, statements }: ListingOptions): ListEntries {
  /** Both ends are asked for a millisecond wider: whether they belong to a window is not documented. */
  const ask = (oldest: number, place: number, denied: readonly Statement[] = []) =>
    client.list(
      { after: Math.max(0, oldest - 1), before: place, limit: MAX_ENTRIES, statements: [...statements, ...denied] },
      call,
    );

  /** All entries of a millisecond that has more than a page: those of flags that are known are left out of the next one. */
  async function readMillisecond(time: number, first: Listed<number>): Promise<Listed<number>> {
    const rows = [...first.rows];
    let { skipped } = first;
    for (;;) {
      const flags = [...new Set(rows.flatMap(({ event }) => event.flagKey ?? []))];
      const resources = flags.slice(0, MAX_DENIED).map((flag) => resourceOf(origin.project, '*', flag));
      // One that has no proper key would leave everything out.
      const denied = resources.filter((resource) => !resource.endsWith('/*'));
      const { items } = await ask(time, time + 1, [{ effect: 'deny', resources: denied }]);
      const page = toListed(items);
      const fresh = unseen(page.rows, rows).filter(({ event }) => event.occurredAt === time);
      rows.push(...fresh);
      skipped += page.skipped;
      const isFull = items.length >= MAX_ENTRIES;
      // A full page of nothing but known ones hides what cannot be got at: that is told.
      if (isFull && fresh.length === 0) skipped += 1;
      if (!isFull || fresh.length === 0) return { ...first, rows, skipped, next: time };
    }
  }

  function toListed(items: readonly (AuditLogEntryRep | null)[]): Listed<number> {
    const events = items.flatMap((entry) => (entry && toEvent(entry, origin)) ?? []);
    const rows = events.map((event): FeedRow => ({ event }));
    // What is about something else was not asked for, and is not missing either.
    const skipped = items.filter((entry) => entry === null).length;
    return { rows, skipped, next: undefined, total: null };
  }

  return async (oldest, place) => {
    const { items, next } = await ask(oldest, place);
    const page = toListed(items);
    const last = items.findLast((entry) => entry !== null)?.date;
    const isFull = items.length >= MAX_ENTRIES;
    if (!isFull && next === null) return { ...page, isEnd: isAskedByGet(statements) };
    // Nothing on it can be read: only its link says how far it went.
    if (last === undefined) return { ...page, next: placeIn(next, place) };
    if (last + 1 < place) return { ...page, next: last + 1 };
    // The ends belong to the window, after all, and this millisecond is known.
    if (last >= place) return { ...page, next: place - 1 };
    return isFull ? readMillisecond(last, page) : { ...page, next: last };
  };
}

/** Where a link goes on, if that is further down. */
function placeIn(href: string | null, place: number): number | undefined {
  const before = Number(linkParameter(href, 'before'));
  return Number.isSafeInteger(before) && before < place ? before : undefined;
}
