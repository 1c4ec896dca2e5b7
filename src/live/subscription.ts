/**
 * One reader who follows the timeline: first through pages, from their cursor to the present, then by what the pollers find.
 * It reads nothing ahead of its reader, and keeps nothing for them but what they have had: a reader who is slower than the
 * listings are long goes back to pages.
 */
import { UpstreamError } from '../errors.ts';
import { compareEvents, EARLIEST, type FlagEvent, type Position } from '../model.ts';
import type { OpenBudget } from '../request/budget.ts';
import type { LiveBatch, LiveRequest } from '../request/live.ts';
import { type Cursor, shortKey } from '../timeline/cursor.ts';
import type { Feed, FeedPage, FeedRequest } from '../timeline/feed.ts';
import { createMatcher } from '../timeline/filter.ts';
import { createStandIn, type FeedReport, readTimeline, type TimelinePage } from '../timeline/timeline.ts';
import {
  createReader,
  eventKey,
  type FeedPlace,
  type Given,
  OVERLAP_MS,
  type Reader,
  shortened,
} from '../timeline/trail.ts';
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
  readonly reader: Reader;
  /** Where pages go on; `null`: where the reader's own cursor says. */
  place: Cursor | null;
  /**
   * The number of the next entry of each listing that the reader has joined. Pages, or another replica, may have brought
   * entries with a number below `pagesTo`.
   */
  readonly joined: Map<Channel['listing'], Joined>;
  /** Feeds whose pages fail, although they can be polled, by key, and when they are tried again. */
  readonly leftOut: Map<string, unknown>;
  retryAt: number;
  /** What the latest batch said of the sources, and whether it was the last one there was. */
  told: string | null;
  isCaughtUp: boolean;
}

interface Joined {
  next: number;
  pagesTo: number;
  /** The reader has been further with another replica: what the listing catches up with was given. */
  isBehind: boolean;
}

export async function* follow(
  seat: Seat,
  request: LiveRequest,
  options: SubscriptionOptions,
): AsyncGenerator<LiveBatch, void, void> {
  const passes = createPasses(request);
  let standing = request.since === null ? null : toStanding(request.since);
  while (!seat.isLeft) {
    const channels = seat.channels();
    if (channels === null) {
      await seat.wait();
      continue;
    }
    standing ??= beginNow(channels, seat, passes, options.now());
    if (join(channels, standing)) yield* live(seat, standing, passes, options);
    else yield* readOn(seat, channels, standing, request, options);
  }
}

type Passes = (event: FlagEvent, channel: Channel) => boolean;

function createPasses({ filter }: LiveRequest): Passes {
  const matches = createMatcher(filter);
  return (event, { feed }) => matches(event) && feed.matches(event, filter);
}

function toStanding(since: Cursor): Standing {
  const { direction, position, trail } = since;
  const hasOwnPlaces = trail !== undefined && trail.from !== null;
  // A walk into the past has not met what is newer than its place, whatever it owes.
  const nothing = { hints: new Map(), done: new Set<string>(), behind: new Map() };
  const place: Cursor = direction === 'newer' ? since : { ...since, direction: 'newer', ...nothing };
  const reader = createReader(since, position === null ? EARLIEST : position.time - 1);
  return createStanding(reader, hasOwnPlaces ? null : place);
}

function createStanding(reader: Reader, place: Cursor | null): Standing {
  return { reader, place, joined: new Map(), leftOut: new Map(), retryAt: 0, told: null, isCaughtUp: false };
}

/** From now on: what can be read already has been seen. */
function beginNow(channels: readonly Channel[], seat: Seat, passes: Passes, now: number): Standing {
  const standing = createStanding(createReader(null, now - QUIET_MS), null);
  const { joined, reader } = standing;
  for (const channel of channels) {
    const { listing } = channel;
    if (!listing.isReady) continue;
    joined.set(listing, { next: listing.end, pagesTo: listing.end, isBehind: false });
    reader.give(
      listing
        .from(listing.begin)
        .filter(({ event }) => passes(event, channel))
        .map(toGiven),
    );
  }
  // What is readable of those that fail is not known: what comes late may have happened before.
  const places = placesOf(seat, channels, standing);
  const since = { settled: now - OVERLAP_MS };
  reader.settle(places.map((place) => (place.settled === null ? { ...place, ...since } : place)));
  return standing;
}

