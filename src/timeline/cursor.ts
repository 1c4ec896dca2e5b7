/**
 * A cursor is a position in the timeline, encoded. The position is the truth; the rest only makes resuming cheap
 * (`hints`, `done`) or brings back what a failed feed still owes (`behind`). Nothing in it is trusted or secret.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BadInputError } from '../errors.ts';
import type { Position } from '../model.ts';
import type { Direction, Start } from './feed.ts';

export interface Cursor {
  /** `null`: nothing of the timeline has been read yet. */
  position: Position | null;
  direction: Direction;
  /** When the walk began, Unix milliseconds. */
  asOf: number;
  /** By feed key. */
  hints: ReadonlyMap<string, unknown>;
  /** Feeds that have nothing more in this direction. */
  done: ReadonlySet<string>;
  /** Feeds, and sources whose feeds were not known, that failed earlier, and where each has to go on. */
  behind: ReadonlyMap<string, Owed>;
}

/** A place in a feed of its own, or in the whole timeline when it names a feed; `null` is the very beginning. */
export type Owed = (Start & { feed?: string }) | null;

const VERSION = 1;
/** Generous for a hundred feeds, small enough to be no burden. */
export const MAX_CURSOR_LENGTH = 16_384;

const time = z.int().min(-8.64e15).max(8.64e15);
const key = z.string().min(1).max(300);
const owed = z.union([z.null(), z.tuple([time]), z.tuple([time, key]), z.tuple([time, key, key])]);
/** Flat, so that nothing a client makes up can be too deep to handle. */
const scalar = z.union([z.string().max(300), z.number(), z.boolean(), z.null()]);
const hint = z.union([scalar, z.array(scalar).max(8), z.record(key, scalar)]);
const body = z.strictObject({
  v: z.literal(VERSION),
  p: z.tuple([time, key, key]).nullable(),
  d: z.enum(['o', 'n']),
  a: time,
  h: z.record(key, hint).optional(),
  x: z.array(key).max(1_000).optional(),
  b: z.record(key, owed).optional(),
  f: z.string().max(32),
});
type Body = z.infer<typeof body>;

/** `digest` ties the cursor to the query it came from: {@link digestOf} what must not change between pages. */
export function encodeCursor(cursor: Cursor, digest: string): string {
  const { position, hints, done, behind } = cursor;
  const encoded: Body = {
    v: VERSION,
    p: position && [position.time, position.feed, position.id],
    d: cursor.direction === 'older' ? 'o' : 'n',
    a: cursor.asOf,
    ...(hints.size > 0 && { h: Object.fromEntries(hints) as NonNullable<Body['h']> }),
    ...(done.size > 0 && { x: [...done] }),
    ...(behind.size > 0 && { b: Object.fromEntries([...behind].map(([feed, at]) => [feed, encodeOwed(at)])) }),
    f: digest,
  };
  return Buffer.from(JSON.stringify(encoded)).toString('base64url');
}

/** Throws {@link BadInputError} naming `argument` unless `text` is a cursor of this very query. */
export function decodeCursor(text: string, digest: string, argument: string): Cursor {
  if (text.length > MAX_CURSOR_LENGTH) throw new BadInputError(argument, `\`${argument}\` is longer than any cursor.`);
  const parsed = body.safeParse(parseJson(text));
  if (!parsed.success) throw new BadInputError(argument, `\`${argument}\` is not a cursor of this API.`);
  const { p, d, a, h, x, b, f } = parsed.data;
  if (f !== digest) {
    throw new BadInputError(
      argument,
      `\`${argument}\` belongs to a query with another filter: start again without it.`,
    );
  }
  return {
    position: p && { time: p[0], feed: p[1], id: p[2] },
    direction: d === 'o' ? 'older' : 'newer',
    asOf: a,
    hints: new Map(Object.entries(h ?? {})),
    done: new Set(x),
    behind: new Map(Object.entries(b ?? {}).map(([feed, at]) => [feed, decodeOwed(at)])),
  };
}

/** A short fingerprint of anything that JSON can say; the order of an object's keys does not matter. */
export function digestOf(value: unknown): string {
  const canonical = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash('sha256').update(canonical).digest('base64url').slice(0, 11);
}

function parseJson(text: string): unknown {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function encodeOwed(at: Owed): z.infer<typeof owed> {
  if (at === null) return null;
  if (at.id === undefined) return [at.time];
  return at.feed === undefined ? [at.time, at.id] : [at.time, at.id, at.feed];
}

function decodeOwed(at: z.infer<typeof owed>): Owed {
  if (at === null) return null;
  const [time, id, feed] = at;
  return { time, ...(id !== undefined && { id }), ...(feed !== undefined && { feed }) };
}
