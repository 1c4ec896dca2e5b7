/** What the timeline needs of a feed: one independently paged listing inside a source. */
import type { Budget, FlagEvent } from '../model.ts';
import type { EventFilter } from './filter.ts';

/** The way a reader walks: towards the past, or towards now. */
export type Direction = 'older' | 'newer';

/**
 * The nearest row a read may return: at this millisecond or beyond it in the direction of reading. With `id`, the rows of
 * that millisecond up to and including that event are known already; with `isWhole`, all of them are. Known rows are left out.
 */
export interface Start {
  time: number;
  id?: string;
  isWhole?: true;
}

/** The same place without `isWhole`, which neither a cursor nor a listing knows. */
export function withoutWhole({ id, isWhole, time }: Start, direction: Direction): { time: number; id?: string } {
  if (isWhole) return { time: direction === 'older' ? time - 1 : time + 1 };
  return id === undefined ? { time } : { time, id };
}

export interface FeedRequest {
  direction: Direction;
  /** `null`: from the end of the feed that the direction starts at. */
  start: Start | null;
  /** How many rows the caller can use; a feed may return more, or fewer. */
  limit: number;
  filter: EventFilter;
  /** Names of the node's fields that are wanted at once, for a feed that can fetch them with the page. */
  fields: ReadonlySet<string>;
  /** What this feed said of the place `start`, come back from a client: to be checked, never trusted. */
  hint: unknown;
  /** When this walk began, Unix milliseconds: a horizon that would move with the clock is pinned to it. */
  asOf: number;
  now: number;
  budget: Budget;
  /** An earlier page of the walk went without this feed: where there is a queue, it comes first. */
  isOwed?: boolean;
  /** Only what the upstream says now will do: nothing that is remembered of it. */
  isFresh?: boolean;
}

export interface FeedRow {
  event: FlagEvent;
  /** A flat piece of JSON that makes resuming after this row fast; small, without secrets, never needed to be right. */
  hint?: unknown;
  /** It was read for somebody else's sake: that it fails the filter says nothing about the upstream. */
  isExtra?: boolean;
}

export interface FeedPage {
  /** Newest first in either direction, contiguous from the request's `start` to `reached`. */
  rows: FeedRow[];
  /**
   * How far the feed was read, as the `start` of the next read; `null` at the end of the feed. It moves with every read,
   * whether or not there were rows: unreadable ones, sifted ones and short upstream pages all count as read.
   */
  reached: Start | null;
  /** The hint that goes with `reached`, where that is not just after the last row. */
  hint?: unknown;
  /** Events between the request's `start` and `reached` that could not be read. */
  skipped: number;
  /** All rows that match the filter, where this answer happened to say so. */
  total?: number;
  /** The feed cannot see further back than this moment. */
  reachesBackTo?: number;
}

/** What of a filter an upstream applies itself. */
export interface Pushdown {
  /** The same for filters that an upstream answers alike, windows of time aside. */
  key: string;
  /** The upstream applies every part of the filter, so that its own total is the filter's. */
  isWhole: boolean;
  /** A row itself tells whether it passes the filter, so that rows of a wider listing can be checked here. */
  isCheckable: boolean;
}

/** How events change once more after they can be read. */
export interface Completion {
  /** For how long after it happened, in milliseconds. */
  withinMs: number;
  /** Differs as soon as something of the event has changed that a reader should be told. */
  versionOf(event: FlagEvent): string;
}

export interface Feed {
  /** Unique and stable; part of the total order. Begins with the source's id. */
  key: string;
  /** The id of the source it belongs to. */
  source: string;
  /** What a reader has to know of its events, although nothing has failed. @default nothing */
  notice?: string | undefined;
  /** Up to this many flags are cheaper read one by one than together. @default 1 */
  flagsAskedSingly?: number;
  /** Of the keys of all flags that are read together, in characters. @default no limit */
  maxFlagsLength?: number;
  /** The most rows that one upstream call gives; not set if a feed cannot be paged. */
  maxPage?: number;
  /** The node's fields that the feed can fetch with a page: see {@link FeedRequest.fields}. */
  fields?: readonly string[];
  /** What is completed of its events after they can be read; not set if they never change. */
  completion?: Completion;
  /** The oldest moment it looks back to unless a filter says so; not set if it goes back to its beginning. */
  horizon?(asOf: number): number;
  /** How many calls it takes is the feed's business: one, unless a hint was refuted or the rows did not suffice. */
  read(request: FeedRequest): Promise<FeedPage>;
  /** Whether the feed can hold an event that passes the filter; if not it is never asked. */
  canMatch(filter: EventFilter): boolean;
  pushdown(filter: EventFilter): Pushdown;
  /** The vendor's own part of the filter, checked on a row. */
  matches(event: FlagEvent, filter: EventFilter): boolean;
  /** All events that match; `null` if they cannot be counted. */
  count(filter: EventFilter, asOf: number, budget: Budget): Promise<number | null>;
}

/** Feeds that are found out together, apart from all others: one slow or failing part costs no other part anything. */
export interface Part {
  /** The beginning of its feeds' keys, or the key of its only feed. */
  key: string;
  /** The id of the source it belongs to. */
  source: string;
  /** Whether one of its feeds can hold an event of the filter's scope; if not, nobody is asked which there are. @default they can */
  canMatch?(filter: EventFilter): boolean;
  /** May have to ask the vendor which feeds there are; a failure is thrown, and asked again next time. */
  feeds(budget: Budget): Promise<readonly Feed[]>;
}

/** The part with each of its feeds changed, once for as long as the feed is the same. */
export function withFeeds<P extends Part>(part: P, change: (feed: Feed) => Feed): P {
  const known = new WeakMap<Feed, Feed>();
  const changed = (feed: Feed) => {
    const own = known.get(feed) ?? change(feed);
    known.set(feed, own);
    return own;
  };
  return { ...part, feeds: async (budget) => (await part.feeds(budget)).map(changed) };
}