/** Goes over to the listings if every event that the reader misses is in them. */
function join(channels: readonly Channel[], standing: Standing): boolean {
  const { place, reader } = standing;
  if (!readable(channels, standing).every((channel) => isReadable(channel, standing))) return false;
  if (place?.position) {
    const { feed: key, id, time } = place.position;
    const own = channels.find(({ feed }) => feed.key === key);
    if (own?.listing.isReady && id !== undefined && indexOf(entriesOf(own), { feed: key, id, time }) < 0) return false;
    reader.give(givenAt(channels, place.position));
  }
  standing.place = null;
  return true;
}

/** Whether everything that the reader misses of the feed is in its listing. */
function isReadable({ key, listing, part }: Channel, { joined, reader }: Standing): boolean {
  const place = joined.get(listing);
  if (place !== undefined) return place.next >= listing.begin;
  return !reader.isAmid(key, part) && listing.completeFrom <= reader.upTo(key, part) + 1;
}

function readable(channels: readonly Channel[], { leftOut }: Standing): Channel[] {
  return channels.filter(({ key, listing }) => listing.isReady && !leftOut.has(key));
}

/** The events in the very millisecond of a place that a reader who stands there has had. */
function givenAt(channels: readonly Channel[], place: Position): Given[] {
  return channels.flatMap((channel) => {
    const entries = entriesOf(channel);
    const isTie = ({ event }: Entry) => event.occurredAt === place.time;
    if (channel.feed.key < place.feed) return [];
    const own = channel.feed.key === place.feed ? entries.slice(0, indexOf(entries, place) + 1) : entries;
    return own.filter(isTie).map(toGiven);
  });
}

function entriesOf({ listing }: Channel): readonly Entry[] {
  return listing.from(listing.begin);
}

function indexOf(entries: readonly Entry[], { id, time }: Position): number {
  return entries.findIndex(({ event }) => event.id === id && event.occurredAt === time);
}

/** What the pollers find, for as long as the reader keeps up with them. */
async function* live(
  seat: Seat,
  standing: Standing,
  passes: Passes,
  { now }: SubscriptionOptions,
): AsyncGenerator<LiveBatch, void, void> {
  const { leftOut, reader } = standing;
  while (!seat.isLeft) {
    const channels = seat.channels();
    if (channels === null) {
      await seat.wait();
      continue;
    }
    const retryInMs = leftOut.size > 0 ? standing.retryAt - now() : undefined;
    if (retryInMs !== undefined && retryInMs <= 0) return leftOut.clear();
    const own = readable(channels, standing);
    if (!own.every((channel) => isReadable(channel, standing))) return;
    const { edges, isDrained, late, updated } = take(own, standing, passes);
    const status = statusOf(seat, channels, standing);
    const isNews = edges.length > 0 || updated.length > 0 || status !== standing.told;
    if (isNews || (isDrained && !standing.isCaughtUp)) {
      reader.give(edges.map(toGiven));
      reader.settle(placesOf(seat, channels, standing));
      standing.told = status;
      standing.isCaughtUp = isDrained;
      const at = now();
      yield {
        edges: edges.map(({ event }) => toEdge(event, at)),
        updated,
        cursor: reader.cursor(at),
        isCaughtUp: isDrained,
        reports: reportsOf(seat, channels, standing, late),
      };
    }
    if (isDrained) await seat.wait(retryInMs);
  }
}

interface Taken {
  edges: Entry[];
  updated: FlagEvent[];
  /** The feeds, by key, of which there is a late event. */
  late: Set<string>;
  isDrained: boolean;
}

