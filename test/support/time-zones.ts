import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from './gateway.ts';
import { startRealUnleash, type TimeZones } from './real-unleash.ts';
import { startRecordingProxy } from './recording-proxy.ts';
import { control, type EventRow, listAllEvents, type UnleashEvent } from './unleash-admin.ts';
import { idsOf, type Page, readPage, walk } from './walk.ts';

const PROJECT = 'zones';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** On the 8th, Los Angeles changes to daylight saving time: its midnight is at 08:00 UTC, and later at 07:00. */
const FIRST_DAY = Date.UTC(2026, 2, 4);
const DAYS = 8;

interface Place {
  zones: TimeZones;
  /** Midnights in the time zone of the server and of the database, in hours UTC. */
  midnights: { server: number; database: number };
}

const PLACES = {
  'behind UTC': {
    zones: { server: 'America/Los_Angeles', database: 'Etc/GMT+12' },
    midnights: { server: 8, database: 12 },
  },
  'ahead of UTC': {
    zones: { server: 'Asia/Kolkata', database: 'Pacific/Kiritimati' },
    midnights: { server: 18.5, database: 10 },
  },
  /** Here a day ends earliest: the server loses it, and the database's midnight comes first. */
  'on both sides of UTC': {
    zones: { server: 'America/Los_Angeles', database: 'Pacific/Kiritimati' },
    midnights: { server: 8, database: 10 },
  },
} satisfies Record<string, Place>;

/** The tests of one real Unleash whose days, and whose database's, end at other moments than UTC's. */
export function describeTimeZones(name: keyof typeof PLACES): void {
  const { midnights, zones } = PLACES[name];

  describe(`a real Unleash whose time zones are ${name}`, () => {
    let unleash: Awaited<ReturnType<typeof startRealUnleash>>;
    let truth: UnleashEvent[];
    const own = () => ({ vendor: 'unleash', url: unleash.url, apiToken: unleash.adminToken, projects: [PROJECT] });

    beforeAll(async () => {
      unleash = await startRealUnleash(zones);
      await control(unleash).insertEvents({ rows: historyOf(PROJECT) });
      truth = await listAllEvents(unleash, { project: `IS:${PROJECT}` });
    });

    afterAll(() => unleash[Symbol.asyncDispose]());

    it.for([
      ['midnight in UTC', 0],
      ['midnight of the server', midnights.server],
      ['midnight of the database', midnights.database],
    ] as const)('gives exactly what a filter leaves that begins or ends near %s, both ways', async ([, hours]) => {
      await using gateway = await startGateway([own()]);
      const midnight = FIRST_DAY + 3 * DAY + hours * HOUR;
      const moments = [-30 * MINUTE, -1, 0, 1, 30 * MINUTE].map((distance) => midnight + distance);
      const windows = moments.flatMap((moment): [number, number][] => [
        [moment, moment + 1],
        [moment, moment + DAY],
        [moment - DAY, moment],
      ]);
      for (const [from, to] of windows) {
        const expected = truth.filter((event) => timeOf(event) >= from && timeOf(event) < to);
        for (const way of ['older', 'newer'] as const) {
          const pages = await walk(gateway, { size: 100, way, filter: windowOf(from, to) });
          expect(idsOf(pages, way)).toEqual(toIds(expected));
        }
      }
    });

    it('holds events on both sides of every midnight, and ties down to the microsecond', () => {
      expect(truth.length).toBeGreaterThan(1_450);
      const { database, server } = midnights;
      for (const hours of [0, server, database]) {
        const midnight = FIRST_DAY + 2 * DAY + hours * HOUR;
        for (const moment of [midnight - 30 * MINUTE, midnight - 1, midnight, midnight + 1, midnight + 30 * MINUTE]) {
          expect(truth.map(timeOf)).toContain(moment);
        }
      }
      const ids = truth.map(({ id }) => id);
      expect(ids).not.toEqual(ids.toSorted((a, b) => b - a));
    });

    it.for([7, 20, 100])('gives every event once and in the order of the server, %i a page', async (size) => {
      await using gateway = await startGateway([own()]);
      expect(idsOf(await walk(gateway, { size }))).toEqual(toIds(truth));
    });

    it.for([7, 100])('gives the same walked backwards, %i a page', async (size) => {
      await using gateway = await startGateway([own()]);
      expect(idsOf(await walk(gateway, { size, way: 'newer' }), 'newer')).toEqual(toIds(truth));
    });

    it.for(['older', 'newer'] as const)('gives one event a page across a midnight, %s', async (way) => {
      await using gateway = await startGateway([own()]);
      const [from, to] = [FIRST_DAY + 4 * DAY - 20 * MINUTE, FIRST_DAY + 4 * DAY + 20 * MINUTE];
      const expected = truth.filter((event) => timeOf(event) >= from && timeOf(event) < to);
      expect(expected.length).toBeGreaterThan(20);
      const pages = await walk(gateway, { size: 1, way, filter: windowOf(from, to) });
      expect(idsOf(pages, way)).toEqual(toIds(expected));
    });

    it('finds every event again by its id', async () => {
      await using gateway = await startGateway([own()]);
      const ids = (await walk(gateway, { size: 100 })).flatMap(({ nodes }) => nodes.map(({ id }) => id));
      const found: number[] = [];
      for (let index = 0; index < ids.length; index += 500) {
        const { data } = await gateway.query<{ nodes: { eventId: string }[] }>(
          'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on UnleashFlagEvent { eventId } } }',
          { ids: ids.slice(index, index + 500) },
        );
        found.push(...(data?.nodes ?? []).map(({ eventId }) => Number(eventId)));
      }
      expect(found).toEqual(truth.map(({ id }) => id));
    });

    it('is asked once a page', async () => {
      await using proxy = await startRecordingProxy(unleash.url);
      await using gateway = await startGateway([{ ...own(), url: proxy.url }]);
      await readPage(gateway, { first: 1 });
      proxy.requests.length = 0;
      const pages = await walk(gateway, { size: 20 });
      expect(proxy.requests).toHaveLength(pages.length);
    });

    it.for([
      ['newer than all', (_read: UnleashEvent[]) => Date.UTC(2026, 4, 1)],
      ['where the reader has been', (read: UnleashEvent[]) => timeOf(read[3])],
      ['in the millisecond where the reader is', (read: UnleashEvent[]) => timeOf(read.at(-1))],
    ] as const)('goes on where a reader was when 200 events have come in between, %s', async ([where, timeFor]) => {
      const project = `zones ${where}`.replaceAll(' ', '-');
      await control(unleash).insertEvents({ rows: historyOf(project) });
      const before = await listAllEvents(unleash, { project: `IS:${project}` });
      await using gateway = await startGateway([{ ...own(), projects: [project] }]);
      const first = await readPage(gateway, { first: 20 });
      const time = timeFor(before.slice(0, 20));
      // The newest microsecond of the millisecond, so that they stand before everything that was there.
      const created_at = new Date(time).toISOString().replace('Z', '999Z');
      const row = { project, type: 'feature-created', created_at };
      await control(unleash).insertEvents({ rows: Array.from({ length: 200 }, () => row) });
      expect(idsOf([first, ...(await walkOn(gateway, first, 20))])).toEqual(toIds(before));
    });
  });
}

