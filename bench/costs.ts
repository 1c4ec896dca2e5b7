/** What a query costs a server's processor, in rounds that all servers take part in. */
import { median, print, printTable } from './goals.ts';
import { type LoadResult, load } from './load.ts';
import type { Server, Upstreams } from './servers.ts';
import { tick } from './terminal.ts';

export const CONNECTIONS = 32;

/** One server and one kind of query. Ratios are to the floor before it in the list. */
export interface Subject {
  name: string;
  server: Server;
  bodies: () => Iterator<string>;
  isFloor?: boolean;
}

export interface Cost {
  name: string;
  cpu: number;
  ratio: number;
  calls: number;
  p50Ms: number;
  p99Ms: number;
}

export interface CostOptions {
  subjects: readonly Subject[];
  upstreams: Upstreams;
  rounds: number;
  /** In each round, of each subject. */
  queries: number;
}

/** In each round every server answers every query; a ratio is to the floor of the same round. */
export async function measureCosts({ queries, rounds, subjects, upstreams }: CostOptions): Promise<Cost[]> {
  type Round = LoadResult & { cpu: number; calls: number; ratio: number };
  const measured = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= rounds; round += 1) {
    let floorCpu = Number.NaN;
    for (const [subject, results] of measured) {
      const { bodies, isFloor = false, name, server } = subject;
      tick(`round ${round} of ${rounds}: ${name}`);
      const before = await snapshot(server, upstreams);
      const result = await load({ url: server.url, connections: CONNECTIONS, bodies: bodies(), queries });
      const after = await snapshot(server, upstreams);
      const cpu = (after.cpuMicros - before.cpuMicros) / result.queries;
      if (isFloor) floorCpu = cpu;
      const calls = (after.calls - before.calls) / result.queries;
      // The first round warms up.
      if (round > 0) results.push({ ...result, cpu, calls, ratio: cpu / floorCpu });
    }
  }
  return [...measured].map(([{ name }, results]) => {
    const of = (figure: keyof Round) => median(results.map((result) => result[figure]));
    return { name, cpu: of('cpu'), ratio: of('ratio'), calls: of('calls'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms') };
  });
}

export function printCosts(costs: readonly Cost[]): string {
  return printTable([
    [`latency 0, ${CONNECTIONS} connections`, 'CPU µs', '÷ floor', 'calls', 'p50 ms', 'p99 ms'],
    ...costs.map(({ calls, cpu, name, p50Ms, p99Ms, ratio }) => [
      name,
      ...[cpu, ratio, calls, p50Ms, p99Ms].map(print),
    ]),
  ]);
}

/** What a server has used, and how often the upstreams were called. */
export async function snapshot(server: Server, upstreams: Upstreams) {
  return { ...(await server.usage()), calls: await upstreams.count() };
}