/** The reader's next entries, oldest first. */
function take(channels: readonly Channel[], { joined, reader }: Standing, passes: Passes): Taken {
  const queues = channels.map((channel) => {
    const { key, listing, part } = channel;
    const known = reader.upTo(key, part);
    const place = joined.get(listing) ?? { next: listing.begin, pagesTo: listing.end, isBehind: false };
    joined.set(listing, place);
    if (place.isBehind) place.pagesTo = listing.end;
    place.isBehind = listing.settled < known;
    const isKnown = ({ event }: Entry, index: number) =>
      place.next + index < place.pagesTo && event.occurredAt <= known;
    return { channel, entries: listing.from(place.next), next: 0, isKnown };
  });
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
    const { channel, entries, isKnown } = queue;
    const entry = entries[queue.next];
    queue.next += 1;
    if (!entry || !passes(entry.event, channel)) continue;
    const isNews = !reader.hasSeen(entry.key) && !isKnown(entry, queue.next - 1);
    const { event, isLate, key, previous } = entry;
    const wasGiven = previous !== undefined && (edges.has(key) || !isNews || passes(previous, channel));
    if (edges.has(key) || (!wasGiven && isNews)) edges.set(key, entry);
    else if (previous !== undefined) updated.set(key, event);
    if (isLate && edges.get(key) === entry) late.add(channel.feed.key);
  }
  for (const { channel, next } of queues) {
    const place = joined.get(channel.listing);
    if (place) place.next += next;
  }
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

/** How far each feed is known, now that so many entries of its listing have been taken. */
function placesOf(seat: Seat, channels: readonly Channel[], { joined, leftOut }: Standing): FeedPlace[] {
  const ofFeeds = channels.map(({ error, key, listing, part }): FeedPlace => {
    const place = joined.get(listing);
    if (place === undefined || leftOut.has(key)) return unknownPlace(key, part);
    const left = listing.from(place.next).map(({ event }) => event.occurredAt - 1);
    const settled = Math.min(listing.settled, ...left);
    return { feed: key, part, settled, newest: listing.newest, isFailing: error !== undefined };
  });
  return [...ofFeeds, ...placesOfParts(seat)];
}

function unknownPlace(feed: string, part: string): FeedPlace {
  return { feed, part, settled: null, newest: null, isFailing: true };
}

function placesOfParts(seat: Seat): FeedPlace[] {
  return seat.failures().map(({ part: { key } }) => ({ ...unknownPlace(shortKey(key), shortKey(key)), isPart: true }));
}

/**
 * Pages towards now, up to where nothing new is expected any more: what may still come late is left to the listings. How far
 * that is, is known of a feed once it has been polled; others fail here, too.
 */
async function* readOn(
  seat: Seat,
  channels: readonly Channel[],
  standing: Standing,
  request: LiveRequest,
  options: SubscriptionOptions,
): AsyncGenerator<LiveBatch, void, void> {
  const { joined, leftOut, reader } = standing;
  const polled = channels.filter(({ error, listing }) => listing.isReady && error === undefined);
  const ends = new Map(polled.map(({ feed, listing }) => [feed.key, listing.settled]));
  const settled = Math.min(...ends.values());
  for (const [listing, { next }] of joined) if (next < listing.begin) joined.delete(listing);
  if (standing.place?.position) reader.give(givenAt(polled, standing.place.position));
  for (let isRead = false; !isRead && !seat.isLeft; ) {
    const at = options.now();
    const page = await readPage(standing.place ?? reader.wholeCursor(at), at, ends, request, options);
    if (seat.isLeft) return;
    const status = statusOf(seat, channels, standing);
    if (page === null || page.end === null) {
      // Every source fails. Those that can be polled are followed meanwhile, beyond what is missing.
      for (const { error, feed, key } of channels) leftOut.set(key, error ?? createUnread(feed));
      standing.retryAt = at + options.intervalMs;
      return;
    }
    const { edges, end } = page;
    isRead = page.isRead;
    for (const [listing, place] of joined) place.pagesTo = listing.end;
    reader.give(edges.map(({ event }) => toGiven({ event, key: eventKey(event) })));
    const reached = isRead ? Number.POSITIVE_INFINITY : (end.position?.time ?? EARLIEST) - 1;
    const isOld = reached < settled;
    standing.place = isRead ? null : end;
    if (!isOld)
      reader.settle([...channels.map((channel) => placeIn(channel, reached, end, ends)), ...placesOfParts(seat)]);
    for (const { error, feed, key, part } of isRead ? channels : [])
      if (end.behind.has(key) || end.behind.has(part)) leftOut.set(key, error ?? createUnread(feed));
    standing.retryAt = at + options.intervalMs;
    if (edges.length > 0) {
      standing.told = status;
      standing.isCaughtUp = false;
      yield {
        edges: edges.map(({ event }) => toEdge(event, at)),
        updated: [],
        cursor: isOld ? shortened(end) : reader.cursor(at),
        isCaughtUp: false,
        reports: page.reports,
      };
    }
  }
}

