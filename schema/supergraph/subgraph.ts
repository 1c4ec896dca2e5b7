/** The gateway of this repository as a process of its own, as anybody would start it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listen } from './listen.ts';

const START_MS = 30_000;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface SubgraphProcess extends AsyncDisposable {
  /** Of its GraphQL endpoint. */
  url: string;
  sdl: string;
  /** Whether it is still there. */
  isAlive(): boolean;
}

/** Waits until it answers. `env` is all of its environment but where it listens. */
export async function startSubgraph(env: Readonly<Record<string, string | undefined>>): Promise<SubgraphProcess> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [MAIN], {
    env: { ...env, HOST: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const end = async () => {
    child.kill();
    await exited;
  };
  const url = `http://127.0.0.1:${port}/graphql`;
  try {
    return { url, sdl: await readSdl(url, env.SUBGRAPH_SECRET, isAlive), isAlive, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function readSdl(url: string, secret: string | undefined, isAlive: () => boolean): Promise<string> {
  for (const end = Date.now() + START_MS; Date.now() < end && isAlive(); await sleep(100)) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(secret && { 'x-subgraph-secret': secret }) },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
    }).catch(() => undefined);
    const answer = (await response?.json()) as { data?: { _service: { sdl: string } } } | undefined;
    if (answer?.data) return answer.data._service.sdl;
  }
  throw new Error('The subgraph does not answer.');
}

async function findFreePort(): Promise<number> {
  const { close, url } = await listen(createServer());
  await close();
  return Number(new URL(url).port);
}
