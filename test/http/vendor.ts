/** A vendor's server as badly as a test needs it, and what it takes to ask it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { CallerGoneError, DeadlineError } from '../../src/errors.ts';
import { createUpstream, type Upstream, type UpstreamOptions, type UpstreamRequest } from '../../src/http/upstream.ts';
import type { Budget } from '../../src/model.ts';
import { selfSigned } from './self-signed.ts';

export interface Vendor extends AsyncDisposable {
  url: URL;
  /** Path and query of each request. */
  requests: string[];
}

/** `number` counts the requests from 1. */
export type Respond = (response: ServerResponse, number: number, request: IncomingMessage) => void;

export async function startVendor(respond: Respond = json({ ok: true }), { isSecure = false } = {}): Promise<Vendor> {
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    respond(response, requests.length, request);
  };
  const server: Server = isSecure ? createTlsServer(selfSigned, listener) : createServer(listener);
  const port = await listen(server);
  return {
    url: new URL(`${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`),
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await close(server);
    },
  };
}

export function json(body: unknown, { headers = {}, status = 200 }: { headers?: object; status?: number } = {}) {
  return (response: ServerResponse) => void response.writeHead(status, { ...headers }).end(JSON.stringify(body));
}

/** Any server on a free port of this machine, with the sockets it has. */
export async function listen(server: NetServer): Promise<number> {
  server.on('connection', (socket: Socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function close(server: NetServer): Promise<void> {
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

export function connect(url: URL, options: Partial<UpstreamOptions> = {}): Upstream & AsyncDisposable {
  const upstream = createUpstream({ name: 'A vendor', source: 'a', url, headers: {}, ...options });
  return { ...upstream, [Symbol.asyncDispose]: upstream.close };
}

export interface TestBudget extends Budget {
  /** The caller goes away. */
  leave(): void;
}

export function budget({ calls = 100, ms = 5_000 }: { calls?: number; ms?: number } = {}): TestBudget {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DeadlineError()), ms).unref();
  return {
    signal: controller.signal,
    deadline: Date.now() + ms,
    calls: { made: 0, limit: calls },
    leave: () => controller.abort(new CallerGoneError()),
  };
}

export type Question = Partial<UpstreamRequest<unknown>>;

export function ask(upstream: Upstream, question: Question = {}): Promise<unknown> {
  return upstream.getJson({
    path: '/events',
    part: 'web/production',
    decode: (body) => (typeof body === 'object' && body !== null ? body : undefined),
    budget: budget(),
    ...question,
  });
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail');
}

/** A clock that only moves when somebody sleeps, or when the test says so. */
export function createTestClock() {
  let now = Date.now();
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms: number, signal: AbortSignal) {
      signal.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
    pass(ms: number) {
      now += ms;
    },
  };
}
