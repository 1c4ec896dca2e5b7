/**
 * Reads a range of the log around events that cannot be had: some stored strategies break the wording of Unleash's answer, and
 * every page that holds one is a 500; others are too large for any page. The range is halved until they stand alone.
 */
import { UpstreamError } from '../../errors.ts';
import type { FoundEvents } from './client.ts';

/** So many single rows without a good one, and it is the server that is broken. */
const MAX_BAD_WITHOUT_GOOD = 3;
/** What one page may cost. */
const MAX_SEARCHES = 60;

/** One search; as a probe it should not be tried again. */
export type SearchRange = (offset: number, limit: number, isProbe: boolean) => Promise<FoundEvents>;

/**
 * As much of the range from its beginning as the server gives, with `null` in the place of each event that cannot be had.
 * Throws what the server answered if too many cannot.
 */
export async function searchAroundPoison(search: SearchRange, offset: number, limit: number): Promise<FoundEvents> {
  const bad: number[] = [];
  let [good, searches] = [0, 0];

  async function halve(from: number, count: number, failure: unknown): Promise<FoundEvents> {
    if (count === 1) {
      bad.push(from);
      if (good === 0 && bad.length >= MAX_BAD_WITHOUT_GOOD) throw failure;
      return { events: [null], total: 0 };
    }
    const half = Math.floor(count / 2);
    const first = await readRange(from, half, true);
    if (first.events.length < half) return first;
    const rest = await readRange(from + half, count - half, true);
    return { events: [...first.events, ...rest.events], total: Math.max(first.total, rest.total) };
  }

  async function readRange(from: number, count: number, isProbe: boolean): Promise<FoundEvents> {
    searches += 1;
    try {
      const found = await search(from, count, isProbe);
      good += 1;
      return found;
    } catch (error) {
      if (!isAboutRows(error) || searches >= MAX_SEARCHES) throw error;
      return halve(from, count, error);
    }
  }

  const found = await readRange(offset, limit, false);
  // A server that was failing altogether for a moment may have made a good row look bad: each is asked for once more.
  for (const at of bad) found.events[at - offset] = await readAgain(at);
  return found;

  async function readAgain(at: number): Promise<FoundEvents['events'][number]> {
    const again = await search(at, 1, true).catch(() => undefined);
    return again?.events[0] ?? null;
  }
}

/** The failure may be that of a few rows. */
function isAboutRows(error: unknown): boolean {
  return error instanceof UpstreamError && (error.status === 500 || error.isTooLarge);
}
