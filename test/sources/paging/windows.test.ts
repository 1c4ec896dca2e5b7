import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsBeyond } from '../../../src/sources/paging/rows.ts';
import { type Span, within } from '../../../src/sources/paging/span.ts';
import { type Drained, readByWindows } from '../../../src/sources/paging/windows.ts';
import type { Direction, FeedRow, Start } from '../../../src/timeline/feed.ts';
import { createEvent } from '../../support/memory-feed.ts';

const DAY = 24 * 60 * 60 * 1000;
const YEAR = 365 * DAY;
const EPOCH = Date.UTC(2026, 0, 1);
const ALL: Span = { oldest: EPOCH, newest: EPOCH + YEAR - 1 };

/** Half of the calls that one request may make. Most reads need one or two. */
const MAX_DRAINS = 250;

interface Log {
  rows: FeedRow[];
  /** A span with more rows is too much for one go, unless it is a single millisecond. */
  most: number;
}

function createLog({ most, rows }: Log) {
  const drains: { span: Span; isDone: boolean }[] = [];
  return {
    drains,
    async drain(span: Span): Promise<Drained | null> {
      const found = within(rows, span);
      const isDone = found.length <= most || span.oldest === span.newest;
      drains.push({ span, isDone });
      return isDone ? { rows: found, skipped: 0 } : null;
    },
  };
}

/** Newest first; in clusters, so that there are ties, days with many rows, and months with none. */
const rows = fc
  .array(
    fc.record({
      time: fc.integer({ min: ALL.oldest, max: ALL.newest }),
      width: fc.constantFrom(1, 3, 1_000, DAY, 30 * DAY),
      count: fc.integer({ min: 1, max: 40 }),
    }),
    { maxLength: 6 },
  )
  .map((clusters) =>
    toRows(
      clusters.flatMap(({ count, time, width }) =>
        Array.from({ length: count }, (_, index) => Math.min(ALL.newest, time + ((index * 7_919) % width))),
      ),
    ),
  );

const log = fc.record({ rows, most: fc.integer({ min: 1, max: 60 }) });
const direction = fc.constantFrom<Direction>('older', 'newer');
const limit = fc.integer({ min: 1, max: 100 });

describe('readByWindows', () => {
  it('gives every row once, walked by where it says it has got to', async () => {
    await fc.assert(
      fc.asyncProperty(log, direction, limit, async (given, way, size) => {
        const { drain, drains } = createLog(given);
        const walked: FeedRow[] = [];
        let start: Start | null = null;
        do {
          const { reached, rows: found } = await readByWindows({
            ...{ direction: way, start, limit: size, ties: undefined, drain },
            span: spanFor(way, start),
          });
          if (way === 'older') walked.push(...found);
          else walked.unshift(...found);
          start = reached;
        } while (start !== null);
        expect(idsOf(walked)).toEqual(idsOf(given.rows));
        expect(areDisjoint(drains)).toBe(true);
      }),
    );
  });

  it('goes on after any row that is known, and gives what follows without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(log, direction, limit, fc.nat(), async (given, way, size, pick) => {
        const known = given.rows[pick % Math.max(1, given.rows.length)];
        if (known === undefined) return;
        const start = { time: known.event.occurredAt, id: known.event.id };
        const { drain, drains } = createLog(given);
        const span = spanFor(way, start);
        const page = await readByWindows({ direction: way, start, limit: size, ties: undefined, drain, span });
        const beyond = rowsBeyond(given.rows, start, way, undefined);
        const length = page.rows.length;
        const nearest = way === 'older' ? beyond.slice(0, length) : beyond.slice(beyond.length - length);
        expect(idsOf(page.rows)).toEqual(idsOf(nearest));
        expect(page.reached === null ? length === beyond.length : length >= size).toBe(true);
        expect(areDisjoint(drains)).toBe(true);
      }),
    );
  });

  it('needs few windows in a year, however wide the gaps and however crowded a moment', async () => {
    await fc.assert(
      fc.asyncProperty(log, direction, limit, async (given, way, size) => {
        const { drain, drains } = createLog({ rows: given.rows, most: size + given.most });
        await readByWindows({ direction: way, start: null, limit: size, ties: undefined, drain, span: ALL });
        expect(drains.length).toBeLessThan(MAX_DRAINS);
      }),
    );
  });

  it.for(['older', 'newer'] as const)('reads 1,200 rows of one millisecond at one go, %s', async (way) => {
    const moment = EPOCH + 100 * DAY;
    const crowd = toRows([moment - DAY, ...Array.from({ length: 1_200 }, () => moment), moment + DAY]);
    const { drain, drains } = createLog({ rows: crowd, most: 1_000 });
    const { rows: found } = await readByWindows({
      ...{ direction: way, start: null, limit: 2, ties: undefined, drain },
      span: ALL,
    });
    expect(found).toHaveLength(1_201);
    expect(areDisjoint(drains)).toBe(true);
    expect(drains.length).toBeLessThan(MAX_DRAINS);
  });
});

/** The part of the log that a read in this direction may still meet. */
function spanFor(way: Direction, start: Start | null): Span {
  if (start === null) return ALL;
  return way === 'older' ? { ...ALL, newest: start.time } : { ...ALL, oldest: start.time };
}

/** No moment was read twice with success. */
function areDisjoint(drains: readonly { span: Span; isDone: boolean }[]): boolean {
  const spans = drains
    .filter(({ isDone }) => isDone)
    .map(({ span }) => span)
    .toSorted((a, b) => a.oldest - b.oldest);
  return spans.every((span, index) => (spans[index + 1]?.oldest ?? Number.POSITIVE_INFINITY) > span.newest);
}

function toRows(times: readonly number[]): FeedRow[] {
  return times.toSorted((a, b) => b - a).map((time, index) => ({ event: createEvent('log', `row-${index}`, time) }));
}

function idsOf(all: readonly FeedRow[]): string[] {
  return all.map(({ event }) => event.id);
}
