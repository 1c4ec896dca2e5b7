/** The contract between the graph and whatever follows the timeline for it. */
import type { FlagEvent } from '../model.ts';
import type { Source } from '../sources/source.ts';
import type { Cursor } from '../timeline/cursor.ts';
import type { EventFilter } from '../timeline/filter.ts';
import type { FeedReport } from '../timeline/timeline.ts';

export interface LiveRequest {
  sources: readonly Source[];
  filter: EventFilter;
  /** Where the reader stands; `null`: it begins now. */
  since: Cursor | null;
  /** Names of the node's fields that a feed may fetch with a page. */
  fields: ReadonlySet<string>;
}

export interface LiveBatch {
  /** Newest first, as on a page. */
  edges: { event: FlagEvent; cursor: Cursor }[];
  /** As they are now; each was readable before, and what of it can be completed has been since. */
  updated: FlagEvent[];
  /** Where to go on; see `timeline/trail.ts`. */
  cursor: Cursor;
  /** False while older events are still being brought up. */
  isCaughtUp: boolean;
  /** One for each feed, and for each part whose feeds are not known. */
  reports: FeedReport[];
}

export interface Live {
  /**
   * Begins with the first pull, and reads nothing ahead of the reader. Ends when `return` is called, also amid a pull; throws
   * {@link EndedError} when the gateway ends it.
   */
  subscribe(request: LiveRequest): AsyncIterableIterator<LiveBatch>;
}

/** For a gateway that follows nothing. */
export const NO_LIVE: Live = {
  async *subscribe() {},
};

/** Why the gateway has ended a subscription. */
export class EndedError extends Error {
  /** For clients: `SHUTTING_DOWN` or `CREDENTIALS_EXPIRED`. */
  readonly reason: string;

  constructor(reason: string) {
    super('The gateway has ended this subscription: go on with the last cursor as `since`.');
    this.name = 'EndedError';
    this.reason = reason;
  }
}
