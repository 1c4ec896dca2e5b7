import type { Live, LiveBatch, LiveRequest } from '../../src/request/live.ts';
import type { Source } from '../../src/sources/source.ts';
import { type Cursor, decodeCursor, encodeCursor } from '../../src/timeline/cursor.ts';
import { type EventFilter, NO_FILTER } from '../../src/timeline/filter.ts';

export interface Followed {
  batches: LiveBatch[];
  /** The ids of the events of all batches, each batch oldest first. */
  ids(): string[];
  /** Pulls until this holds; fails after some seconds. */
  until(isEnough: (followed: Followed) => boolean): Promise<void>;
  /** As a client has it: it has been text in between. */
  cursor(): Cursor;
  leave(): Promise<unknown>;
}

const LONGEST_MS = 8_000;

export function follow(
  live: Live,
  sources: readonly Source[],
  { filter = NO_FILTER, since = null }: { since?: Cursor | null; filter?: EventFilter } = {},
): Followed {
  const request: LiveRequest = { sources, filter, since, fields: new Set() };
  const iterator = live.subscribe(request);
  const batches: LiveBatch[] = [];
  const followed: Followed = {
    batches,
    ids: () => batches.flatMap(({ edges }) => edges.toReversed().map(({ event }) => event.id)),
    async until(isEnough) {
      while (!isEnough(followed)) {
        const { promise: late, reject } = Promise.withResolvers<never>();
        const timer = setTimeout(() => reject(new Error(`only ${followed.ids().join(' ')}`)), LONGEST_MS);
        const step = await Promise.race([iterator.next(), late]).finally(() => clearTimeout(timer));
        if (step.done) throw new Error('the subscription has ended');
        batches.push(step.value);
      }
    },
    cursor: () => throughText(batches.at(-1)?.cursor),
    leave: async () => iterator.return?.(),
  };
  return followed;
}

export const isCaughtUp = ({ batches }: Followed) => batches.at(-1)?.isCaughtUp === true;
export const hasEvents = (count: number) => (followed: Followed) => followed.ids().length >= count;

export function throughText(cursor: Cursor | undefined): Cursor {
  if (cursor === undefined) throw new Error('There is no batch yet.');
  return decodeCursor(encodeCursor(cursor, ''), '', 'since');
}
