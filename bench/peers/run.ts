/**
 * What somebody would take instead, beside the gateway and the floor in the same rounds: `npm run bench:peers`. The peers
 * merge one page by hand, with the floor's code; none of them resumes from a cursor.
 */
import { measureCosts, printCosts, type Subject } from '../costs.ts';
import { printTable } from '../goals.ts';
import { bodiesOf, QUERIES, type QueryName } from '../queries.ts';
import { pinLoad, startServer, startUpstreams } from '../servers.ts';
import { headline, tick } from '../terminal.ts';

const ROUNDS = 5;
const QUERIES_A_ROUND = 1_500;
const PEERS = ['mercurius', 'apollo-server', 'yoga-pothos', 'hive-gateway'] as const;

pinLoad();
using upstreams = await startUpstreams();
using stack = new DisposableStack();
const floor = stack.use(await startServer({ name: 'floor', main: 'bench/floor.ts', upstreams }));
const gateway = stack.use(await startServer({ name: 'gateway', upstreams }));
const servers = [gateway];
for (const name of PEERS) {
  servers.push(stack.use(await startServer({ name, main: `bench/peers/${name}.ts`, upstreams })));
}

const subjects = (Object.keys(QUERIES) as QueryName[]).flatMap((query): Subject[] => {
  const bodies = () => bodiesOf(query, 'unique', []);
  return [
    { name: `floor ${query}`, server: floor, bodies, isFloor: true },
    ...servers.map((server) => ({ name: `${server.name} ${query}`, server, bodies })),
  ];
});
const costs = await measureCosts({ subjects, upstreams, rounds: ROUNDS, queries: QUERIES_A_ROUND });
const afterwards = await Promise.all(
  [floor, ...servers].map(async ({ coldStartMs, name, usage }) => {
    const { rssBytes } = await usage();
    return [name, String(Math.round(rssBytes / 1e6)), String(Math.round(coldStartMs))];
  }),
);
tick('');

const report = [
  headline('unique queries'),
  '',
  printCosts(costs),
  '',
  printTable([['afterwards', 'RSS MB', 'cold start ms'], ...afterwards]),
];
process.stdout.write(`${report.join('\n')}\n`);