/** `null` if every feed fails, which the pollers will find, too. */
async function readPage(
  cursor: Cursor,
  now: number,
  ends: ReadonlyMap<string, number>,
  { fields, filter, sources }: LiveRequest,
  { createBudget }: SubscriptionOptions,
): Promise<TimelinePage | null> {
  const budget = createBudget();
  const read = (feed: Feed, request: FeedRequest) => readUpTo(ends.get(feed.key), feed, request);
  try {
    const parts = sources.flatMap((source) => source.parts);
    return await readTimeline(parts, {
      direction: 'newer',
      limit: MAX_BATCH,
      cursor,
      filter,
      fields,
      now,
      budget,
      read,
    });
  } catch {
    return null;
  } finally {
    budget.close();
  }
}

/** The feed's events up to this millisecond, as they are now where they may have come late. */
async function readUpTo(end: number | undefined, feed: Feed, request: FeedRequest): Promise<FeedPage> {
  if (end === undefined) throw createUnread(feed);
  const { filter, now, start } = request;
  const { from, to } = filter.window;
  if (start !== null && start.time > end) return { rows: [], reached: null, skipped: 0 };
  const window = { from, to: Math.min(end + 1, to ?? Number.POSITIVE_INFINITY) };
  const isFresh = start !== null && start.time > now - QUIET_MS;
  const page = await feed.read({ ...request, filter: { ...filter, window }, isFresh });
  const rows = page.rows.filter(({ event }) => event.occurredAt <= end);
  return rows.length < page.rows.length ? { ...page, rows, reached: null } : page;
}

function createUnread({ key }: Feed): UpstreamError {
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${key} cannot be read at the moment.`);
}

/** How far the feed is known after a page. */
function placeIn(
  { feed, key, listing, part }: Channel,
  reached: number,
  { behind }: Cursor,
  ends: ReadonlyMap<string, number>,
): FeedPlace {
  const end = ends.get(feed.key);
  const { newest } = listing;
  const owing = [key, part].find((each) => behind.has(each));
  const owed = owing === undefined ? undefined : (behind.get(owing) ?? null);
  if (end === undefined || owed === null) return { ...unknownPlace(key, part), newest };
  if (owed === undefined) return { feed: key, part, settled: Math.min(end, reached), newest, isFailing: false };
  return { feed: key, part, settled: Math.min(end, owed.time - 1), newest, isFailing: true, owed };
}

function toGiven({ event, key }: Pick<Entry, 'event' | 'key'>): Given {
  return { key, feed: shortKey(event.feed), time: event.occurredAt };
}

/** An edge's own cursor is a place and no more. */
function toEdge(event: FlagEvent, asOf: number): LiveBatch['edges'][number] {
  const { feed, id, occurredAt: time } = event;
  const nothing = { hints: new Map(), done: new Set<string>(), behind: new Map() };
  return { event, cursor: { position: { time, feed, id }, direction: 'older', asOf, ...nothing } };
}

function errorOf({ error, key }: Channel, { leftOut }: Standing): unknown {
  return error ?? leftOut.get(key);
}

/** What has to change for a reader to be told. */
function statusOf(seat: Seat, channels: readonly Channel[], standing: Standing): string {
  const failing = channels.filter((channel) => errorOf(channel, standing) !== undefined).map(({ feed }) => feed.key);
  return [...failing, ...seat.failures().map(({ part }) => part.key)].toSorted().join(' ');
}

function reportsOf(
  seat: Seat,
  channels: readonly Channel[],
  standing: Standing,
  late: ReadonlySet<string>,
): FeedReport[] {
  const ofFeeds = channels.map((channel): FeedReport => {
    const { feed, skipped } = channel;
    const error = errorOf(channel, standing);
    if (error !== undefined) return { feed, status: 'FAILED', skipped, error };
    return { feed, status: late.has(feed.key) ? 'LATE' : 'OK', skipped };
  });
  const ofParts = seat
    .failures()
    .map(({ error, part }): FeedReport => ({ feed: createStandIn(part), status: 'FAILED', skipped: 0, error }));
  return [...ofFeeds, ...ofParts];
}
