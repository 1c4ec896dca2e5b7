/**
 * One reader who follows the timeline: first through pages, from their cursor to the present, then by what the pollers find.
 * It reads nothing ahead of its reader, and keeps nothing for them but where they stand: a reader who is slower than the
 * listings are long goes back to pages.
 */
import { compareEvents, EARLIEST, type FlagEvent, type Position } from '../model.ts';
import type { OpenBudget } from '../request/budget.ts';
import type { LiveBatch, LiveRequest } from '../request/live.ts';
import { type Cursor, shortKey } from '../timeline/cursor.ts';
import { createMatcher } from '../timeline/filter.ts';
import { createStandIn, type FeedReport, readTimeline, type TimelinePage } from '../timeline/timeline.ts';
import { createReader, eventKey, type FeedPlace, type Given, OVERLAP_MS, type Reader } from '../timeline/trail.ts';
import type { Seat } from './hub.ts';
import { type Entry, QUIET_MS } from './listing.ts';
import type { Channel } from './poller.ts';

export interface SubscriptionOptions {
  intervalMs: number;
  createBudget(): OpenBudget;
  /** Unix milliseconds. */
  now(): number;
}

/** The most events in one batch, as on one page. */
export const MAX_BATCH = 100;

interface Standing {
  reader: Reader;
  /** Where pages go on; `null`: where the reader's own cursor says. */
  place: Cursor | null;
  /** The exact place of a reader of whom nothing else is known. */
  exact: Position | null;
  /**
   * How far each feed had settled when pages began to be read of what may still change. Pages go on from an exact place, so
   * what came late behind it is only known to have been on them up to here.
   */
  marks: FeedPlace[] | null;
}

/** The number of the next entry of each channel that the reader has joined. */
type Places = Map<Channel['listing'], number>;

export async function* follow(
  seat: Seat,
  request: LiveRequest,
  options: SubscriptionOptions,
): AsyncGenerator<LiveBatch, void, void> {
  const passes = createPasses(request);
  let standing = request.since === null ? null : toStanding(request.since);
  let told: string | null = null;
  while (!seat.isLeft) {
    const channels = seat.channels();
    if (channels === null) await seat.wait();
    else if (standing !== null && !canJoin(channels, standing)) {
      const batch = await readOn(channels, standing, request, options);
      if (seat.isLeft) return;
      const status = statusOf(seat, channels);
      const isNews = batch !== null && (batch.edges.length > 0 || standing.place !== null);
      if (isNews) yield batch;
      if (batch === null) {
        if (status !== told) yield toEmptyBatch(standing, reportsOf(seat, channels), options.now());
        await seat.wait(options.intervalMs);
      }
      told = status;
    } else {
      const places: Places = new Map();
      standing ??= beginNow(channels, seat, places, passes, options.now());
      yield* live(seat, places, standing, passes, options);
      told = null;
    }
  }
}

/** From the moment at which everything that the reader misses is in the listings, until it is not. */
async function* live(
  seat: Seat,
  places: Places,
  standing: Standing,
  passes: Passes,
  { now }: SubscriptionOptions,
): AsyncGenerator<LiveBatch, void, void> {
  const { reader } = standing;
  let told: string | null = null;
  while (!seat.isLeft) {
    const channels = seat.channels();
    if (channels === null) {
      await seat.wait();
      continue;
    }
    const taken = take(channels, places, standing, passes);
    if (taken === null) break;
    const { edges, isDrained, late, updated } = taken;
    const status = statusOf(seat, channels);
    if (edges.length > 0 || updated.length > 0 || status !== told) {
      if (standing.exact) reader.advance(standing.exact.time);
      reader.give(edges.map(toGiven));
      reader.settle(placesOf(seat, channels, places));
      standing.exact = null;
      told = status;
      const at = now();
      yield {
        edges: edges.map(({ event }) => toEdge(event, at)),
        updated,
        cursor: reader.cursor(at),
        isCaughtUp: isDrained,
        reports: reportsOf(seat, channels, late),
      };
    }
    if (isDrained) await seat.wait();
  }
  standing.place = null;
  standing.marks = null;
}

