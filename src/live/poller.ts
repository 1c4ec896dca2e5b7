/**
 * Polls the feeds of one part for all who follow it, and nobody's else: each feed once in an interval, and not at all while no
 * follower's filter lets anything of it through. Feeds of a part are asked at the same time for the same rows, so that those
 * which stand in one log of the vendor share the call. Of several replicas one polls and tells the others; whoever is told
 * nothing for a while polls as well.
 */
import { UpstreamError } from '../errors.ts';
import type { FlagEvent } from '../model.ts';
import type { OpenBudget } from '../request/budget.ts';
import type { Lease } from '../store/lease.ts';
import { shortKey, shortKeyOf } from '../timeline/cursor.ts';
import type { Feed, FeedPage, Part, Start } from '../timeline/feed.ts';
import { type EventFilter, NO_FILTER } from '../timeline/filter.ts';
import { withinBudget } from '../timeline/within-budget.ts';
import { createListing, type Listing, type Polled } from './listing.ts';

export interface PollerOptions {
  intervalMs: number;
  /** The least time from one poll of a feed to the next, in milliseconds. */
  minGapMs: number;
  /** Until when a failing feed is left alone at most, in milliseconds. */
  maxBackoffMs: number;
  /** When to look after a nudge, in milliseconds; the last one only where events are completed later. */
  nudgeDelaysMs: readonly number[];
  completionDelayMs: number;
  createBudget(signal: AbortSignal): OpenBudget;
  lease: Lease;
  /** Told what a poll has found, for other replicas. */
  share(found: Found): void;
  /** Unix milliseconds. */
  now(): number;
  /** Told when a feed, or a part whose feeds are not known, begins to fail. */
  onFailure(feed: string, error: unknown): void;
  /** Told of events that became readable after newer ones. */
  onLate(source: string, count: number): void;
}

/** How far a feed has been followed. */
export interface FeedLag {
  /** Key of the feed, or of a part whose feeds are not known. */
  feed: string;
  /** When its latest successful poll began, or before that when it began to be followed, Unix milliseconds. */
  readAt: number;
}

/** What one poll of a channel has found. JSON. */
export interface Found extends Polled {
  /** The key of the part. */
  part: string;
  /** The part's own key of the channel. */
  channel: string;
  skipped: number;
}

/** One feed as it is polled for all whose filter can be checked on the same rows. */
export interface Channel {
  readonly feed: Feed;
  /** {@link shortKey} of the feed and of its part. */
  readonly key: string;
  readonly part: string;
  readonly listing: Listing;
  /** Why its latest poll failed; `undefined` if it did not. */
  readonly error: unknown;
  /** Events of its latest poll that could not be read. */
  readonly skipped: number;
}

export interface Follower {
  readonly filter: EventFilter;
  /** Called when there may be something new for it. */
  wake(): void;
}

export interface Poller {
  readonly part: Part;
  /** Why its feeds could not be found out; `undefined` if they could. */
  readonly error: unknown;
  /** Those of the follower's feeds; `null` until each has been polled once, or has failed. */
  channels(follower: Follower): readonly Channel[] | null;
  follow(follower: Follower): void;
  leave(follower: Follower): void;
  /** Look now, and a few times later: at the feeds that can hold such an event, or at all of them if none can. */
  nudge(about: EventFilter): void;
  /** Takes in what another replica has found. */
  take(found: Found): void;
  /** Of what is followed. */
  lags(): FeedLag[];
  close(): void;
}

/** For so many intervals a lease is held, and another replica is waited for. */
const LEASE_INTERVALS = 3;

/** How often one feed is read in one poll, before the rest is left to pages. */
const MAX_READS = 10;
/** Rows asked for beyond those that are known. */
const MORE_ROWS = 20;
/** Rows asked for at first. */
const FIRST_ROWS = 20;
const DEFAULT_MAX_PAGE = 100;

/** Intervals are kept by a clock that nobody sets, in milliseconds. */
const clock = () => performance.now();

