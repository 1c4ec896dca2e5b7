/** All pollers, by part: each runs while somebody follows one of its feeds. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Source } from '../sources/source.ts';
import type { Part } from '../timeline/feed.ts';
import { type EventFilter, NO_FILTER } from '../timeline/filter.ts';
import { createBell } from './bell.ts';
import {
  type Channel,
  createPoller,
  type FeedLag,
  type Follower,
  type Found,
  type Poller,
  type PollerOptions,
} from './poller.ts';

export interface Hub {
  /** A place among those for whom these sources are polled. */
  join(sources: readonly Source[], filter: EventFilter): Seat;
  nudge(sourceId: string, about?: About): void;
  /** Takes in what another replica has found. */
  take(found: Found): void;
  lags(): FeedLag[];
  close(): void;
}

/** What a nudge is about, as far as it is known. */
export interface About {
  project?: string | undefined;
  environment?: string | undefined;
}

export interface Seat {
  /** `null` until everything has been polled once, or has failed. */
  channels(): readonly Channel[] | null;
  /** Parts whose feeds could not be found out. */
  failures(): readonly { part: Part; error: unknown }[];
  /** Until there may be something new, or the seat is left. */
  wait(timeoutMs?: number): Promise<void>;
  readonly isLeft: boolean;
  leave(): void;
}

export function createHub(options: PollerOptions): Hub {
  const pollers = new Map<string, Poller>();
  // A poll is nobody's request, whoever it was begun for.
  const outside = AsyncLocalStorage.snapshot();

  function pollerOf(part: Part): Poller {
    const known = pollers.get(part.key) ?? createPoller(part, options);
    pollers.set(part.key, known);
    return known;
  }

  return {
    join(sources, filter) {
      const bell = createBell();
      const follower: Follower = { filter, wake: bell.ring };
      const own = sources
        .flatMap(({ parts }) => parts)
        .filter((part) => part.canMatch?.(filter) ?? true)
        .map(pollerOf);
      let isLeft = false;
      for (const poller of own) outside(poller.follow, follower);
      return {
        channels() {
          const found = own.map((poller) => poller.channels(follower));
          return found.includes(null) ? null : found.flatMap((each) => each ?? []);
        },
        failures: () => own.flatMap(({ error, part }) => (error === undefined ? [] : [{ part, error }])),
        wait: bell.wait,
        get isLeft() {
          return isLeft;
        },
        leave() {
          isLeft = true;
          for (const poller of own) poller.leave(follower);
          bell.ring();
        },
      };
    },
    nudge(sourceId, { environment, project } = {}) {
      const about: EventFilter = {
        ...NO_FILTER,
        ...(project !== undefined && { projects: [project] }),
        ...(environment !== undefined && { environments: [environment] }),
      };
      const own = [...pollers.values()].filter(({ part }) => part.source === sourceId);
      const named = own.filter(({ part }) => part.key === sourceId || part.key === `${sourceId}/${project}`);
      for (const poller of named.length > 0 ? named : own) outside(poller.nudge, about);
    },
    take: (found) => pollers.get(found.part)?.take(found),
    lags: () => [...pollers.values()].flatMap((poller) => poller.lags()),
    close() {
      for (const poller of pollers.values()) poller.close();
    },
  };
}
