/**
 * A cursor is a position in the timeline, encoded. The position is the truth; the rest only makes resuming cheap
 * (`hints`, `done`) or brings back what a failed feed still owes (`behind`). Nothing in it is trusted or secret.
 */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { BadInputError, UpstreamError } from '../errors.ts';
import type { Position } from '../model.ts';
import type { Direction } from './feed.ts';

export interface Cursor {
  /** `null`: nothing of the timeline has been read yet. */
  position: Position | null;
  direction: Direction;
  /** When the walk began, Unix milliseconds. */
  asOf: number;
  /** By {@link shortKey} of the feed, as everything below. */
  hints: ReadonlyMap<string, unknown>;
  /** Feeds that have nothing more in this direction. */
  done: ReadonlySet<string>;
  /** Feeds, and parts whose feeds were not known, that failed earlier, and where each has to go on. */
  behind: ReadonlyMap<string, Owed>;
  /** What a walk towards now has had already beyond its place: where events may still come late. */
  trail?: Trail;
}

/** See `trail.ts`. Feeds are named by {@link shortKey}, events by `eventKey`. */
export interface Trail {
  /**
   * The walk goes on after this millisecond, in Unix milliseconds; the cursor's position is the newest place known then.
   * `null`: it goes on from the position itself.
   */
  from: number | null;
  /** Feeds of which more is settled, and the last millisecond that is. */
  upTo: ReadonlyMap<string, number>;
  /** Events newer than that which were given, by their keys. */
  seen: ReadonlyMap<string, Seen>;
}

export interface Seen {
  /** By {@link shortKey}. */
  feed: string;
  /** Unix milliseconds; a second later at most, once a cursor has carried it. */
  time: number;
}

/** A place in a feed of its own, or in the whole timeline when it names a feed; `null` is the very beginning. */
export type Owed = { time: number; id?: string; feed?: string } | null;

const VERSION = 2;
/** What a GET can carry through every proxy. One feed adds at most some seventy characters, and hundreds fit. */
export const MAX_CURSOR_LENGTH = 16_384;

/** What a trail may hold at most. */
export const MAX_SEEN = 400;
export const MAX_OWN_PLACES = 100;

const time = z.int().min(-8.64e15).max(8.64e15);
const text = z.string().min(1).max(300);
const key = z.string().regex(/^[\w-]{8}$/);
const owed = z.union([z.null(), z.tuple([time, text.nullable(), text.nullable()])]);
/** Flat, so that nothing a client makes up can be too deep to handle. */
const scalar = z.union([z.string().max(300), z.number(), z.boolean(), z.null()]);
const hint = z.union([scalar, z.array(scalar).max(8), z.record(text, scalar)]);
const body = z.strictObject({
  v: z.literal(VERSION),
  p: z.tuple([time, text, text.optional()]).nullable(),
  d: z.enum(['o', 'n']),
  a: time,
  h: z.record(key, hint).optional(),
  /** Keys are as long as each other, so they need nothing between them. */
  x: z
    .string()
    .regex(/^([\w-]{8})*$/)
    .optional(),
  /** Feeds that go on from the same place stand together: a source that is down takes little room, however many it has. */
  b: z.array(z.tuple([owed, z.string().regex(/^([\w-]{8})+$/)])).optional(),
  /** Where the walk goes on; and of each feed how far it is settled, and its events that were given, each with its age. */
  l: z
    .tuple([
      time.nullable(),
      z.array(z.tuple([key, time.nullable(), z.string().regex(/^([\w-]{10})*$/)])).max(MAX_OWN_PLACES + MAX_SEEN),
    ])
    .optional(),
  f: z.string().max(32),
});
type Body = z.infer<typeof body>;

/** What a cursor calls a feed: its key may be long, and a cursor is kept short. */
export function shortKey(feed: string): string {
  return hash('sha256', feed, 'base64url').slice(0, KEY_LENGTH);
}

const KEY_LENGTH = 8;

/** The same for a feed itself, worked out once. */
export function shortKeyOf(feed: { readonly key: string }): string {
  const known = shortKeys.get(feed);
  if (known !== undefined) return known;
  const key = shortKey(feed.key);
  shortKeys.set(feed, key);
  return key;
}

const shortKeys = new WeakMap<object, string>();

/**
 * `digest` ties the cursor to the query it came from: {@link digestOf} what must not change between pages. What only makes
 * resuming cheap is left out where the cursor would grow too long with it.
 */
