/** Follows the timeline for all who subscribe to it: one poller for each feed, and none while nobody listens. */
import { randomUUID } from 'node:crypto';
import { createBudget } from '../request/budget.ts';
import { EndedError, type Live, type LiveBatch, type LiveRequest } from '../request/live.ts';
import { type Bus, createMemoryBus } from '../store/bus.ts';
import { createMemoryLease, type Lease } from '../store/lease.ts';
import { type About, createHub, type Seat } from './hub.ts';
import type { FeedLag } from './poller.ts';
import { follow } from './subscription.ts';
import { nudgeSchema, pollSchema } from './told.ts';

export interface LiveOptions {
  /** How often a feed is polled, in milliseconds. */
  pollIntervalMs: number;
  /** Deadline of one poll and of one page, in milliseconds. */
  requestTimeoutMs: number;
  /** How many upstream calls one poll or one page may make, retries included. */
  upstreamCallsPerRequest: number;
  /** @default Date.now */
  now?: (() => number) | undefined;
  /** The least time from one poll of a feed to the next, in milliseconds. @default 1_000 */
  minGapMs?: number;
  /** How long a failing feed is left alone at most, unless its vendor asks for more, in milliseconds. @default 60_000 */
  maxBackoffMs?: number;
  /** When to look after a nudge, in milliseconds. @default [0, 2_000, 10_000, 60_000] */
  nudgeDelaysMs?: readonly number[];
  /** When to look besides, where events are completed later, in milliseconds. @default 660_000 */
  completionDelayMs?: number;
  /** Where nudges, and what polls have found, are told, for all replicas. @default this process */
  bus?: Bus;
  /** Which replica polls. @default this one */
  lease?: Lease;
  /** Told when a feed begins to fail. @default nobody is told */
  onFailure?: (feed: string, error: unknown) => void;
  /** Told of events that became readable after newer ones. @default nobody is told */
  onLate?: (source: string, count: number) => void;
}

/** What the process has of it; the graph sees {@link Live}. */
export interface LiveFeed extends Live {
  /** How many subscriptions there are. */
  readonly subscribers: number;
  /** How far the feeds have been followed, of those that are. */
  lags(): FeedLag[];
  /**
   * Somebody says that there may be something new: look now, and after 2, 10 and 60 seconds, because it may not be readable
   * yet; after eleven minutes, too, where events are completed later. However many nudges there are, a feed is polled at most
   * once a second. Costs nothing while nobody listens; an unknown source is left out.
   */
  nudge(sourceId: string, about?: About): void;
  /** Ends all subscriptions with this reason, and refuses new ones with it. */
  shutDown(reason: string): void;
}

const NUDGES = 'live nudges';
const POLLS = 'live polls';

export function createLive({
  bus = createMemoryBus(),
  completionDelayMs = 11 * 60_000,
  lease = createMemoryLease(),
  maxBackoffMs = 60_000,
  minGapMs = 1_000,
  now = Date.now,
  nudgeDelaysMs = [0, 2_000, 10_000, 60_000],
  onFailure = () => {},
  onLate = () => {},
  pollIntervalMs,
  requestTimeoutMs,
  upstreamCallsPerRequest,
}: LiveOptions): LiveFeed {
  const seats = new Set<Seat>();
  const ending = new AbortController();
  let ended: EndedError | undefined;
  const openBudget = (signal: AbortSignal) =>
    createBudget({ deadline: Date.now() + requestTimeoutMs, calls: upstreamCallsPerRequest, client: { signal } });
  /** Tells replicas from each other. */
  const by = randomUUID();
  const hub = createHub({
    intervalMs: pollIntervalMs,
    minGapMs: Math.min(minGapMs, pollIntervalMs),
    maxBackoffMs,
    nudgeDelaysMs,
    completionDelayMs,
    createBudget: openBudget,
    lease,
    share: (found) => bus.publish(POLLS, { by, found }),
    now,
    onFailure,
    onLate,
  });

  bus.subscribe(POLLS, (message) => {
    if (seats.size === 0 || (message as { by?: unknown } | null)?.by === by) return;
    const { data } = pollSchema.safeParse(message);
    // A clock that is ahead does not make anything settle earlier.
    if (data) hub.take({ ...data.found, at: Math.min(data.found.at, now()) });
  });

  bus.subscribe(NUDGES, (message) => {
    const { data } = nudgeSchema.safeParse(message);
    if (data) hub.nudge(data.source, data);
  });

  function subscribe(request: LiveRequest): AsyncIterableIterator<LiveBatch> {
    const gone = new AbortController();
    let seat: Seat | undefined;
    let batches: AsyncGenerator<LiveBatch, void, void> | undefined;

    function leave(): void {
      gone.abort();
      seat?.leave();
      if (seat) seats.delete(seat);
    }

    function begin(): AsyncGenerator<LiveBatch, void, void> {
      seat = hub.join(request.sources, request.filter);
      seats.add(seat);
      const signal = AbortSignal.any([gone.signal, ending.signal]);
      return follow(seat, request, {
        intervalMs: pollIntervalMs,
        createBudget: () => openBudget(signal),
        now,
      });
    }

    const iterator: AsyncIterableIterator<LiveBatch> = {
      [Symbol.asyncIterator]: () => iterator,
      async next() {
        if (ended && !gone.signal.aborted) {
          leave();
          throw ended;
        }
        if (gone.signal.aborted) return { done: true, value: undefined };
        batches ??= begin();
        try {
          const step = await batches.next();
          if (!step.done) return step;
        } catch (error) {
          leave();
          throw error;
        }
        const isOver = gone.signal.aborted;
        leave();
        if (ended && !isOver) throw ended;
        return { done: true, value: undefined };
      },
      async return() {
        leave();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  return {
    subscribe,
    get subscribers() {
      return seats.size;
    },
    lags: hub.lags,
    nudge: (source, about) => bus.publish(NUDGES, { source, ...about }),
    shutDown(reason) {
      ended ??= new EndedError(reason);
      ending.abort();
      for (const seat of seats) seat.leave();
      hub.close();
    },
  };
}
