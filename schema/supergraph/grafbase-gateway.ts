/** Grafbase Gateway, a router in Rust, as `grafbase dev` runs it. It composes the subgraphs by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayServer, GatewaySettings } from './gateway-server.ts';
import { listen } from './listen.ts';

const START_MS = 30_000;
const PACKAGE = '@grafbase/cli-x86_64-unknown-linux-musl';

/** npm has it for Linux on x64 only. */
export const hasGrafbaseGateway = process.platform === 'linux' && process.arch === 'x64';

export async function startGrafbaseGateway({ port, secret, subgraphs }: GatewaySettings): Promise<GatewayServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'grafbase-'));
  const file = async (name: string, text: string) => {
    const place = path.join(folder, name);
    await writeFile(place, text);
    return place;
  };
  const sections = await Promise.all(
    subgraphs.map(async ({ name, sdl, url }) => {
      const schema = await file(`${name}.graphql`, sdl);
      return `[subgraphs.${name}]\nurl = ${JSON.stringify(url)}\nschema_path = ${JSON.stringify(schema)}\n`;
    }),
  );
  const rules = [
    ...subgraphs.map(({ name }) => toRule(name, { rule: 'forward', name: 'authorization' })),
    ...(secret ? [toRule('flag-events', { rule: 'insert', name: 'x-subgraph-secret', value: secret })] : []),
  ];
  const config = await file('grafbase.toml', rules.join('\n'));
  const overrides = await file('overrides.toml', sections.join('\n'));
  const chosen = port ?? (await findFreePort());
  const child = spawn(
    findBinary(),
    ['--home', folder, 'dev', '--gateway-config', config, '--graph-overrides', overrides, '--port', String(chosen)],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder },
  );
  const exited = once(child, 'exit');
  const end = async () => {
    child.kill();
    await exited;
    await rm(folder, { recursive: true });
  };
  const url = `http://127.0.0.1:${chosen}/graphql`;
  for (const limit = Date.now() + START_MS; ; await sleep(100)) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }' }),
    }).catch(() => undefined);
    if (answer?.ok) return { url, [Symbol.asyncDispose]: end };
    if (child.exitCode !== null || Date.now() > limit) {
      await end();
      throw new Error('Grafbase Gateway does not answer.');
    }
  }
}

function findBinary(): string {
  const { resolve } = createRequire(import.meta.url);
  return path.join(path.dirname(resolve(`${PACKAGE}/package.json`)), 'grafbase');
}

function toRule(subgraph: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return `[[subgraphs.${subgraph}.headers]]\n${lines.join('\n')}\n`;
}

async function findFreePort(): Promise<number> {
  const { close, url } = await listen(createServer());
  await close();
  return Number(new URL(url).port);
}
