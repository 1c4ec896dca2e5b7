/** A whole walk by twenty, and what it costs the vendors. */
import { Pool } from 'undici';
import { EVENTS_PER_VENDOR } from './events.ts';
import { ask } from './load.ts';
import { toBody } from './queries.ts';
import { type Server, startServer, type Upstreams } from './servers.ts';
import { tick } from './terminal.ts';

export interface WalkResult {
  feeds: number;
  pages: number;
  /** The fewest calls that can bring every event: for each feed, its events by its largest page. */
  fewest: number;
  calls: number;
  /** Of a second walk, right after the first. */
  callsAgain: number;
}

const LARGEST_PAGE = { launchDarkly: 100, unleash: 1_000 };

/** `feeds` - 1 environments of LaunchDarkly, and one Unleash. */
export async function measureWalk(feeds: number, upstreams: Upstreams): Promise<WalkResult> {
  const environments = feeds - 1;
  const project = `many-${environments}`;
  const projects = Array.from({ length: environments }, (_, index) => `${project}/${project}-${index}`);
  using server = await startServer({ name: `walk ${feeds}`, upstreams, projects });
  const walked: number[] = [];
  let pages = 0;
  for (const round of ['first', 'second']) {
    const before = await upstreams.count();
    pages = (await readAll(server, (page) => tick(`${round} walk over ${feeds} feeds, page ${page}`))).pages;
    walked.push((await upstreams.count()) - before);
  }
  const [calls = Number.NaN, callsAgain = Number.NaN] = walked;
  const fewest =
    environments * Math.ceil(EVENTS_PER_VENDOR / environments / LARGEST_PAGE.launchDarkly) +
    Math.ceil(EVENTS_PER_VENDOR / LARGEST_PAGE.unleash);
  return { feeds, pages, fewest, calls, callsAgain };
}

export interface Reading {
  events: number;
  pages: number;
  /** Of each page's end. */
  cursors: string[];
}

export async function readAll(
  server: Server,
  onPage: (page: number) => void,
  maxPages = Number.POSITIVE_INFINITY,
): Promise<Reading> {
  const pool = new Pool(server.url.origin, { connections: 1 });
  const reading: Reading = { events: 0, pages: 0, cursors: [] };
  for (let after: string | null = null; ; ) {
    const text = await ask(pool, server.url, toBody('q1', { first: 20, after }));
    const { edges, pageInfo } = JSON.parse(text).data.flagEvents;
    reading.events += edges.length;
    reading.pages += 1;
    if (reading.pages % 50 === 0) onPage(reading.pages);
    if (!pageInfo.hasNextPage || reading.pages >= maxPages) break;
    after = pageInfo.endCursor;
    reading.cursors.push(pageInfo.endCursor);
  }
  await pool.close();
  return reading;
}
