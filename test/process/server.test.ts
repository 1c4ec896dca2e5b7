import { Agent, type RequestListener, request, type ServerOptions } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createServer, type GracefulServer, LIMITS } from '../../src/process/server.ts';
import { listen } from '../support/gateway.ts';

async function start(
  listener: RequestListener,
  limits?: ServerOptions,
): Promise<GracefulServer & Disposable & { port: number }> {
  const graceful = createServer(listener, limits);
  const { port } = new URL(await listen(graceful.server));
  return {
    ...graceful,
    port: Number(port),
    [Symbol.dispose]: (): void => graceful.server.close().closeAllConnections(),
  };
}

/** `answered`, or the code of the error. */
function post(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sending = request({ host: '127.0.0.1', port, agent, method: 'POST' }, (response) => {
      response.resume().on('end', () => resolve('answered'));
      response.on('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)));
    });
    sending.on('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code))).end('{}');
  });
}

/** Busy for a moment with each request, as a gateway is: so connections queue up in front of it. */
const busy: RequestListener = (_request, response) => {
  const until = performance.now() + 1;
  while (performance.now() < until) {}
  setTimeout(() => response.end(), 5);
};

describe('the end of a server', () => {
  it.for([
    ['new ones', false],
    ['connections that are kept', true],
  ] as const)('answers every request sent before it refuses connections, over %s', async ([, keepAlive]) => {
    using server = await start(busy);
    const agent = new Agent({ keepAlive });
    const results: string[] = [];
    const clients = Array.from({ length: 60 }, async () => {
      do results.push(await post(server.port, agent));
      while (results.at(-1) !== 'ECONNREFUSED');
    });
    await wait(100);
    await server.shutDown({ delayMs: 200, graceMs: 5_000 });
    await Promise.all(clients);
    expect(new Set(results)).toEqual(new Set(['answered', 'ECONNREFUSED']));
    agent.destroy();
  });

  it('lets an idle connection send a last request', async () => {
    using server = await start((_request, response) => response.end('ok'));
    const socket = connect(server.port, '127.0.0.1');
    const received = text(socket);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await wait(50);
    const stopped = server.shutDown({ delayMs: 0, graceMs: 5_000 });
    await wait(50);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect((await received).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    await stopped;
  });
});

describe('a client that is too slow', () => {
  it.for([
    ['its headers', 'GET / HTTP/1.1\r\nhost: a\r\n'],
    ['its body', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n{'],
  ] as const)('is cut off when the time is over, with %s', async ([, sent]) => {
    using server = await start(() => {}, { ...LIMITS, headersTimeout: 300, requestTimeout: 600 });
    const socket = connect(server.port, '127.0.0.1');
    socket.write(sent);
    const result = await Promise.race([text(socket), wait(LIMITS.connectionsCheckingInterval + 2_000, 'still open')]);
    expect(result).toMatch(/^HTTP\/1\.1 408 /);
  });
});