interface State extends Channel {
  /** Among those of its part. */
  id: string;
  /** When anything was known of it last, by {@link clock}. */
  toldAt: number;
  feed: Feed;
  error: unknown;
  skipped: number;
  filter: EventFilter;
  isReading: boolean;
  startedAt: number;
  readAt: number;
  /** When its next poll is due, when it was asked to look besides, and until when it is left alone, by {@link clock}. */
  dueAt: number;
  wishes: number[];
  notBefore: number;
  failures: number;
}

export function createPoller(part: Part, options: PollerOptions): Poller {
  const { completionDelayMs, createBudget, intervalMs, lease, maxBackoffMs, minGapMs, now, nudgeDelaysMs } = options;
  const { onFailure, onLate, share } = options;
  const leases = new Set<string>();
  const followers = new Set<Follower>();
  const channels = new Map<string, State>();
  const partKey = shortKey(part.key);
  let feeds: readonly Feed[] | null = null;
  let error: unknown;
  let failures = 0;
  let retryAt = Number.NEGATIVE_INFINITY;
  let isRunning = false;
  /** Somebody has come meanwhile. */
  let isWanted = false;
  let followedAt = now();
  let timer: NodeJS.Timeout | undefined;
  let session = new AbortController();

  const wakeAll = () => {
    for (const follower of followers) follower.wake();
  };
  const backoff = (count: number, reason: unknown) => {
    const asked = reason instanceof UpstreamError ? (reason.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(asked, Math.min(maxBackoffMs, intervalMs * 2 ** (count - 1)));
  };

  function nextTimeOf({ dueAt, isReading, notBefore, startedAt, wishes }: State): number {
    if (isReading) return Number.POSITIVE_INFINITY;
    return Math.max(Math.min(dueAt, ...wishes), startedAt + minGapMs, notBefore);
  }

  function schedule(): void {
    clearTimeout(timer);
    if (followers.size === 0 || isRunning) return;
    const times = [...channels.values()].map(nextTimeOf);
    const next = Math.min(...times, feeds === null ? retryAt : Number.POSITIVE_INFINITY);
    if (next !== Number.POSITIVE_INFINITY) timer = setTimeout(run, Math.max(0, next - clock()));
  }

  /** Finds out the feeds, and starts the polls that are due. */
  async function run(): Promise<void> {
    isWanted = isRunning;
    if (isRunning || followers.size === 0) return;
    isRunning = true;
    const { signal } = session;
    await discover(signal);
    if (signal.aborted) return;
    openChannels();
    const at = clock();
    // Those that are nearly due come along, to share calls.
    const isDue = (state: State) => {
      const next = nextTimeOf(state);
      return next <= at || (next <= at + intervalMs / 2 && state.failures === 0 && state.startedAt + minGapMs <= at);
    };
    const all = [...channels.values()];
    const due = all.some((state) => nextTimeOf(state) <= at) ? all.filter(isDue) : [];
    for (const [filter, group] of Map.groupBy(due, (state) => JSON.stringify(state.filter))) {
      const own = await mine(group, `${part.key} ${shortKey(filter)}`, at);
      if (signal.aborted) return;
      if (own.length > 0) pollTogether(own, at, signal);
    }
    isRunning = false;
    if (isWanted) void run();
    else schedule();
  }

  /** Those that this replica has to poll. */
  async function mine(group: readonly State[], key: string, at: number): Promise<readonly State[]> {
    const patienceMs = LEASE_INTERVALS * intervalMs;
    leases.add(key);
    // Who cannot ask whether others poll does it as if it were alone.
    if (await lease.hold(key, patienceMs).catch(() => true)) return group;
    const [told, untold] = partition(group, ({ toldAt }) => at - toldAt < patienceMs);
    for (const state of told) {
      state.dueAt = at + intervalMs;
      state.wishes = state.wishes.filter((wish) => wish > at);
    }
    return untold;
  }

  /** Another replica has read later: what was completed meanwhile must not be taken back. */
  const isOutdated = ({ listing, readAt }: State, { at }: Polled) => listing.isReady && at < readAt;

  /** Says whether it is news. */
  function take(state: State, { skipped, ...polled }: Polled & { skipped: number }): boolean {
    const wasFailing = state.error !== undefined;
    const wasReady = state.listing.isReady;
    const before = state.listing.end;
    const isNew = state.listing.add(polled);
    // A listing that begins anew says nothing of what came late.
    const late = state.listing.begin > before ? 0 : state.listing.from(before).filter(({ isLate }) => isLate).length;
    if (late > 0) onLate(part.source, late);
    state.toldAt = clock();
    state.readAt = polled.at;
    state.error = undefined;
    state.failures = 0;
    state.skipped = skipped;
    return isNew || wasFailing || !wasReady;
  }

  async function discover(signal: AbortSignal): Promise<void> {
    const budget = createBudget(signal);
    try {
      feeds = await withinBudget(budget, part.feeds(budget));
      failures = 0;
      if (error !== undefined) {
        error = undefined;
        wakeAll();
      }
    } catch (reason) {
      if (signal.aborted || feeds !== null) return;
      failures += 1;
      retryAt = clock() + backoff(failures, reason);
      if (error === undefined) onFailure(part.key, reason);
      error = reason;
      wakeAll();
    } finally {
      budget.close();
    }
  }

  /** For every feed that somebody follows, and for no other. */
  function openChannels(): void {
    const wanted = new Set<string>();
    for (const feed of feeds ?? []) {
      for (const follower of followers) {
        if (!feed.canMatch(follower.filter)) continue;
        const { key, filter } = channelOf(feed, follower.filter);
        if (wanted.has(key)) continue;
        wanted.add(key);
        const known = channels.get(key);
        if (known) known.feed = feed;
        else channels.set(key, createState(key, feed, partKey, filter, now()));
      }
    }
    for (const key of channels.keys()) if (!wanted.has(key)) channels.delete(key);
  }

  function pollTogether(group: readonly State[], at: number, signal: AbortSignal): void {
    const floors = group.map(({ listing }) => listing.floor);
    const floor = floors.includes(null) ? null : Math.min(...floors.map((each) => each ?? 0));
    const known = Math.max(...group.map(({ listing }) => listing.known));
    const limit = floor === null ? FIRST_ROWS : known + MORE_ROWS;
    for (const state of group) void poll(state, { floor, limit, at, now: now() }, signal);
  }

  async function poll(state: State, asked: Asked, signal: AbortSignal): Promise<void> {
    state.isReading = true;
    state.startedAt = asked.at;
    state.wishes = state.wishes.filter((wish) => wish > asked.at);
    const budget = createBudget(signal);
    const wasFailing = state.error !== undefined;
    try {
      const polled = { ...(await readDown(state, asked, budget)), floor: asked.floor, at: asked.now };
      if (signal.aborted) return;
      state.dueAt = asked.at + intervalMs;
      if (isOutdated(state, polled)) return;
      const isNews = take(state, polled);
      share({ ...polled, part: part.key, channel: state.id });
      if (isNews) wakeAll();
    } catch (reason) {
      if (signal.aborted) return;
      state.failures += 1;
      state.notBefore = clock() + backoff(state.failures, reason);
      if (!wasFailing) onFailure(state.feed.key, reason);
      state.error = reason;
      wakeAll();
    } finally {
      budget.close();
      state.isReading = false;
      if (!signal.aborted) schedule();
    }
  }

  function leave(follower: Follower): void {
    if (!followers.delete(follower) || followers.size > 0) return;
    // What is known ages at once, and takes memory: who comes next has a cursor.
    session.abort();
    for (const key of leases) void lease.release(key).catch(() => {});
    leases.clear();
    clearTimeout(timer);
    channels.clear();
    feeds = null;
    error = undefined;
    isRunning = false;
  }

  return {
    part,
    get error() {
      return error;
    },
    channels(follower) {
      if (feeds === null) return error === undefined ? null : [];
      const own = feeds
        .filter((feed) => feed.canMatch(follower.filter))
        .map((feed) => channels.get(channelOf(feed, follower.filter).key));
      const known = own.filter((each) => each !== undefined);
      const isKnown = (each: State | undefined) => each?.listing.isReady || each?.error !== undefined;
      return own.every(isKnown) ? known : null;
    },
    follow(follower) {
      followers.add(follower);
      if (followers.size === 1) {
        session = new AbortController();
        followedAt = now();
      }
      void run();
    },
    leave,
    nudge(about) {
      if (followers.size === 0) return;
      const at = clock();
      const all = [...channels.values()];
      const named = all.filter(({ feed }) => feed.canMatch(about));
      for (const state of named.length > 0 ? named : all) {
        const delays = state.feed.completion ? [...nudgeDelaysMs, completionDelayMs] : nudgeDelaysMs;
        for (const delay of delays) {
          const isWished = state.wishes.some((wish) => Math.abs(wish - at - delay) < minGapMs);
          if (!isWished) state.wishes.push(at + delay);
        }
      }
      schedule();
    },
    take(found) {
      const state = followers.size > 0 ? channels.get(found.channel) : undefined;
      if (!state || isOutdated(state, found)) return;
      state.dueAt = clock() + intervalMs;
      if (take(state, found)) wakeAll();
      schedule();
    },
    lags() {
      if (followers.size === 0) return [];
      if (feeds === null) return [{ feed: part.key, readAt: followedAt }];
      return [...channels.values()].map(({ feed, readAt }) => ({ feed: feed.key, readAt }));
    },
    close() {
      for (const follower of followers) leave(follower);
    },
  };
}

interface Asked {
  floor: number | null;
  limit: number;
  /** When it begins, by {@link clock} and in Unix milliseconds. */
  at: number;
  now: number;
}

/** From the newest event down to what is known: one read as long as there is not more than expected. */
async function readDown({ feed, filter, listing }: State, { floor, limit, now }: Asked, budget: OpenBudget) {
  const events: FlagEvent[] = [];
  let skipped = 0;
  let reached: Start | null = null;
  let hint: unknown;
  const size = Math.min(limit, feed.maxPage ?? DEFAULT_MAX_PAGE);
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const page: FeedPage = await withinBudget(
      budget,
      feed.read({
        direction: 'older',
        start: reached,
        limit: reads === 0 ? size : (feed.maxPage ?? DEFAULT_MAX_PAGE),
        filter: { ...filter, window: { from: floor, to: null } },
        fields: NO_FIELDS,
        hint,
        asOf: now,
        now,
        budget,
        isFresh: true,
      }),
    );
    events.push(...page.rows.map(({ event }) => event));
    skipped += page.skipped;
    reached = page.reached;
    hint = page.hint ?? page.rows.at(-1)?.hint;
    const newest = events[0]?.occurredAt;
    const enough = listing.floor ?? (newest === undefined ? Number.NEGATIVE_INFINITY : listing.floorBelow(newest));
    if (reached === null || reached.time < enough) break;
  }
  return { events, skipped, reached };
}

const NO_FIELDS: ReadonlySet<string> = new Set();

/** What a feed is polled with: everything, where rows themselves tell whether they pass. */
function channelOf(feed: Feed, filter: EventFilter): { key: string; filter: EventFilter } {
  if (feed.pushdown(filter).isCheckable) return { key: feed.key, filter: NO_FILTER };
  const { actors, vendors } = filter;
  const own = { ...NO_FILTER, vendors, ...(actors && { actors }) };
  return { key: `${feed.key} ${feed.pushdown(own).key}`, filter: own };
}

function createState(id: string, feed: Feed, part: string, filter: EventFilter, now: number): State {
  const never = Number.NEGATIVE_INFINITY;
  return {
    id,
    toldAt: never,
    feed,
    key: shortKeyOf(feed),
    part,
    listing: createListing(feed.completion),
    filter,
    error: undefined,
    skipped: 0,
    isReading: false,
    startedAt: never,
    readAt: now,
    dueAt: never,
    wishes: [],
    notBefore: never,
    failures: 0,
  };
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