export function encodeCursor(cursor: Cursor, digest: string): string {
  const { position, hints, done, behind, trail } = cursor;
  const truth: Body = {
    v: VERSION,
    p:
      position &&
      (position.id === undefined ? [position.time, position.feed] : [position.time, position.feed, position.id]),
    d: cursor.direction === 'older' ? 'o' : 'n',
    a: cursor.asOf,
    ...(behind.size > 0 && { b: encodeBehind(behind) }),
    ...(trail && { l: encodeTrail(trail, cursor.asOf) }),
    f: digest,
  };
  const help = {
    ...(hints.size > 0 && { h: Object.fromEntries(hints) as NonNullable<Body['h']> }),
    ...(done.size > 0 && { x: [...done].join('') }),
  };
  const whole = toText({ ...truth, ...help });
  if (whole.length <= MAX_CURSOR_LENGTH) return whole;
  const short = toText(truth);
  if (short.length <= MAX_CURSOR_LENGTH) return short;
  throw new UpstreamError(
    'UPSTREAM_UNAVAILABLE',
    'So many feeds have failed, each in another place, that no cursor can hold them: narrow the filter.',
  );
}

function encodeBehind(behind: Cursor['behind']): NonNullable<Body['b']> {
  const places = Map.groupBy(behind, ([, at]) => JSON.stringify(encodeOwed(at)));
  return [...places].map(([at, feeds]) => [JSON.parse(at), feeds.map(([feed]) => feed).join('')] as const as never);
}

/** Throws {@link BadInputError} naming `argument` unless `text` is a cursor of this very query. */
export function decodeCursor(text: string, digest: string, argument: string): Cursor {
  if (text.length > MAX_CURSOR_LENGTH) throw new BadInputError(argument, `\`${argument}\` is longer than any cursor.`);
  const parsed = body.safeParse(parseJson(text));
  if (!parsed.success) throw new BadInputError(argument, `\`${argument}\` is not a cursor of this API.`);
  const { p, d, a, h, x, b, l, f } = parsed.data;
  if (f !== digest) {
    throw new BadInputError(
      argument,
      `\`${argument}\` belongs to a query with another filter: start again without it.`,
    );
  }
  return {
    position: p && { time: p[0], feed: p[1], ...(p[2] !== undefined && { id: p[2] }) },
    direction: d === 'o' ? 'older' : 'newer',
    asOf: a,
    hints: new Map(Object.entries(h ?? {})),
    done: new Set(keysIn(x ?? '')),
    behind: new Map((b ?? []).flatMap(([at, feeds]) => keysIn(feeds).map((feed) => [feed, decodeOwed(at)]))),
    ...(l && { trail: decodeTrail(l, a) }),
  };
}

/**
 * A short fingerprint of anything that JSON can say. The order of keys does not matter, nor does what is left out, null
 * or an object with nothing in it, nor the order of a list and how often it says something: each asks the same.
 */
export function digestOf(value: unknown): string {
  return hash('sha256', canonical(value), 'base64url').slice(0, 11);
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${[...new Set(value.map(canonical))].toSorted().join()}]`;
  const entries = Object.entries(value)
    .map(([name, part]) => [JSON.stringify(name), canonical(part)] as const)
    .filter(([, part]) => part !== 'null' && part !== '{}');
  return `{${entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((entry) => entry.join(':'))
    .join()}}`;
}

function parseJson(text: string): unknown {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function toText(encoded: Body): string {
  return Buffer.from(JSON.stringify(encoded)).toString('base64url');
}

function keysIn(text: string): string[] {
  return text.match(/.{8}/g) ?? [];
}

function encodeOwed(at: Owed): z.infer<typeof owed> {
  return at && [at.time, at.id ?? null, at.feed ?? null];
}

function decodeOwed(at: z.infer<typeof owed>): Owed {
  if (at === null) return null;
  const [time, id, feed] = at;
  return { time, ...(id !== null && { id }), ...(feed !== null && { feed }) };
}

/** Ages count from a moment after `asOf`, because clocks differ, in seconds; an hour is more than a trail holds. */
const AHEAD_MS = 15 * 60_000;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function encodeTrail({ from, seen, upTo }: Trail, asOf: number): NonNullable<Body['l']> {
  const events = new Map<string, string>();
  for (const [event, { feed, time: at }] of seen) {
    const age = Math.min(Math.max(0, Math.floor((asOf + AHEAD_MS - at) / 1000)), DIGITS.length ** 2 - 1);
    const digits = `${DIGITS[Math.floor(age / DIGITS.length)]}${DIGITS[age % DIGITS.length]}`;
    events.set(feed, `${events.get(feed) ?? ''}${event}${digits}`);
  }
  const feeds = new Set([...upTo.keys(), ...events.keys()]);
  return [from, [...feeds].map((feed) => [feed, upTo.get(feed) ?? null, events.get(feed) ?? ''])];
}

function decodeTrail([from, feeds]: NonNullable<Body['l']>, asOf: number): Trail {
  const upTo = new Map<string, number>();
  const seen = new Map<string, Seen>();
  for (const [feed, at, events] of feeds) {
    if (at !== null) upTo.set(feed, at);
    for (const event of events.match(/.{10}/g) ?? []) {
      const age = DIGITS.indexOf(event.charAt(8)) * DIGITS.length + DIGITS.indexOf(event.charAt(9));
      seen.set(event.slice(0, 8), { feed, time: asOf + AHEAD_MS - age * 1000 });
    }
  }
  return { from, upTo, seen };
}
