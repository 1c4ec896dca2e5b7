import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seek } from '../../../src/sources/unleash/seek.ts';

/** A newest-first listing, a moment, and a place before which everything is newer than the moment. */
const search = fc
  .record({
    times: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 600 }).map((all) => all.toSorted((a, b) => b - a)),
    time: fc.integer({ min: -1, max: 401 }),
    known: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ times, time, known }) => {
    const offset = times.filter((each) => each > time).length;
    return { times, time, offset, from: Math.floor(offset * known) };
  });

describe('seek', () => {
  it('finds the first row at or before a moment', async () => {
    await fc.assert(
      fc.asyncProperty(search, async ({ from, offset, time, times }) => {
        expect(await seek(time, async (at) => times[at] ?? null, from, times.length)).toBe(offset);
      }),
    );
  });

  it('finds it in a number of probes that grows with the logarithm of the listing', async () => {
    await fc.assert(
      fc.asyncProperty(search, async ({ from, time, times }) => {
        let probes = 0;
        const timeAt = async (at: number) => {
          probes += 1;
          return times[at] ?? null;
        };
        await seek(time, timeAt, from, times.length);
        expect(probes).toBeLessThanOrEqual(2 * Math.log2(Math.max(1, times.length)) + 4);
      }),
    );
  });

  it('never passes the row when some rows cannot be read', async () => {
    await fc.assert(
      fc.asyncProperty(search, fc.infiniteStream(fc.boolean()), async ({ from, offset, time, times }, stream) => {
        const isReadable = times.map(() => stream.next().value);
        const found = await seek(time, async (at) => (isReadable[at] ? (times[at] ?? null) : null), from, times.length);
        expect(found).toBeGreaterThanOrEqual(from);
        expect(found).toBeLessThanOrEqual(offset);
      }),
    );
  });

  it('asks for no row outside of the listing', async () => {
    await fc.assert(
      fc.asyncProperty(search, async ({ from, time, times }) => {
        const timeAt = async (at: number) => {
          expect(times[at]).toBeDefined();
          return times[at] ?? null;
        };
        await seek(time, timeAt, from, times.length);
      }),
    );
  });
});
