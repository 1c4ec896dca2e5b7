import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Listed, readOlder } from '../../../src/sources/paging/older.ts';
import type { TieOrder } from '../../../src/sources/paging/rows.ts';
import { type Span, within } from '../../../src/sources/paging/span.ts';
import type { FeedPage, FeedRow, Start } from '../../../src/timeline/feed.ts';
import { createEvent } from '../../support/memory-feed.ts';

const MAX_SIZE = 30;
const EVERYTHING: Span = { oldest: Number.NEGATIVE_INFINITY, newest: Number.POSITIVE_INFINITY };
const byId: TieOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

interface Log {
  /** Newest first, and by id inside a millisecond. */
  rows: FeedRow[];
  unreadable: ReadonlySet<string>;
  isCounted: boolean;
}

/** A number below `max`, another one at every call. */
type Roll = (max: number) => number;

/**
 * An upstream that lists from the newest moment of the span downwards, by offset: ties come in another sequence at every call,
 * and pages may end after any millisecond.
 */
function createUpstream({ isCounted, rows, unreadable }: Log, newest: number, roll: Roll) {
  const sizes: number[] = [];
  async function list(size: number, place: number | undefined): Promise<Listed<number>> {
    sizes.push(size);
    const rest = rows.filter(({ event }) => event.occurredAt <= newest);
    const shuffled = rest
      .map((row) => ({ row, rank: roll(1_000) }))
      .toSorted((a, b) => b.row.event.occurredAt - a.row.event.occurredAt || a.rank - b.rank)
      .map(({ row }) => row);
    const from = place ?? 0;
    const full = shuffled.slice(from, from + size);
    const page = full.slice(0, lengthOf(full, roll));
    const readable = page.filter(({ event }) => !unreadable.has(event.id));
    const next = from + page.length;
    return {
      rows: readable,
      skipped: page.length - readable.length,
      next: next < rest.length ? next : undefined,
      total: isCounted ? rest.length : null,
    };
  }
  return { list, sizes };
}

/** All of the page, or as much of it as ends with a whole millisecond. */
function lengthOf(page: readonly FeedRow[], roll: Roll): number {
  const ends = page.flatMap(({ event }, index) => {
    const next = page[index + 1];
    return next !== undefined && next.event.occurredAt === event.occurredAt ? [] : [index + 1];
  });
  return roll(2) === 0 ? page.length : (ends[roll(ends.length)] ?? page.length);
}

const gap = fc.integer({ min: 1, max: 5 });

/** Milliseconds with up to as many events as come from one answer, next to each other and apart. */
const tied = fc
  .record({
    milliseconds: fc.array(
      fc.record({
        gap,
        count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: MAX_SIZE - 1 })),
      }),
      { maxLength: 30 },
    ),
    isCounted: fc.boolean(),
  })
  .map(({ isCounted, milliseconds }): Log => ({ rows: toRows(milliseconds), unreadable: new Set(), isCounted }));

/** Events without ties, any of which cannot be read. */
const spoilt = fc
  .record({
    events: fc.array(fc.record({ gap, isReadable: fc.boolean() }), { maxLength: 100 }),
    isCounted: fc.boolean(),
  })
  .map(({ events, isCounted }): Log => {
    const rows = toRows(events.map((each) => ({ ...each, count: 1 })));
    const unreadable = rows.filter((_, index) => events[index]?.isReadable === false).map(({ event }) => event.id);
    return { rows, unreadable: new Set(unreadable), isCounted };
  });

function toRows(milliseconds: readonly { gap: number; count: number }[]): FeedRow[] {
  let time = 1_000;
  return milliseconds.flatMap((each) => {
    time -= each.gap;
    return Array.from({ length: each.count }, (_, index) => ({
      event: createEvent('log', `${time}-${String(index).padStart(3, '0')}`, time),
    }));
  });
}

const roll = fc.infiniteStream(fc.nat()).map(
  (stream): Roll =>
    (max) =>
      stream.next().value % Math.max(1, max),
);
const size = fc.integer({ min: 1, max: MAX_SIZE });