async function walkOn(gateway: Parameters<typeof readPage>[0], from: Page, size: number): Promise<Page[]> {
  const pages: Page[] = [];
  for (let page = from; page.pageInfo.hasNextPage; ) {
    page = await readPage(gateway, { first: size, after: page.pageInfo.endCursor });
    pages.push(page);
  }
  return pages;
}

function toIds(events: readonly UnleashEvent[]): string[] {
  return events.map(({ id }) => String(id));
}

function timeOf(event: UnleashEvent | undefined): number {
  return Date.parse(event?.createdAt ?? '');
}

function windowOf(from: number, to: number): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** Some 1,500 events of eight days, written in no order: every half hour, around every midnight, and ties of all sizes. */
function historyOf(project: string): EventRow[] {
  const days = Array.from({ length: DAYS }, (_, index) => FIRST_DAY + index * DAY);
  const halfHours = days.flatMap((day) => Array.from({ length: 48 }, (_, index) => micros(day + index * 30 * MINUTE)));
  const nearMidnights = days.flatMap((day) =>
    [0, 7, 8, 10, 12, 18.5].flatMap((hours) =>
      [-1_000, -1, 1, 1_000].map((distance) => micros(day + hours * HOUR) + distance),
    ),
  );
  const ties = days.flatMap((day) =>
    [0, 8, 10, 12].flatMap((hours) =>
      Array.from({ length: 20 }, (_, index) => micros(day + hours * HOUR) + (index % 2 === 0 ? 0 : index)),
    ),
  );
  const oneMillisecond = Array.from({ length: 280 }, (_, index) => micros(FIRST_DAY + 4 * DAY + HOUR) + (index % 7));
  return shuffled([...halfHours, ...nearMidnights, ...ties, ...oneMillisecond]).map((time) => ({
    project,
    type: 'feature-environment-enabled',
    feature_name: 'zoned',
    environment: 'production',
    created_at: `${new Date(Math.floor(time / 1_000)).toISOString().slice(0, -1)}${String(time % 1_000).padStart(3, '0')}Z`,
  }));
}

function micros(time: number): number {
  return time * 1_000;
}

/** Always the same way. */
function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item, index) => ({ item, rank: (index * 7_919) % 1_511 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
