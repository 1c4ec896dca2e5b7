/**
 * Finds known events again. LaunchDarkly has no call for one event, only windows of time, so the events are looked for in
 * one window around all of them, and what is not on its first page in whichever way takes fewer calls.
 */
import type { FeedRow } from '../../timeline/feed.ts';
import { MAX_PAGE } from './client.ts';
import type { LaunchDarklyEvent } from './event.ts';

export interface Wanted {
  id: string;
  /** Unix milliseconds. */
  occurredAt: number;
  /** If it is known. */
  flagKey?: string | null;
}

export interface WindowPage {
  rows: FeedRow[];
  /** `null` if it is not known. */
  totalCount: number | null;
  next: string | undefined;
}

/** A page of the window between two moments, both inclusive. */
export type ListWindow = (oldest: number, newest: number, after?: string) => Promise<WindowPage>;

/** The events that still exist, by id. Costs one call, and at most one more for each further page or each moment. */
export async function findEvents(
  wanted: readonly Wanted[],
  listWindow: ListWindow,
): Promise<ReadonlyMap<string, LaunchDarklyEvent>> {
  const found = new Map<string, LaunchDarklyEvent>();
  const take = ({ next, rows }: WindowPage) => {
    for (const { event } of rows) found.set(event.id, event as LaunchDarklyEvent);
    return next;
  };
  const readToEnd = async (oldest: number, newest: number, first?: string) => {
    let after = first;
    do after = take(await listWindow(oldest, newest, after));
    while (after !== undefined && wanted.some(({ id }) => !found.has(id)));
  };

  const times = wanted.map(({ occurredAt }) => occurredAt);
  const [oldest, newest] = [Math.min(...times), Math.max(...times)];
  const page = await listWindow(oldest, newest);
  const next = take(page);
  const missing = new Set(wanted.filter(({ id }) => !found.has(id)).map(({ occurredAt }) => occurredAt));
  if (missing.size === 0 || next === undefined) return found;
  const furtherPages = Math.ceil((page.totalCount ?? Number.POSITIVE_INFINITY) / MAX_PAGE) - 1;
  if (furtherPages <= missing.size) await readToEnd(oldest, newest, next);
  else await Promise.all([...missing].map((time) => readToEnd(time, time)));
  return found;
}
