/**
 * What a query costs: server CPU, memory, time and upstream calls, as ratios to the floor of the same run (`floor.ts`).
 * Times by themselves say more about the machine. `npm run bench -- --quick` takes two minutes instead of fifteen;
 * `--json <file>` says where all figures go; `--against <folder>` measures the CPU of another checkout in the same rounds.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { CONNECTIONS, measureCosts, printCosts, type Subject, snapshot } from './costs.ts';
import { atLeast, atMost, type Goal, median, print, printGoals, printTable } from './goals.ts';
import { ask, type LoadResult, load } from './load.ts';
import { bodiesOf, type QueryName, toBody, WAYS } from './queries.ts';
import { isPinned, pinLoad, type Server, startServer, startUpstreams } from './servers.ts';
import { headline, tick } from './terminal.ts';
import { measureWalk, readAll, type WalkResult } from './walk.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string', default: 'bench/results.json' },
    against: { type: 'string' },
  },
});
const size = flags.quick
  ? { rounds: 3, queries: 600, slowQueries: 768, seconds: 10, walks: [2], depth: 300 }
  : { rounds: 7, queries: 3_000, slowQueries: 4_096, seconds: 60, walks: [2, 7, 20], depth: 1_000 };
const QUERY_NAMES: readonly QueryName[] = ['q1', 'q2'];
const NARROW = CONNECTIONS;
const WIDE = 256;
const LATENCY_MS = 50;

pinLoad();
using upstreams = await startUpstreams();
tick('starting');
using floor = await startServer({ name: 'floor', main: 'bench/floor.ts', upstreams });
using gateway = await startServer({ name: 'gateway', upstreams });
using counted = await startServer({ name: 'with metrics', upstreams, env: { METRICS_PORT: '0' } });
using other = flags.against
  ? await startServer({ name: flags.against, upstreams, checkout: path.resolve(flags.against) })
  : undefined;
const { cursors } = await readAll(gateway, () => {}, 20);

const costs = await measureCosts({
  subjects: subjectsOf(),
  upstreams,
  rounds: size.rounds,
  queries: size.queries,
});
const slow = await measureSlow();
const memory = await measureMemory();
const depth = await measureDepth();
const walks: WalkResult[] = [];
for (const feeds of size.walks) walks.push(await measureWalk(feeds, upstreams));
const coldStartMs = await measureColdStart();
tick('');

const goals = judge();
const report = [
  headline(flags.quick ? 'quick: figures are rough' : undefined),
  '',
  printCosts(costs),
  '',
  printTable([
    [`latency ${LATENCY_MS} ms, unique`, 'a second', 'p50 ms', 'p99 ms'],
    ...slow.map(({ name, p50Ms, p99Ms, perSecond }) => [name, ...[perSecond, p50Ms, p99Ms].map(print)]),
  ]),
  '',
  printTable([
    ['a walk by 20', 'pages', 'calls', '÷ fewest', 'second walk'],
    ...walks.map(({ calls, callsAgain, feeds, fewest, pages }) => [
      `${feeds} feeds`,
      String(pages),
      String(calls),
      print(calls / fewest),
      String(callsAgain),
    ]),
  ]),
  '',
  `cold start to the first answer: ${Math.round(coldStartMs)} ms (floor ${Math.round(floor.coldStartMs)})`,
  `RSS after ${size.seconds} s at ${NARROW} connections: ${print(memory.gateway / 1e6)} MB (floor ${print(memory.floor / 1e6)})`,
  `page ${size.depth} ÷ page 1: calls ${print(depth.calls)}, CPU ${print(depth.cpu)}`,
  '',
  printGoals(goals),
];
process.stdout.write(`${report.join('\n')}\n`);
writeFileSync(
  flags.json,
  `${JSON.stringify({ node: process.version, at: new Date(), isPinned, costs, slow, memory, depth, walks, coldStartMs, goals }, null, 2)}\n`,
);

function subjectsOf(): Subject[] {
  return QUERY_NAMES.flatMap((query) => [
    { name: `floor ${query}`, server: floor, bodies: () => bodiesOf(query, 'unique', cursors), isFloor: true },
    ...WAYS.flatMap((way) =>
      [gateway, counted, ...(other ? [other] : [])].map((server) => ({
        name: server === gateway ? `${query} ${way}` : `${query} ${way}, ${server.name}`,
        server,
        bodies: () => bodiesOf(query, way, cursors),
      })),
    ),
  ]);
}

async function measureSlow(): Promise<(LoadResult & { name: string })[]> {
  const results: (LoadResult & { name: string })[] = [];
  await upstreams.setLatency(LATENCY_MS);
  for (const query of QUERY_NAMES) {
    for (const connections of [NARROW, WIDE]) {
      for (const server of [floor, gateway]) {
        const name = `${server.name} ${query}, ${connections} connections`;
        tick(`latency ${LATENCY_MS} ms: ${name}`);
        const bodies = bodiesOf(query, 'unique', cursors);
        await load({ url: server.url, connections, bodies, queries: connections * 2 });
        const rounds: LoadResult[] = [];
        for (let round = 0; round < 3; round += 1) {
          rounds.push(await load({ url: server.url, connections, bodies, queries: size.slowQueries }));
        }
        const of = (figure: keyof LoadResult) => median(rounds.map((round) => round[figure]));
        results.push({
          name,
          queries: of('queries'),
          perSecond: of('perSecond'),
          p50Ms: of('p50Ms'),
          p99Ms: of('p99Ms'),
        });
      }
    }
  }
  await upstreams.setLatency(0);
  return results;
}

/** Bytes at the end of the load: unique queries, the dearest for the memory. */
async function measureMemory(): Promise<{ gateway: number; floor: number }> {
  const rss = new Map<Server, number>();
  for (const server of [floor, gateway]) {
    tick(`${size.seconds} s of load: ${server.name}`);
    await load({
      url: server.url,
      connections: NARROW,
      bodies: bodiesOf('q2', 'unique', cursors),
      seconds: size.seconds,
    });
    rss.set(server, (await server.usage()).rssBytes);
  }
  return { gateway: rss.get(gateway) ?? Number.NaN, floor: rss.get(floor) ?? Number.NaN };
}