type Passes = (event: FlagEvent, channel: Channel) => boolean;

function createPasses({ filter }: LiveRequest): Passes {
  const matches = createMatcher(filter);
  return (event, { feed }) => matches(event) && feed.matches(event, filter);
}

function toStanding(since: Cursor): Standing {
  const { direction, position, trail } = since;
  const isExact = trail === undefined || trail.from === null;
  const reader = createReader(since, position === null ? EARLIEST : position.time - 1);
  // A walk into the past has not met what is newer than its place, whatever it owes.
  const nothing = { hints: new Map(), done: new Set<string>(), behind: new Map() };
  const place: Cursor = direction === 'newer' ? since : { ...since, direction: 'newer', ...nothing };
  return { reader, place: isExact ? place : null, exact: isExact ? position : null, marks: null };
}

/** From now on: what can be read already has been seen. */
function beginNow(channels: readonly Channel[], seat: Seat, places: Places, passes: Passes, now: number): Standing {
  const reader = createReader(null, now - QUIET_MS);
  const ready = channels.filter(({ listing }) => listing.isReady);
  for (const { listing } of ready) places.set(listing, listing.end);
  reader.settle(placesOf(seat, ready, places));
  for (const channel of ready) {
    const { listing } = channel;
    const isOpen = ({ event }: Entry) => event.occurredAt > listing.settled && passes(event, channel);
    reader.give(listing.from(listing.begin).filter(isOpen).map(toGiven));
  }
  // What is readable of those that fail is not known: what comes late may have happened before.
  const failing = channels.flatMap(({ key, listing }) => (listing.isReady ? [] : key));
  const parts = seat.failures().map(({ part }) => shortKey(part.key));
  for (const key of [...failing, ...parts]) reader.behind.set(key, { time: now - OVERLAP_MS });
  return { reader, place: null, exact: null, marks: null };
}

/** Whether every feed's newest events, as far as they are known, reach down to where the reader stands. */
function canJoin(channels: readonly Channel[], standing: Standing): boolean {
  const { exact, place } = standing;
  // Amid pages, or at a place that names no event.
  if (place !== null && (exact?.id === undefined || place.behind.size > 0 || place.trail)) return false;
  return channels.every((channel) => !channel.listing.isReady || covers(channel, standing));
}

function covers({ feed, key, listing, part }: Channel, { exact, reader }: Standing): boolean {
  if (exact !== null) {
    const isKnown = feed.key !== exact.feed || indexOf(listing.from(listing.begin), exact) >= 0;
    return isKnown && listing.completeFrom <= exact.time;
  }
  const owed = reader.behind.get(key) ?? reader.behind.get(part);
  return owed?.id === undefined && listing.completeFrom <= reader.placeOf(key, part) + 1;
}

function indexOf(entries: readonly Entry[], { id, time }: Position): number {
  return entries.findIndex(({ event }) => event.id === id && event.occurredAt === time);
}

/** Whether a reader who has just joined has had this entry. */
function createKnown({ feed, key, listing, part }: Channel, { exact, reader }: Standing): (entry: Entry) => boolean {
  if (exact === null) {
    const place = reader.placeOf(key, part);
    return (entry) => entry.event.occurredAt <= place || reader.hasSeen(entry.key);
  }
  const entries = listing.from(listing.begin);
  const last = feed.key === exact.feed ? indexOf(entries, exact) : -1;
  const isTieKnown = (entry: Entry) =>
    feed.key === exact.feed ? entries.indexOf(entry) <= last : feed.key > exact.feed;
  return (entry) => entry.event.occurredAt < exact.time || (entry.event.occurredAt === exact.time && isTieKnown(entry));
}

interface Taken {
  edges: Entry[];
  updated: FlagEvent[];
  /** The feeds, by key, of which there is a late event. */
  late: Set<string>;
  isDrained: boolean;
}

