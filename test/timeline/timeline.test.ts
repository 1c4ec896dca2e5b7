import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareEvents, type FlagEvent } from '../../src/model.ts';
import { decodeCursor, encodeCursor } from '../../src/timeline/cursor.ts';
import type { Direction, Part } from '../../src/timeline/feed.ts';
import { type EventFilter, NO_FILTER } from '../../src/timeline/filter.ts';
import { MAX_READS_PER_FEED, readTimeline, type TimelinePage } from '../../src/timeline/timeline.ts';
import { createEndlessBudget } from '../support/budget.ts';
import { createEvent, createMemoryFeed, type MemoryFeed, toParts } from '../support/memory-feed.ts';

const DIGEST = 'a-digest';

describe('readTimeline, for any feeds', () => {
  it('gives every event exactly once, in the one order, whatever the page size and the direction', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, pageSize, direction, async (feeds, limit, way) => {
        const walk = await walkAll(feeds, limit, way);
        expect(idsOf(walk)).toEqual(idsOf(unionOf(feeds)));
      }),
      { numRuns: 400 },
    );
  });

  it('moves nothing when events are inserted at the head during the walk', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, pageSize, async (feeds, limit) => {
        const before = idsOf(unionOf(feeds));
        let inserted = 0;
        const walk = await walkAll(feeds, limit, 'older', () => {
          for (const feed of feeds) feed.events.unshift(createEvent(feed.key, `new-${inserted++}`, 1_000 + inserted));
        });
        expect(idsOf(walk).filter((id) => !id.includes('new-'))).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  it('brings the events of a feed that failed late rather than never', async () => {
    await fc.assert(
      fc.asyncProperty(
        someFeeds,
        pageSize,
        direction,
        fc.infiniteStream(fc.nat({ max: 5 })),
        async (feeds, limit, way, chance) => {
          const walk = await walkAll(feeds, limit, way, (page) => {
            // At least one feed works on every page, and after a while all do.
            for (const [index, feed] of feeds.entries()) {
              feed.isDown = page < 40 && index !== page % feeds.length && (chance.next().value ?? 0) === 0;
            }
          });
          expect(idsOf(walk).toSorted()).toEqual(idsOf(unionOf(feeds)).toSorted());
        },
      ),
      { numRuns: 400 },
    );
  });

  it('brings the events of a part late that could not say which feeds it has, and none of them twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(someFeeds, { minLength: 1, maxLength: 3 }),
        pageSize,
        direction,
        fc.infiniteStream(fc.nat({ max: 5 })),
        async (groups, limit, way, chance) => {
          const roll = () => (chance.next().value ?? 0) === 0;
          const parts = groups.map((feeds, index) => createMemoryPart(`part-${index}`, feeds));
          const all = parts.flatMap((part) => part.own);
          const walk = await walkParts(parts, limit, way, (page) => {
            for (const part of parts) part.isDown = page < 40 && roll();
            for (const feed of all) feed.isDown = page < 40 && roll();
          });
          expect(idsOf(walk).toSorted()).toEqual(idsOf(unionOf(all)).toSorted());
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives exactly what passes a filter that no feed applies', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, pageSize, direction, async (feeds, limit, way) => {
        const filter: EventFilter = { ...NO_FILTER, types: ['rare'] };
        const walk = await walkAll(feeds, limit, way, undefined, filter);
        expect(idsOf(walk)).toEqual(idsOf(unionOf(feeds).filter((event) => event.type === 'rare')));
      }),
      { numRuns: 300 },
    );
  });

  it('survives a change of direction at any edge: what is newer than a cursor and what is older make up the whole', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, pageSize, fc.nat(), async (feeds, limit, pick) => {
        const all = unionOf(feeds);
        fc.pre(all.length > 0);
        const { edges } = await read(feeds, { limit: all.length });
        const at = pick % edges.length;
        const cursor = edges[at]?.cursor;
        const newer = await walkAll(feeds, limit, 'newer', undefined, NO_FILTER, cursor);
        const older = await walkAll(feeds, limit, 'older', undefined, NO_FILTER, cursor);
        expect(idsOf([...newer, ...all.slice(at, at + 1), ...older])).toEqual(idsOf(all));
      }),
      { numRuns: 200 },
    );
  });

  it('gives, between two cursors, what is left of the whole list when both are cut off it, from either end', async () => {
    await fc.assert(
      fc.asyncProperty(someFeeds, pageSize, direction, twoPlaces, async (feeds, limit, way, places) => {
        const all = unionOf(feeds);
        const [after, before] = await Promise.all(places.map((place) => cursorOf(feeds, place, all.length)));
        const [from, to] = [indexOf(after) + 1, before ? indexOf(before) : all.length];
        const window = all.slice(from, Math.max(from, to));
        const [cursor, until] = (way === 'older' ? [after, before] : [before, after]).map(
          (edge) => edge?.cursor ?? null,
        );
        const page = await read(feeds, { limit, cursor: cursor ?? null, until: until ?? null, way });
        const expected = way === 'older' ? window.slice(0, limit) : window.slice(-limit);
        expect(idsOf(page.edges.map(({ event }) => event))).toEqual(idsOf(expected));
        // A page that is read to the edge of what an upstream has listed cannot tell; that nothing follows is always true.
        if (!page.hasMore) expect(expected.length).toBe(window.length);
        const walk = await walkAll(feeds, limit, way, undefined, NO_FILTER, cursor ?? null, until ?? null);
        expect(idsOf(walk)).toEqual(idsOf(window));

        function indexOf(edge: TimelinePage['edges'][number] | undefined): number {
          return edge ? all.findIndex(({ feed, id }) => feed === edge.event.feed && id === edge.event.id) : -1;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('brings what a failed feed owes between two cursors, and nothing from beyond them', async () => {
    await fc.assert(
      fc.asyncProperty(
        someFeeds,
        pageSize,
        twoPlaces,
        fc.infiniteStream(fc.nat({ max: 5 })),
        async (feeds, limit, places, chance) => {
          const all = unionOf(feeds);
          const [after, before] = await Promise.all(places.map((place) => cursorOf(feeds, place, all.length)));
          const at = (edge: TimelinePage['edges'][number] | undefined, otherwise: number) =>
            edge ? all.findIndex(({ feed, id }) => feed === edge.event.feed && id === edge.event.id) : otherwise;
          const window = all.slice(at(after, -1) + 1, Math.max(at(after, -1) + 1, at(before, all.length)));
          const fail = (page: number) => {
            for (const [index, feed] of feeds.entries()) {
              feed.isDown = page < 40 && index !== page % feeds.length && (chance.next().value ?? 0) === 0;
            }
          };
          const [cursor, until] = [after?.cursor ?? null, before?.cursor ?? null];
          const walk = await walkAll(feeds, limit, 'older', fail, NO_FILTER, cursor, until);
          expect(idsOf(walk).toSorted()).toEqual(idsOf(window).toSorted());
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('readTimeline', () => {
  const at = (feed: string, ...times: number[]) => times.map((time) => createEvent(feed, `${feed}${time}`, time));

  it('asks each feed once for a page, on page 1 as on page 10, and an exhausted feed not at all', async () => {
    const long = createMemoryFeed('long', at('long', ...range(100, 1)));
    const short = createMemoryFeed('short', at('short', 99, 98));
    let cursor: TimelinePage['end'] = null;
    for (let page = 1; page <= 10; page += 1) {
      ({ end: cursor } = await read([long, short], { limit: 5, cursor }));
      expect(long.requests).toHaveLength(page);
    }
    expect(short.requests).toHaveLength(1);
  });

  it('asks nobody where nothing can lie between two cursors', async () => {
    const feed = createMemoryFeed('feed', at('feed', ...range(9, 1)));
    const { edges } = await read([feed], { limit: 9 });
    const asked = feed.requests.length;
    const [newer, older] = [edges[2]?.cursor ?? null, edges[6]?.cursor ?? null];
    const crossed = await read([feed], { limit: 5, cursor: older, until: newer });
    expect([crossed.edges, crossed.hasMore, feed.requests.length]).toEqual([[], false, asked]);
    const nothingYet = (await read([], { limit: 0 })).end;
    const atTheTop = await read([feed], { limit: 5, until: nothingYet });
    expect([atTheTop.edges, atTheTop.hasMore, feed.requests.length]).toEqual([[], false, asked]);
  });

  it('has no more once the place is reached that it was to read to', async () => {
    const feed = createMemoryFeed('feed', at('feed', ...range(9, 1)));
    const { edges } = await read([feed], { limit: 9 });
    const until = edges[5]?.cursor ?? null;
    expect(await read([feed], { limit: 5, until })).toMatchObject({ edges: { length: 5 }, hasMore: false });
    expect(await read([feed], { limit: 4, until })).toMatchObject({ edges: { length: 4 }, hasMore: true });
    expect(await read([feed], { limit: 3, until, way: 'newer' })).toMatchObject({
      edges: { length: 3 },
      hasMore: false,
    });
  });

  it('gives each edge the cursor of its own moment, however late it is read', async () => {
    const feeds = [
      createMemoryFeed('a', at('a', 9, 7, 5, 3)),
      createMemoryFeed('b', at('b', 8, 6, 4, 2), 2),
      createMemoryFeed('c', at('c', 1)),
    ];
    const page = await read(feeds, { limit: 9 });
    const late = page.edges.map((edge) => edge.cursor);
    for (const [index, cursor] of late.entries()) {
      const { end } = await read(feeds, { limit: index + 1 });
      expect({ position: cursor.position, behind: cursor.behind }).toEqual({
        position: end?.position,
        behind: end?.behind,
      });
      const rest = await read(feeds, { limit: 9, cursor });
      expect(idsOf(rest.edges.map(({ event }) => event))).toEqual(
        idsOf(page.edges.slice(index + 1).map(({ event }) => event)),
      );
    }
    expect(page.edges.map((edge) => edge.cursor)).toEqual(late);
  });

  it('reports a failed feed and gives out the events of the others', async () => {
    const [up, down] = [createMemoryFeed('up', at('up', 3, 2, 1)), createMemoryFeed('down', at('down', 5, 4))];
    down.isDown = true;
    const page = await read([up, down], { limit: 2 });
    expect(idsOf(page.edges.map(({ event }) => event))).toEqual(['up/up3', 'up/up2']);
    expect(page.reports.map(({ feed, status }) => [feed.key, status])).toEqual([
      ['up', 'OK'],
      ['down', 'FAILED'],
    ]);
  });

  it('says LATE on the page that brings what a failed feed owed, newest first, and goes on from where it was', async () => {
    const [up, down] = [createMemoryFeed('up', at('up', 6, 5, 2, 1)), createMemoryFeed('down', at('down', 7, 4, 3))];
    down.isDown = true;
    const first = await read([up, down], { limit: 2 });
    down.isDown = false;
    const second = await read([up, down], { limit: 3, cursor: first.end });
    expect(idsOf(second.edges.map(({ event }) => event))).toEqual(['down/down7', 'down/down4', 'down/down3']);
    expect(second.reports.map(({ status }) => status)).toEqual(['OK', 'LATE']);
    const third = await read([up, down], { limit: 3, cursor: second.end });
    expect(idsOf(third.edges.map(({ event }) => event))).toEqual(['up/up2', 'up/up1']);
    expect(third.reports.map(({ status }) => status)).toEqual(['OK', 'OK']);
    expect(third.hasMore).toBe(false);
  });

  it('has more as long as a failed feed owes its events', async () => {
    const [up, down] = [createMemoryFeed('up', at('up', 1)), createMemoryFeed('down', at('down', 2))];
    down.isDown = true;
    const page = await read([up, down], { limit: 5 });
    expect(page.hasMore).toBe(true);
    down.isDown = false;
    const rest = await read([up, down], { limit: 5, cursor: page.end });
    expect(idsOf(rest.edges.map(({ event }) => event))).toEqual(['down/down2']);
  });

  it('throws the first failure when every feed it asked failed', async () => {
    const down = createMemoryFeed('down', []);
    down.isDown = true;
    await expect(read([down], { limit: 1 })).rejects.toThrow('down is down');
  });

  it('stops at the budget with a short page that can be continued beyond what was read', async () => {
    const feed = createMemoryFeed(
      'feed',
      [...at('feed', ...range(120, 2)), createEvent('feed', 'last', 1, 'rare')],
      10,
    );
    const filter = { ...NO_FILTER, types: ['rare'] };
    const first = await read([feed], { limit: 5, filter });
    expect([first.edges.length, first.hasMore, feed.requests.length]).toEqual([0, true, MAX_READS_PER_FEED]);
    const second = await read([feed], { limit: 5, filter, cursor: first.end });
    expect(idsOf(second.edges.map(({ event }) => event))).toEqual(['feed/last']);
    expect(feed.requests).toHaveLength(2 * MAX_READS_PER_FEED);
  });
});

/** Feeds with ties inside and across them: few milliseconds, many events. */
const someFeeds = fc
  .array(
    fc.record({
      times: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()), { maxLength: 25 }),
      pageSize: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((feeds) =>
    feeds.map(({ times, pageSize }, index) => {
      const key = `feed-${index}`;
      const events = times
        .toSorted(([a], [b]) => b - a)
        .map(([time, isRare], id) => createEvent(key, String(id), time, isRare ? 'rare' : 'common'));
      return createMemoryFeed(key, events, pageSize);
    }),
  );
const pageSize = fc.integer({ min: 1, max: 30 });
const direction = fc.constantFrom<Direction>('older', 'newer');

/** Which event of the list, by a number of any size, and from which way it was met; `null` is no place. */
const place = fc.option(fc.record({ pick: fc.nat(), way: direction }), { freq: 4 });
const twoPlaces = fc.tuple(place, place);

async function cursorOf(
  feeds: MemoryFeed[],
  wanted: { pick: number; way: Direction } | null,
  size: number,
): Promise<TimelinePage['edges'][number] | undefined> {
  if (wanted === null || size === 0) return undefined;
  const { edges } = await read(feeds, { limit: size, way: wanted.way });
  return edges[wanted.pick % size];
}

interface MemoryPart extends Part {
  own: MemoryFeed[];
  /** While true, it cannot say which feeds it has. */
  isDown: boolean;
}

function createMemoryPart(key: string, feeds: MemoryFeed[]): MemoryPart {
  const own = feeds.map((feed) => {
    const inPart = `${key}/${feed.key}`;
    const events = feed.events.map((event) => ({ ...event, feed: inPart }));
    return createMemoryFeed(inPart, events, feed.maxPage);
  });
  const part: MemoryPart = {
    key,
    source: key,
    own,
    isDown: false,
    async feeds() {
      if (part.isDown) throw new Error(`${key} is down`);
      return own;
    },
  };
  return part;
}

async function read(
  feeds: MemoryFeed[],
  { limit, cursor = null, until = null, way = 'older', filter = NO_FILTER }: ReadOptions,
): Promise<TimelinePage> {
  return readParts(toParts(feeds), { limit, cursor, until, way, filter });
}

function readParts(
  parts: readonly Part[],
  { limit, cursor = null, until = null, way = 'older', filter = NO_FILTER }: ReadOptions,
): Promise<TimelinePage> {
  const budget = createEndlessBudget();
  return readTimeline(parts, {
    direction: way,
    limit,
    cursor,
    until,
    filter,
    fields: new Set(),
    now: 5_000,
    budget,
  });
}

interface ReadOptions {
  limit: number;
  cursor?: TimelinePage['end'];
  until?: TimelinePage['end'];
  way?: Direction;
  filter?: EventFilter;
}

function walkAll(feeds: MemoryFeed[], ...rest: WalkArguments): Promise<FlagEvent[]> {
  return walkParts(toParts(feeds), ...rest);
}

type WalkArguments = Parameters<typeof walkParts> extends [unknown, ...infer Rest] ? Rest : never;

/** Walks to the end, every cursor on its way encoded and decoded, and puts the pages together newest first. */
async function walkParts(
  parts: readonly Part[],
  limit: number,
  way: Direction,
  beforePage?: (page: number) => void,
  filter: EventFilter = NO_FILTER,
  from: TimelinePage['end'] = null,
  until: TimelinePage['end'] = null,
): Promise<FlagEvent[]> {
  let cursor = from;
  let walked: FlagEvent[] = [];
  for (let page = 0; page < 5_000; page += 1) {
    beforePage?.(page);
    const answer = await readParts(parts, { limit, cursor, until, way, filter }).catch((error: unknown) => {
      // The only feed with something left is down: a client asks again with the cursor it has.
      if (beforePage) return undefined;
      throw error;
    });
    if (answer === undefined) continue;
    const events = answer.edges.map((edge) => edge.event);
    expect(events.length).toBeLessThanOrEqual(limit);
    walked = way === 'older' ? [...walked, ...events] : [...events, ...walked];
    if (!answer.hasMore) return walked;
    cursor = answer.end && decodeCursor(encodeCursor(answer.end, DIGEST), DIGEST, 'after');
  }
  throw new Error('the walk does not end');
}

function unionOf(feeds: MemoryFeed[]): FlagEvent[] {
  return feeds.flatMap((feed) => feed.events).toSorted(compareEvents);
}

function idsOf(events: readonly FlagEvent[]): string[] {
  return events.map((event) => `${event.feed}/${event.id}`);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index);
}
