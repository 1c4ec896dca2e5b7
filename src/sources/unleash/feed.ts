/** What Unleash's two feeds have in common: they can find events again. */
import type { Budget } from '../../model.ts';
import type { Feed } from '../../timeline/feed.ts';
import type { UnleashEvent } from './event.ts';

export interface Wanted {
  id: string;
  /** Unix milliseconds. */
  occurredAt: number;
}

export interface UnleashFeed extends Feed {
  /** Those of the wanted events that it can see, and perhaps others, in any order. */
  find(wanted: readonly Wanted[], budget: Budget): Promise<UnleashEvent[]>;
}
