import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createListener } from '../../src/edge/listener.ts';
import type { ReadingLimits } from '../../src/edge/slow-readers.ts';
import { silentLog } from '../../src/observe/log.ts';
import { listen } from '../support/gateway.ts';

/** More than the system keeps for a connection. */
const BYTES = 16 * 1024 * 1024;
const SOON: ReadingLimits = { idleMs: 300, wholeMs: 60_000 };

async function start(answer: () => Response, reading: ReadingLimits) {
  const held = { unsent: 0, closed: 0 };
  const listener = createListener({ answer, isPrivate: true, log: silentLog, reading });
  const server = createServer((request, response) => {
    held.unsent += 1;
    response.once('finish', () => (held.unsent -= 1)).once('close', () => (held.closed += 1));
    listener(request, response);
  });
  const { port } = new URL(await listen(server));
  return {
    held,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    ask() {
      const socket = connect({ port: Number(port), host: '127.0.0.1' });
      socket.on('error', () => {}).write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      return socket;
    },
    [Symbol.dispose]: (): void => server.close().closeAllConnections(),
  };
}

const large = () => new Response('x'.repeat(BYTES));

describe('a client that does not read its answer', () => {
  it('loses its connection, and holds nothing any more: ten of them', async () => {
    using server = await start(large, SOON);
    const sockets = Array.from({ length: 10 }, () => server.ask().pause());
    await expect.poll(() => server.held.closed, { timeout: 10_000 }).toBe(10);
    expect([server.held.unsent, await server.connections()]).toEqual([10, 0]);
    for (const socket of sockets) socket.destroy();
  });

  it('loses it when it reads a little now and then, once the whole answer takes too long', async () => {
    using server = await start(large, { idleMs: 60_000, wholeMs: 300 });
    const socket = server.ask().pause();
    const reading = setInterval(() => socket.read(10), 10);
    await expect.poll(() => server.held.closed, { timeout: 10_000 }).toBe(1);
    clearInterval(reading);
    expect([server.held.unsent, await server.connections()]).toEqual([1, 0]);
    socket.destroy();
  });
});

describe('a client that reads', () => {
  it('gets a large answer, also slowly', async () => {
    using server = await start(large, SOON);
    expect(await slowly(server.ask())).toBeGreaterThan(BYTES);
  });

  it('gets an answer whose parts are far apart', async () => {
    const parts = async function* () {
      yield Buffer.from('one');
      await wait(3 * SOON.idleMs);
      yield Buffer.from('two');
    };
    using server = await start(() => new Response(Readable.toWeb(Readable.from(parts())) as never), SOON);
    const received = await text(server.ask());
    expect([received.includes('one'), received.includes('two')]).toEqual([true, true]);
  });
});

/** Bytes received, with a pause after each megabyte. */
async function slowly(socket: Socket): Promise<number> {
  let [bytes, since] = [0, 0];
  socket.on('data', async ({ length }) => {
    bytes += length;
    since += length;
    if (since < 1024 * 1024) return;
    since = 0;
    socket.pause();
    await wait(20);
    socket.resume();
  });
  await once(socket, 'close');
  return bytes;
}
