/** Asks a source for its newest events, past the graph: whether it answers, and what. */
import { createBudget } from '../request/budget.ts';
import type { Source } from '../sources/source.ts';
import type { Feed, Part } from '../timeline/feed.ts';
import { NO_FILTER } from '../timeline/filter.ts';

export interface NewestOptions {
  timeoutMs: number;
  /** How many upstream calls it may take. */
  calls: number;
  /** Of each part, so many feeds are asked. @default all */
  feedsPerPart?: number;
}

/** What one feed, or a part whose feeds could not be listed, has answered. */
export interface Newest {
  feed: string;
  notice?: string | undefined;
  /** `null` if there is none. */
  occurredAt: number | null;
  error?: unknown;
}

export async function askNewest(source: Source, { calls, feedsPerPart, timeoutMs }: NewestOptions): Promise<Newest[]> {
  const now = Date.now();
  const budget = createBudget({ deadline: now + timeoutMs, calls, client: new AbortController() });
  const newest = { direction: 'older', start: null, limit: 1, filter: NO_FILTER, fields: new Set<string>() } as const;

  async function askFeed(feed: Feed): Promise<Newest> {
    const { key, notice } = feed;
    try {
      const { rows } = await feed.read({ ...newest, hint: null, asOf: now, now, budget });
      return { feed: key, notice, occurredAt: rows[0]?.event.occurredAt ?? null };
    } catch (error) {
      return { feed: key, notice, occurredAt: null, error };
    }
  }

  async function askPart(part: Part): Promise<Newest[]> {
    try {
      const feeds = await part.feeds(budget);
      return await Promise.all(feeds.slice(0, feedsPerPart).map(askFeed));
    } catch (error) {
      return [{ feed: part.key, occurredAt: null, error }];
    }
  }

  try {
    return (await Promise.all(source.parts.map(askPart))).flat();
  } finally {
    budget.close();
  }
}
