/**
 * Reads a range of the log around events that cannot be had: some stored strategies break the wording of Unleash's answer, and
 * every page that holds one is a 500; others are too large for any page. The range is halved until they stand alone.
 */
import { UpstreamError } from '../../errors.ts';
import type { FoundEvents } from './client.ts';

/** So many single rows without any answer, and the server has to show that it answers at all. */
const MAX_BAD_WITHOUT_ANSWER = 3;
/** It is asked for single rows, each so many times as far away as the one before, up to the end of most logs. */
const STEP = 4;
const MAX_DISTANCE = STEP ** 6;
/** What one page may cost before it is given as far as it was read. */
const MAX_SEARCHES = 60;

/** One search; as a probe it should not be tried again. */
export type SearchRange = (offset: number, limit: number, isProbe: boolean) => Promise<FoundEvents>;

/**
 * As much of the range from its beginning as the server gives, at least one row if there is any, with `null` in the place of
 * each event that cannot be had. Throws what the server answered if that is not about rows, or if it answers nothing else.
 */
export async function searchAroundPoison(search: SearchRange, offset: number, limit: number): Promise<FoundEvents> {
  const bad: number[] = [];
  let searches = 0;
  let total: number | undefined;
  let failure: unknown;

  const events = await readRange(offset, limit, false);
  // A server that was failing altogether for a moment may have made a good row look bad: each is asked for once more.
  const again = new Map<number, FoundEvents['events'][number]>();
  for (const at of bad) again.set(at, (await ask(at, 1, true))?.[0] ?? null);
  return {
    events: events.map((event, index) => event ?? again.get(offset + index) ?? null),
    total: total ?? (await countBeyond(offset)),
  };

  /** `null`: some row of the range cannot be had. */
  async function ask(from: number, count: number, isProbe: boolean): Promise<FoundEvents['events'] | null> {
    searches += 1;
    try {
      const found = await search(from, count, isProbe);
      total = Math.max(total ?? 0, found.total);
      return found.events;
    } catch (error) {
      if (!isAboutRows(error)) throw error;
      failure = error;
      return null;
    }
  }

  async function readRange(from: number, count: number, isProbe: boolean): Promise<FoundEvents['events']> {
    const found = await ask(from, count, isProbe);
    if (found !== null) return found;
    if (count === 1) {
      bad.push(from);
      if (bad.length === MAX_BAD_WITHOUT_ANSWER) total ??= await countBeyond(from);
      return [null];
    }
    const half = Math.floor(count / 2);
    const first = await readRange(from, half, true);
    if (first.length < half || searches >= MAX_SEARCHES) return first;
    return [...first, ...(await readRange(from + half, count - half, true))];
  }

  /** How many events there are, as told by any answer: a row further on, or that there is none so far on. */
  async function countBeyond(from: number): Promise<number> {
    for (let distance = STEP; distance <= MAX_DISTANCE; distance *= STEP) {
      await ask(from + distance, 1, true);
      if (total !== undefined) return total;
    }
    throw failure;
  }
}

/** The failure may be that of a few rows. */
function isAboutRows(error: unknown): boolean {
  return error instanceof UpstreamError && (error.status === 500 || error.isTooLarge);
}
