/**
 * Finds known events again. LaunchDarkly has no call for one event, only windows of time, so the events are looked for in
 * one window around all of them, and what is not on its first page in whichever way takes fewer calls.
 */
import type { Listed } from '../paging/older.ts';
import { MAX_PAGE } from './client.ts';
import type { LaunchDarklyEvent } from './event.ts';

export interface Wanted {
  id: string;
  /** Unix milliseconds. */
  occurredAt: number;
  /** If it is known. */
  flagKey?: string | null;
}

/** A page of the window between two moments, both inclusive. */
export type ListWindow = (oldest: number, newest: number, after?: string) => Promise<Listed<string>>;

/** The events that still exist, by id. Costs one call, and at most one more for each further page or each moment. */
export async function findEvents(
  wanted: readonly Wanted[],
  listWindow: ListWindow,
): Promise<ReadonlyMap<string, LaunchDarklyEvent>> {
  const found = new Map<string, LaunchDarklyEvent>();
  /** Whether the page brought anything new. */
  const take = ({ rows }: Listed<string>): boolean => {
    const before = found.size;
    for (const { event } of rows) found.set(event.id, event as LaunchDarklyEvent);
    return found.size > before;
  };
  const readToEnd = async (oldest: number, newest: number, first?: string) => {
    for (let after = first; ; ) {
      const page = await listWindow(oldest, newest, after);
      after = take(page) ? page.next : undefined;
      if (after === undefined || wanted.every(({ id }) => found.has(id))) return;
    }
  };

  const times = wanted.map(({ occurredAt }) => occurredAt);
  const [oldest, newest] = [Math.min(...times), Math.max(...times)];
  const page = await listWindow(oldest, newest);
  take(page);
  const missing = new Set(wanted.filter(({ id }) => !found.has(id)).map(({ occurredAt }) => occurredAt));
  if (missing.size === 0 || page.next === undefined) return found;
  const furtherPages = Math.ceil((page.total ?? Number.POSITIVE_INFINITY) / MAX_PAGE) - 1;
  if (furtherPages <= missing.size) await readToEnd(oldest, newest, page.next);
  else await Promise.all([...missing].map((time) => readToEnd(time, time)));
  return found;
}
