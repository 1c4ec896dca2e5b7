/** The servers under measurement, each a process as in production, on a core of its own where `taskset` can give it one. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Upstreams extends Disposable {
  launchDarklyUrl: string;
  unleashUrl: string;
  setLatency(ms: number): Promise<void>;
  /** How many calls there were since the process began. */
  count(): Promise<number>;
}

export interface Server extends Disposable {
  name: string;
  url: URL;
  /** From the start of the process to its first answer. */
  coldStartMs: number;
  usage(): Promise<{ cpuMicros: number; rssBytes: number }>;
}

/** Whether servers have a core that neither the load nor the upstreams use. */
export const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0;

const SERVER_CORE = '0';
const LOAD_CORE = '1';
const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** This process makes the load. */
export function pinLoad(): void {
  if (isPinned) spawnSync('taskset', ['-cap', LOAD_CORE, String(process.pid)]);
}

export async function startUpstreams(): Promise<Upstreams> {
  const child = fork(fileURLToPath(new URL('upstreams.ts', import.meta.url)));
  const [{ launchDarklyUrl, unleashUrl }] = await once(child, 'message');
  const tell = async (message: object): Promise<number> => {
    child.send(message);
    const [{ calls }] = await once(child, 'message');
    return calls;
  };
  return {
    launchDarklyUrl,
    unleashUrl,
    async setLatency(latencyMs) {
      await tell({ latencyMs });
    },
    count: () => tell({ count: true }),
    [Symbol.dispose]: () => void child.kill(),
  };
}

export interface ServerOptions {
  /** A name for people. */
  name: string;
  /** Which file is started. @default the gateway */
  main?: 'src/main.ts' | `bench/${string}.ts`;
  upstreams: Upstreams;
  /** Of LaunchDarkly. @default ['payments/payments-0'] */
  projects?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Another checkout of the gateway. @default this one */
  checkout?: string | undefined;
}

/** The gateway with its defaults in production, its log on and written to a file; or what stands beside it. */
export async function startServer({
  checkout,
  env = {},
  main: file = 'src/main.ts',
  name,
  projects,
  upstreams,
}: ServerOptions): Promise<Server> {
  const { launchDarklyUrl, unleashUrl } = upstreams;
  const port = await freePort();
  const config = path.join(folder, `${name.replaceAll(/\W+/g, '-')}.config.ts`);
  const sources = [
    {
      vendor: 'launchdarkly',
      accessToken: 'api-bench',
      url: launchDarklyUrl,
      projects: projects ?? ['payments/payments-0'],
    },
    { vendor: 'unleash', apiToken: 'bench', url: unleashUrl },
  ];
  writeFileSync(config, `export default ${JSON.stringify({ sources })};\n`);
  const own = fileURLToPath(new URL('..', import.meta.url));
  const main = path.join(checkout ?? own, file);
  const isGateway = file === 'src/main.ts';
  const probe = new URL('probe.ts', import.meta.url).href;
  const command = [process.execPath, '--import', probe, main];
  const [program = '', ...parameters] = isPinned ? ['taskset', '-c', SERVER_CORE, ...command] : command;
  const log = openSync(path.join(folder, `${name.replaceAll(/\W+/g, '-')}.log`), 'a');
  const beganAt = performance.now();
  const child = spawn(program, parameters, {
    stdio: ['ignore', log, 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      GATEWAY_CONFIG: config,
      RATE_LIMIT_PER_MINUTE: '0',
      LAUNCHDARKLY_URL: isGateway ? undefined : launchDarklyUrl,
      UNLEASH_URL: isGateway ? undefined : unleashUrl,
      ...env,
    },
  });
  const url = new URL(`http://127.0.0.1:${port}/graphql`);
  await firstAnswer(url, child);
  return {
    name,
    url,
    coldStartMs: performance.now() - beganAt,
    async usage() {
      child.send('usage');
      const [{ cpu, rss }] = await once(child, 'message');
      return { cpuMicros: cpu.user + cpu.system, rssBytes: rss };
    },
    // A server that shuts down in its own order may wait for connections.
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

async function firstAnswer(url: URL, child: ChildProcess): Promise<void> {
  const body = JSON.stringify({ query: '{ flagEvents(first: 1) { edges { node { id } } } }', variables: {} });
  for (;;) {
    if (child.exitCode !== null) throw new Error('The server has ended.');
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    if (answer?.ok) return void (await answer.text());
    await new Promise((done) => setTimeout(done, 5));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
