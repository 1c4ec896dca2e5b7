/**
 * What a query costs the gateway, as a ratio to the floor of the same run: a server that asks both upstreams and merges
 * their answers without GraphQL. Server CPU time per query, medians of several rounds taken in turns; times by themselves
 * say more about the machine.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Pool } from 'undici';

const ROUNDS = 5;
const QUERIES = 1_500;
const CONNECTIONS = 32;

const FIELDS =
  'id occurredAt kind type title flag { key } project { key } environment { key } actor { email } source { name }';
const EXPERIMENTS = '... on LaunchDarklyFlagEvent { experiments { nodes { key name } } }';
const page = (fields: string) =>
  `query ($from: DateTime!) { flagEvents(first: 20, filter: { from: $from }) { edges { cursor node { ${fields} } } } }`;

interface Subject {
  name: string;
  server: string;
  query: string;
  /** Whether each query has a filter of its own, so that no two share an upstream call. @default true */
  isDistinct?: boolean;
}

const subjects: Subject[] = [
  { name: 'floor: no GraphQL', server: 'floor', query: page(FIELDS) },
  { name: '20 events', server: 'gateway', query: page(FIELDS) },
  { name: '20 events with experiments', server: 'gateway', query: page(`${FIELDS} ${EXPERIMENTS}`) },
  { name: '20 events, everybody asks the same', server: 'gateway', query: page(FIELDS), isDistinct: false },
  {
    name: '20 events, remembered for 2 s',
    server: 'gateway with remembered pages',
    query: page(FIELDS),
    isDistinct: false,
  },
];

const upstreams = fork(new URL('upstreams.ts', import.meta.url));
const [{ launchDarklyUrl, unleashUrl }] = await once(upstreams, 'message');
const running = await Promise.all(
  subjects.map(async (subject) => {
    const child = fork(new URL('servers.ts', import.meta.url), [subject.server, launchDarklyUrl, unleashUrl]);
    const [{ url }] = await once(child, 'message');
    return { ...subject, child, url: new URL(url), costs: [] as number[] };
  }),
);

for (let round = 0; round <= ROUNDS; round += 1) {
  for (const subject of running) {
    const before = await usage(subject.child);
    await load(subject);
    const cost = ((await usage(subject.child)).cpu - before.cpu) / QUERIES;
    // The first round warms up.
    if (round > 0) subject.costs.push(cost);
  }
}

const floor = median(running[0]?.costs ?? []);
for (const { child, costs, name } of running) {
  const { rss } = await usage(child);
  const row = [
    name.padEnd(38),
    (median(costs) / floor).toFixed(2).padStart(6),
    `${Math.round(rss / 1e6)} MB`.padStart(8),
  ];
  process.stdout.write(`${row.join('  ')}\n`);
  child.kill();
}
upstreams.kill();

/** CPU time in microseconds since the process began. */
async function usage(child: ChildProcess): Promise<{ cpu: number; rss: number }> {
  child.send('usage');
  const [{ cpu, rss }] = await once(child, 'message');
  return { cpu: cpu.user + cpu.system, rss };
}

async function load({ isDistinct = true, query, url }: Subject & { url: URL }): Promise<void> {
  const pool = new Pool(url.origin, { connections: CONNECTIONS });
  const indexes = Array.from({ length: QUERIES }, (_, index) => index).values();
  const worker = async () => {
    for (const index of indexes) {
      const { body, statusCode } = await pool.request({
        method: 'POST',
        path: url.pathname,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          query,
          variables: { from: `2020-01-01T00:00:00.${isDistinct ? String(index).padStart(4, '0').slice(-3) : '000'}Z` },
        }),
      });
      const text = await body.text();
      if (statusCode !== 200 || text.includes('"errors"')) throw new Error(`${statusCode}: ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  await pool.close();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
