/** A Redis of the tests' own, without persistence, which they may stop, pause and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from '@redis/client';

const REDIS = '/usr/bin/redis-server';
export const NO_REDIS = 'Redis is not installed: run .ci/install-redis';
export const hasRedis = existsSync(REDIS);

export interface RedisServer extends AsyncDisposable {
  url: string;
  /** How many replicas there are. */
  connections(): Promise<number>;
  /** It keeps its connections, and answers nothing. */
  pause(): void;
  resume(): void;
  /** Everything in it is lost. */
  stop(): Promise<void>;
  /** On the same port as before. */
  start(): Promise<void>;
}

export async function startRedis(...args: string[]): Promise<RedisServer> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async connections() {
      const client = await createClient({ url: server.url }).connect();
      const list = await client.sendCommand<string>(['CLIENT', 'LIST', 'TYPE', 'pubsub']);
      client.destroy();
      return list.split('\n').filter(Boolean).length;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    async start() {
      const more = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', ...args];
      child = spawn(REDIS, ['--port', String(port), ...more], { stdio: 'ignore' });
      await listening(port);
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
  await server.start();
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await wait(25);
  }
  throw new Error('Redis does not start.');
}