/** A deep page beside the first, each asked anew by a gateway that remembers nothing. */
async function measureDepth(): Promise<{ calls: number; cpu: number }> {
  using forgetful = await startServer({
    name: 'forgetful',
    upstreams,
    env: { PAGE_CACHE_MS: '0', HISTORY_CACHE_MB: '0' },
  });
  const { cursors: all } = await readAll(forgetful, (page) => tick(`page ${page} of ${size.depth}`), size.depth);
  // Both resume from a cursor.
  const places = [all[0] ?? null, all.at(-1) ?? null].map((after) => ({
    after,
    cpu: [] as number[],
    calls: [] as number[],
  }));
  for (let round = 0; round <= size.rounds; round += 1) {
    for (const { after, calls, cpu } of places) {
      const pool = new Pool(forgetful.url.origin, { connections: 1 });
      const before = await snapshot(forgetful, upstreams);
      for (let query = 0; query < 100; query += 1) await ask(pool, forgetful.url, toBody('q1', { first: 20, after }));
      const now = await snapshot(forgetful, upstreams);
      await pool.close();
      if (round === 0) continue;
      cpu.push(now.cpuMicros - before.cpuMicros);
      calls.push(now.calls - before.calls);
    }
  }
  const [first, last] = places;
  return {
    calls: median(last?.calls ?? []) / median(first?.calls ?? []),
    cpu: median(last?.cpu ?? []) / median(first?.cpu ?? []),
  };
}

async function measureColdStart(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < size.rounds; round += 1) {
    tick(`cold start ${round + 1}`);
    using server = await startServer({ name: `cold ${round}`, upstreams });
    times.push(server.coldStartMs);
  }
  return median(times);
}

function judge(): Goal[] {
  const ratio = (name: string) => costs.find((cost) => cost.name === name)?.ratio ?? Number.NaN;
  const slowOf = (name: string) => slow.find((each) => each.name === name);
  const [wide, wideFloor] = ['gateway', 'floor'].map((name) => slowOf(`${name} q1, ${WIDE} connections`));
  const narrow = slowOf(`gateway q2, ${NARROW} connections`);
  const per = (a: number | undefined, b: number | undefined) => (a ?? Number.NaN) / (b ?? Number.NaN);
  return [
    ...walks.map(({ calls, feeds, fewest }) =>
      atMost(`calls of a walk over ${feeds} feeds ÷ fewest`, 1.2, calls / fewest),
    ),
    ...walks.map(({ callsAgain, feeds }) =>
      atMost(`calls of the second walk over ${feeds} feeds`, 2 * feeds, callsAgain),
    ),
    ...QUERY_NAMES.map((name) => atMost(`CPU per remembered ${name} ÷ floor`, 0.5, ratio(`${name} remembered`))),
    ...QUERY_NAMES.map((name) => atMost(`CPU per unique ${name} ÷ floor`, 1.3, ratio(`${name} unique`))),
    ...QUERY_NAMES.map((name) => atMost(`CPU per repeated ${name} ÷ floor`, 0.4, ratio(`${name} repeated`))),
    ...QUERY_NAMES.flatMap((name) =>
      WAYS.map((way) =>
        atMost(
          `CPU with METRICS_PORT ÷ without, ${name} ${way}`,
          // Two gateways of the same kind differ by 3 %, and by more where a query costs little.
          way === 'repeated' ? 1.2 : 1.1,
          ratio(`${name} ${way}, ${counted.name}`) / ratio(`${name} ${way}`),
        ),
      ),
    ),
    atMost(`RSS in MB after ${size.seconds} s of ${NARROW} connections`, 200, memory.gateway / 1e6),
    atMost(`p50 ÷ upstream latency, q2 unique`, 1.06, per(narrow?.p50Ms, LATENCY_MS)),
    atMost(`p99 at ${WIDE} connections ÷ floor’s`, 1.25, per(wide?.p99Ms, wideFloor?.p99Ms)),
    atLeast(`queries a second at ${WIDE} connections ÷ floor’s`, 0.7, per(wide?.perSecond, wideFloor?.perSecond)),
    atMost(`page ${size.depth} ÷ page 1: calls`, 1, depth.calls),
    atMost(`page ${size.depth} ÷ page 1: CPU`, 1.1, depth.cpu),
  ];
}