async function walkAll(given: Log, span: Span, pageSize: number, each: Roll): Promise<FeedRow[]> {
  const walked: FeedRow[] = [];
  let start: Start | null = null;
  do {
    const { list, sizes } = createUpstream(given, Math.min(span.newest, start?.time ?? Number.POSITIVE_INFINITY), each);
    const page: FeedPage | null = await readOlder({ list, span, start, size: pageSize, maxSize: MAX_SIZE, ties: byId });
    if (page === null) throw new Error('The listing is newest first');
    expect(sizes.length).toBeLessThanOrEqual(given.rows.length + 2);
    walked.push(...page.rows);
    const isFurther = start === null || page.reached === null || page.reached.time < start.time;
    expect(isFurther || page.rows.length > 0).toBe(true);
    start = page.reached;
  } while (start !== null);
  return walked;
}

describe('readOlder', () => {
  it('gives every row once, walked by where it says it has got to, whatever the sequence of ties at each call', async () => {
    await fc.assert(
      fc.asyncProperty(tied, size, roll, async (log, pageSize, each) => {
        expect(idsOf(await walkAll(log, EVERYTHING, pageSize, each))).toEqual(idsOf(log.rows));
      }),
      { numRuns: 300 },
    );
  });

  it('gives every row that can be read, however many beside it cannot', async () => {
    await fc.assert(
      fc.asyncProperty(spoilt, size, roll, async (log, pageSize, each) => {
        const readable = log.rows.filter(({ event }) => !log.unreadable.has(event.id));
        expect(idsOf(await walkAll(log, EVERYTHING, pageSize, each))).toEqual(idsOf(readable));
      }),
    );
  });

  it('gives exactly the rows of a span', async () => {
    const end = fc.integer({ min: 850, max: 1_001 });
    await fc.assert(
      fc.asyncProperty(tied, size, roll, end, end, async (log, pageSize, each, a, b) => {
        const span = { oldest: Math.min(a, b), newest: Math.max(a, b) };
        expect(idsOf(await walkAll(log, span, pageSize, each))).toEqual(idsOf(within(log.rows, span)));
      }),
    );
  });

  it('says of a listing that is not newest first that it is none', async () => {
    const rows = [1, 2].map((time) => ({ event: createEvent('log', String(time), time) }));
    const list = async () => ({ rows, skipped: 0, next: undefined, total: null });
    const options = { list, span: EVERYTHING, start: null, size: 10, maxSize: MAX_SIZE, ties: byId };
    expect(await readOlder(options)).toBeNull();
  });

  it.for<[string, number | null, object | null]>([
    ['and does not count: that is the end', null, { reached: null }],
    ['and counts more: windows may find it', 5, null],
  ])('ends where an upstream gives the same page for ever %s', async ([, total, expected]) => {
    const rows = [{ event: createEvent('log', 'only', 1) }];
    const list = async () => ({ rows, skipped: 0, next: 1, total });
    const options = { list, span: EVERYTHING, size: 10, maxSize: MAX_SIZE, ties: byId };
    expect(await readOlder({ ...options, start: null })).toMatchObject({ rows: [], reached: { time: 1 } });
    const last = await readOlder({ ...options, start: { time: 1 } });
    expect(last).toEqual(expected && { rows, skipped: 0, ...expected });
  });

  it('leaves a millisecond that is cut off, without a way on, to be read by windows', async () => {
    const rows = Array.from({ length: MAX_SIZE }, (_, index) => ({ event: createEvent('log', String(index), 1) }));
    const options = { span: EVERYTHING, start: null, size: 10, maxSize: MAX_SIZE, ties: byId };
    for (const total of [null, MAX_SIZE + 1]) {
      const list = async (size: number) => ({ rows: rows.slice(0, size), skipped: 0, next: undefined, total });
      expect(await readOlder({ ...options, list })).toBeNull();
    }
  });
});

function idsOf(rows: readonly FeedRow[]): string[] {
  return rows.map(({ event }) => event.id);
}
