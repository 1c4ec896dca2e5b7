import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { FoundEvents } from '../../../src/sources/unleash/client.ts';
import { searchAroundPoison } from '../../../src/sources/unleash/poison.ts';
import { decodeEventSearch } from '../../../src/sources/unleash/wire.ts';

interface Log {
  total: number;
  /** A page with one of these is a 500. */
  breaking: ReadonlySet<number>;
  /** A page with one of these is too large. */
  large: ReadonlySet<number>;
  /** More rows than this are too large together. */
  mostRowsAtOnce: number;
  /** The server gives no more rows, whatever is asked. */
  cap: number;
}

const FAILED = new UpstreamError('UPSTREAM_UNAVAILABLE', 'Unleash answered with status 500.', { status: 500 });
const TOO_LARGE = Object.assign(new UpstreamError('UPSTREAM_UNAVAILABLE', 'The answer is too large.'), {
  isTooLarge: true,
});

function createLog(log: Partial<Log> = {}) {
  const { total, breaking, large, mostRowsAtOnce, cap } = { ...WHOLE, ...log };
  const searches: [offset: number, limit: number][] = [];
  return {
    searches,
    async search(offset: number, limit: number): Promise<FoundEvents> {
      searches.push([offset, limit]);
      const count = Math.max(0, Math.min(limit, cap, total - offset));
      const rows = Array.from({ length: count }, (_, index) => offset + index);
      if (rows.some((row) => breaking.has(row))) throw FAILED;
      if (rows.length > mostRowsAtOnce || rows.some((row) => large.has(row))) throw TOO_LARGE;
      return decode(rows, total);
    },
  };
}

const WHOLE: Log = { total: 100, breaking: new Set(), large: new Set(), mostRowsAtOnce: 1_000, cap: 1_000 };

/** The row at an offset has the offset for an id. */
function decode(rows: readonly number[], total: number): FoundEvents {
  const events = rows.map((row) => ({ id: row + 1, createdAt: '2026-01-31T10:00:00.000Z' }));
  const found = decodeEventSearch({ events, total });
  if (found === undefined) throw new Error('No such answer');
  return found;
}

const offsetsBelow = (max: number) =>
  fc.oneof(
    fc.uniqueArray(fc.nat({ max }), { maxLength: 8 }),
    // Neighbours: somebody has edited one strategy again and again.
    fc
      .tuple(fc.nat({ max }), fc.nat({ max: 12 }))
      .map(([at, length]) => Array.from({ length }, (_, index) => at + index)),
  );

const range = fc.integer({ min: 1, max: 1_200 }).chain((total) =>
  fc.record({
    offset: fc.nat({ max: total }),
    limit: fc.integer({ min: 1, max: 1_000 }),
    log: fc.record({
      total: fc.constant(total),
      breaking: offsetsBelow(total).map((all) => new Set(all)),
      large: offsetsBelow(total).map((all) => new Set(all)),
      mostRowsAtOnce: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 200 })),
      cap: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 60 })),
    }),
  }),
);

describe('searchAroundPoison', () => {
  it('gives a range from its beginning without a gap, and null for exactly the rows that cannot be had', async () => {
    await fc.assert(
      fc.asyncProperty(range, async ({ limit, log, offset }) => {
        const { events, total } = await searchAroundPoison(createLog(log).search, offset, limit);
        expect(events.length).toBeLessThanOrEqual(limit);
        const isBad = (row: number) => log.breaking.has(row) || log.large.has(row);
        const expected = events.map((_, index) => (isBad(offset + index) ? null : offset + index + 1));
        expect(events.map((event) => event?.id ?? null)).toEqual(expected);
        expect(total).toBe(log.total);
      }),
      { numRuns: 500 },
    );
  });

  it('gives at least one row, or there is none', async () => {
    await fc.assert(
      fc.asyncProperty(range, async ({ limit, log, offset }) => {
        const { events } = await searchAroundPoison(createLog(log).search, offset, limit);
        expect(events.length > 0).toBe(offset < log.total);
      }),
    );
  });

  it('costs one search where nothing is wrong', async () => {
    const { search, searches } = createLog();
    const { events } = await searchAroundPoison(search, 10, 20);
    expect([events.length, searches]).toEqual([20, [[10, 20]]]);
  });

  it.for([1, 2, 3, 10, 40])('knows how many events there are also when it can read none of %i', async (total) => {
    const { search } = createLog({ total, breaking: new Set(Array.from({ length: total }, (_, index) => index)) });
    expect(await searchAroundPoison(search, 0, 2)).toEqual({ events: Array(Math.min(total, 2)).fill(null), total });
  });

  it('throws what the server answers if it answers nothing else, after a few searches', async () => {
    let searches = 0;
    const search = async () => {
      searches += 1;
      throw FAILED;
    };
    await expect(searchAroundPoison(search, 0, 1_000)).rejects.toBe(FAILED);
    expect(searches).toBeLessThanOrEqual(25);
  });

  it('throws at once what says nothing of the rows', async () => {
    const limited = new UpstreamError('UPSTREAM_RATE_LIMITED', 'Unleash limits the rate of requests.', { status: 429 });
    let searches = 0;
    const search = async () => {
      searches += 1;
      throw limited;
    };
    await expect(searchAroundPoison(search, 0, 20)).rejects.toBe(limited);
    expect(searches).toBe(1);
  });

  it('asks again for a row that was failed by a bad moment of the server', async () => {
    const { search } = createLog({ total: 1 });
    let isFirst = true;
    const flaky = async (offset: number, limit: number) => {
      if (isFirst) {
        isFirst = false;
        throw FAILED;
      }
      return search(offset, limit);
    };
    const { events, total } = await searchAroundPoison(flaky, 0, 1);
    expect([events.map((event) => event?.id), total]).toEqual([[1], 1]);
  });
});