/** The reader's next entries, oldest first; `null` if they are slower than the listings are long. */
function take(channels: readonly Channel[], places: Places, standing: Standing, passes: Passes): Taken | null {
  const queues: { channel: Channel; entries: readonly Entry[]; next: number; isNews(entry: Entry): boolean }[] = [];
  for (const channel of channels) {
    const { listing } = channel;
    if (!listing.isReady) continue;
    const number = places.get(listing);
    if (number === undefined ? !covers(channel, standing) : number < listing.begin) return null;
    const isKnown = number === undefined ? createKnown(channel, standing) : undefined;
    const begin = number ?? listing.begin;
    places.set(listing, begin);
    queues.push({
      channel,
      entries: listing.from(begin),
      next: 0,
      isNews: (entry) => !(isKnown?.(entry) ?? standing.reader.hasSeen(entry.key)),
    });
  }
  const edges = new Map<string, Entry>();
  const updated = new Map<string, FlagEvent>();
  const late = new Set<string>();
  const nextOf = () => {
    let best: (typeof queues)[number] | undefined;
    for (const queue of queues) {
      const entry = queue.entries[queue.next];
      if (entry && (!best || entry.event.occurredAt < (best.entries[best.next]?.event.occurredAt ?? 0))) best = queue;
    }
    return best;
  };
  for (let queue = nextOf(); queue && edges.size + updated.size < MAX_BATCH; queue = nextOf()) {
    const { channel, entries, isNews } = queue;
    const entry = entries[queue.next];
    queue.next += 1;
    if (!entry || !passes(entry.event, channel)) continue;
    const { event, isLate, key, previous } = entry;
    const wasGiven = previous !== undefined && (edges.has(key) || !isNews(entry) || passes(previous, channel));
    if (edges.has(key) || (!wasGiven && isNews(entry))) edges.set(key, entry);
    else if (previous !== undefined) updated.set(key, event);
    if (isLate && edges.get(key) === entry) late.add(channel.feed.key);
  }
  for (const { channel, next } of queues) places.set(channel.listing, (places.get(channel.listing) ?? 0) + next);
  return {
    edges: newestFirst([...edges.values()]),
    updated: [...updated.values()].toSorted(compareEvents),
    late,
    isDrained: queues.every(({ entries, next }) => next === entries.length),
  };
}

/** Entries of one feed in one millisecond are there in the order of the feed, the oldest first. */
function newestFirst(entries: readonly Entry[]): Entry[] {
  return entries.toReversed().toSorted((a, b) => compareEvents(a.event, b.event));
}

/** How far each feed is known once these places have been reached. */
function placesOf(seat: Seat, channels: readonly Channel[], places: Places): FeedPlace[] {
  const ofFeeds = channels.map(({ error, key, listing, part }): FeedPlace => {
    const number = places.get(listing);
    if (number === undefined) return unknownPlace(key, part);
    const left = listing.from(number).map(({ event }) => event.occurredAt - 1);
    const settled = Math.min(listing.settled, ...left);
    return { feed: key, part, settled, newest: listing.newest, isBehind: error !== undefined };
  });
  const ofParts = seat.failures().map(({ part }) => unknownPlace(shortKey(part.key), shortKey(part.key)));
  return [...ofFeeds, ...ofParts];
}

function unknownPlace(feed: string, part: string): FeedPlace {
  return { feed, part, settled: Number.NEGATIVE_INFINITY, newest: null, isBehind: true };
}

