/**
 * Readers with random filters follow feeds in memory while events happen, come late and feeds fail; they are slow, fall
 * behind, leave in the middle, and go on at this or another replica from the last cursor they have. Time is the chaos's own,
 * and passes with the events.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createLive, type LiveFeed, type LiveOptions } from '../../src/live/live.ts';
import type { FlagEvent } from '../../src/model.ts';
import { EndedError } from '../../src/request/live.ts';
import { createMemoryBus } from '../../src/store/bus.ts';
import { createMemoryLease } from '../../src/store/lease.ts';
import type { Cursor } from '../../src/timeline/cursor.ts';
import { createMatcher, type EventFilter, NO_FILTER } from '../../src/timeline/filter.ts';
import type { Dice } from '../soak/dice.ts';
import { throughText } from './follow.ts';
import { createEvent, createMemoryFeed, type MemoryFeed } from './memory-feed.ts';
import { createMemorySource } from './memory-source.ts';

export interface ChaosOptions {
  dice: Dice;
  events: number;
  readers: number;
  /** What a replica shares with the others, and how it is cut off from them as if it were killed. @default memory */
  share?(): Pick<LiveOptions, 'bus' | 'lease'> & AsyncDisposable;
  /** How often a replica is killed, and another one started in its place. @default 0 */
  kills?: number;
  /** Called now and then. */
  onProgress?(made: number): void;
}

export interface ChaosReport {
  /** For each reader: what it missed, what it had twice, what was not its own; and how often it began anew. */
  readers: { missed: string[]; twice: string[]; foreign: string[]; sessions: number; given: number }[];
  mostSeen: number;
}

/** At this pace, no cursor has to name more events of a minute than it can. */
const MS_PER_EVENT = 1_000;
const PROJECTS = ['p0', 'p1', 'p2', 'p3'];

export async function runChaos({
  dice,
  events: count,
  kills = 0,
  onProgress,
  readers: readerCount,
  share = shareMemory(),
}: ChaosOptions): Promise<ChaosReport> {
  let time = Date.now();
  const committed: FlagEvent[] = [];
  const feeds = ['a', 'b', 'c', 'd'].map((key) => shaky(createMemoryFeed(key, []), dice));
  const source = createMemorySource('s', feeds);
  const start = () => {
    const shared = share();
    const live = createLive({
      pollIntervalMs: 4,
      minGapMs: 1,
      maxBackoffMs: 10,
      requestTimeoutMs: 2_000,
      upstreamCallsPerRequest: 1_000,
      now: () => time,
      ...shared,
    });
    return { live, shared };
  };
  const replicas = [start(), start()];
  let killed = 0;
  let isOver = false;
  let mostSeen = 0;

  function commit(): void {
    time += dice.below(2 * MS_PER_EVENT);
    const feed = feeds[Math.min(dice.below(8), feeds.length - 1)] as MemoryFeed;
    const late = dice.isLucky(1 / 20) ? dice.below(1 + 50_000) : 0;
    const event = {
      ...createEvent(feed.key, `e${committed.length}`, time - late),
      project: PROJECTS[dice.below(4)] ?? null,
    };
    let index = 0;
    while ((feed.events[index]?.occurredAt ?? 0) > event.occurredAt) index += 1;
    feed.events.splice(index, 0, event);
    committed.push(event);
  }

  async function make(): Promise<void> {
    while (committed.length < count) {
      for (let burst = dice.below(dice.isLucky(1 / 50) ? 200 : 8); burst > 0 && committed.length < count; burst -= 1)
        commit();
      for (const feed of feeds) if (dice.isLucky(1 / (feed.isDown ? 5 : 60))) feed.isDown = !feed.isDown;
      onProgress?.(committed.length);
      if (killed < kills && committed.length > ((killed + 1) * count) / (kills + 1)) await kill();
      await wait(1);
    }
    for (const feed of feeds) feed.isDown = false;
    isOver = true;
  }

  async function kill(): Promise<void> {
    const [dead] = replicas.splice(dice.below(replicas.length), 1, start());
    killed += 1;
    // It does not let go of what it holds.
    await dead?.shared[Symbol.asyncDispose]();
    dead?.live.shutDown('KILLED');
  }

  async function read(): Promise<ChaosReport['readers'][number]> {
    const filter: EventFilter = dice.isLucky(1 / 3)
      ? NO_FILTER
      : { ...NO_FILTER, projects: PROJECTS.filter(() => dice.isLucky(1 / 2)) };
    const matches = createMatcher(filter);
    const given = new Map<string, number>();
    let since: Cursor | null = null;
    let sessions = 0;
    let firstCertain = Number.POSITIVE_INFINITY;
    await wait(dice.below(1 + 300));
    const missing = () =>
      committed
        .slice(firstCertain)
        .filter((event) => matches(event) && !given.has(event.id))
        .map(({ id }) => id);
    for (let begun = Date.now(); !isOver || missing().length > 0; ) {
      if (isOver && Date.now() - begun > 30_000) break;
      if (!isOver) begun = Date.now();
      sessions += 1;
      const replica = replicas[dice.below(replicas.length)] as { live: LiveFeed };
      const batches = replica.live.subscribe({ sources: [source], filter, since, fields: new Set() });
      for (let pulls = dice.below(1 + 30); pulls >= 0 && (!isOver || missing().length > 0); pulls -= 1) {
        const pull = batches.next().catch(ifKilled);
        // It may leave amid a pull: what that brings is lost to it.
        const step = await Promise.race([pull, wait(dice.isLucky(1 / 20) ? 3 : 300, null)]);
        if (step === null) break;
        if (step.done) throw new Error('the subscription has ended by itself');
        for (const { event } of step.value.edges) given.set(event.id, (given.get(event.id) ?? 0) + 1);
        if (firstCertain === Number.POSITIVE_INFINITY) firstCertain = committed.length;
        since = throughText(step.value.cursor);
        mostSeen = Math.max(mostSeen, since.trail?.seen.size ?? 0);
        if (dice.isLucky(1 / 8)) await wait(dice.below(dice.isLucky(1 / 10) ? 400 : 20));
      }
      await batches.return?.();
      if (dice.isLucky(1 / 4)) await wait(dice.below(1 + 200));
    }
    const own = new Set(committed.filter(matches).map(({ id }) => id));
    return {
      missed: missing(),
      twice: [...given].filter(([, times]) => times > 1).map(([id]) => id),
      foreign: [...given.keys()].filter((id) => !own.has(id)),
      sessions,
      given: given.size,
    };
  }

  for (let before = 0; before < 50; before += 1) commit();
  const [readers] = await Promise.all([Promise.all(Array.from({ length: readerCount }, read)), make()]);
  for (const { live, shared } of replicas) {
    live.shutDown('CHAOS_IS_OVER');
    await shared[Symbol.asyncDispose]();
  }
  return { readers, mostSeen };
}

function shareMemory() {
  const [bus, held] = [createMemoryBus(), new Map()];
  return () => ({ bus, lease: createMemoryLease(held), [Symbol.asyncDispose]: async () => {} });
}

function ifKilled(error: unknown): null {
  if (error instanceof EndedError && error.reason === 'KILLED') return null;
  throw error;
}

/** Answers after a while with what there was before it, or after it. */
function shaky(feed: MemoryFeed, dice: Dice): MemoryFeed {
  const { read } = feed;
  feed.read = async (request) => {
    feed.requests.length = 0;
    const isEarly = dice.isLucky(1 / 2);
    const page = isEarly ? await read(request) : null;
    if (dice.isLucky(1 / 4)) await wait(dice.below(1 + 8));
    return page ?? read(request);
  };
  return feed;
}