/** One page towards now. `null` if it has nothing because of what fails. */
async function readOn(
  channels: readonly Channel[],
  standing: Standing,
  { fields, filter, sources }: LiveRequest,
  { createBudget, now }: SubscriptionOptions,
): Promise<LiveBatch | null> {
  const { exact, reader } = standing;
  const at = now();
  const cursor = standing.place ?? reader.wholeCursor(at);
  const marks = standing.marks ?? channels.map(markOf);
  const budget = createBudget();
  let page: TimelinePage;
  try {
    const parts = sources.flatMap((source) => source.parts);
    page = await readTimeline(parts, { direction: 'newer', limit: MAX_BATCH, cursor, filter, fields, now: at, budget });
  } catch {
    // Every source fails, which the pollers will find, too.
    return null;
  } finally {
    budget.close();
  }
  const { edges, end, hasMore, reports } = page;
  const isFailing = reports.some(({ status }) => status === 'FAILED') && edges.length === 0;
  if (end === null) return null;
  const isLast = !hasMore || isFailing;
  const reached = isLast ? Number.POSITIVE_INFINITY : (end.position?.time ?? EARLIEST) - 1;
  const isOld = reached < at - QUIET_MS;
  reader.give(edges.map(({ event }) => ({ key: eventKey(event), feed: shortKey(event.feed), time: event.occurredAt })));
  if (exact && exact.time <= reached) reader.advance(exact.time);
  if (isOld) reader.advance(reached);
  else {
    const isThere = ({ feed, part }: FeedPlace) => !end.behind.has(feed) && !end.behind.has(part);
    reader.settle(marks.filter(isThere).map((mark) => ({ ...mark, settled: Math.min(mark.settled, reached) })));
  }
  reader.behind.clear();
  for (const [feed, owed] of end.behind) reader.behind.set(feed, owed);
  // With new marks it has to read once more what has not settled by the old ones; that it was given is known.
  const hasSettled = channels.some(({ key, listing }) => {
    const mark = marks.find(({ feed }) => feed === key);
    return mark !== undefined && listing.settled > mark.settled + OVERLAP_MS / 2;
  });
  const isAnew = isLast || (!isOld && reader.isLong && hasSettled);
  standing.exact = null;
  standing.place = isAnew ? null : end;
  standing.marks = isAnew || isOld ? null : marks;
  if (isFailing) return null;
  return {
    edges: edges.map(({ event }) => toEdge(event, at)),
    updated: [],
    cursor: isOld ? end : reader.cursor(at),
    isCaughtUp: false,
    reports,
  };
}

function markOf({ key, listing, part }: Channel): FeedPlace {
  return { feed: key, part, settled: listing.settled, newest: listing.newest, isBehind: !listing.isReady };
}

function toGiven({ event, key }: Entry): Given {
  return { key, feed: shortKey(event.feed), time: event.occurredAt };
}

/** An edge's own cursor is a place and no more. */
function toEdge(event: FlagEvent, asOf: number): LiveBatch['edges'][number] {
  const { feed, id, occurredAt: time } = event;
  const nothing = { hints: new Map(), done: new Set<string>(), behind: new Map() };
  return { event, cursor: { position: { time, feed, id }, direction: 'older', asOf, ...nothing } };
}

function toEmptyBatch({ place, reader }: Standing, reports: FeedReport[], now: number): LiveBatch {
  return { edges: [], updated: [], cursor: place ?? reader.cursor(now), isCaughtUp: false, reports };
}

/** What has to change for a reader to be told. */
function statusOf(seat: Seat, channels: readonly Channel[]): string {
  const failing = channels.flatMap(({ error, feed }) => (error === undefined ? [] : [feed.key]));
  return [...failing, ...seat.failures().map(({ part }) => part.key)].toSorted().join(' ');
}

function reportsOf(seat: Seat, channels: readonly Channel[], late: ReadonlySet<string> = new Set()): FeedReport[] {
  const ofFeeds = channels.map(({ error, feed, skipped }): FeedReport => {
    if (error !== undefined) return { feed, status: 'FAILED', skipped, error };
    return { feed, status: late.has(feed.key) ? 'LATE' : 'OK', skipped };
  });
  const ofParts = seat
    .failures()
    .map(({ error, part }): FeedReport => ({ feed: createStandIn(part), status: 'FAILED', skipped: 0, error }));
  return [...ofFeeds, ...ofParts];
}
