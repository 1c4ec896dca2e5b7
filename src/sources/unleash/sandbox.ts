import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createStory, type Story } from '../story.ts';
import { renderStory, type SandboxData } from './sandbox/data.ts';
import type { SandboxEvent } from './sandbox/event.ts';
import { createFaults, type SandboxRequest, type UnleashFault, type UnleashFaults } from './sandbox/faults.ts';
import { type Answer, answerInstead, type Call, createApi, page } from './sandbox/routes.ts';
import { Refused } from './sandbox/search.ts';
import { createEventStore } from './sandbox/store.ts';

export type { SandboxEvent, SandboxRequest, UnleashFault, UnleashFaults };

export interface UnleashSandboxOptions {
  /** Instead of a story. */
  events?: readonly SandboxEvent[];
  /** @default the story of seed 1 that ends now */
  story?: Story;
  /** Unix milliseconds. */
  now?: () => number;
  /** @default '*:*.sandbox-admin' */
  token?: string;
  /** Behaves like this release: older ones lack endpoints, ignore filters, omit fields. @default '8.2.0' */
  version?: string;
  /** Before `/api`, as on hosted instances; begins with a slash. @default '' */
  basePath?: string;
}

export interface UnleashSandbox extends AsyncDisposable {
  /** With the base path, without a slash at the end. */
  url: string;
  token: string;
  /** Of a kind that may not read events: answered 403. */
  clientToken: string;
  /** Oldest first, the ones answered with a fault included. */
  requests: SandboxRequest[];
  faults: UnleashFaults;
  /** Everything it holds, in the order of the server. */
  events(): readonly SandboxEvent[];
  /** Adds an event now, unless its fields say otherwise. */
  insert(event: Partial<SandboxEvent> & { type: string }): SandboxEvent;
  /** Ends open connections, also those in the middle of an answer. */
  close(): Promise<void>;
}

/** An Unleash on loopback as seen by a reader of events: the real wire format, the real pitfalls, and faults on demand. */
export async function startUnleashSandbox(options: UnleashSandboxOptions = {}): Promise<UnleashSandbox> {
  const { now = Date.now, token = '*:*.sandbox-admin', version = '8.2.0', basePath = '' } = options;
  const clientToken = '*:development.sandbox-client';
  const { events, ...rest } = initialData(options, now);
  const store = createEventStore(events, now);
  const faults = createFaults();
  const requests: SandboxRequest[] = [];
  const closing = new AbortController();
  const api = createApi({ store, ...rest, version, token, clientToken });

  const server = createServer(async (incoming, response) => {
    const request = toRequest(incoming);
    requests.push(request);
    const due = faults.take(request);
    const delay = due.reduce((sum, fault) => sum + (fault.kind === 'slow' ? fault.ms : 0), 0);
    if (delay > 0) await wait(delay, undefined, { signal: closing.signal }).catch(() => {});
    const answer = due.map(answerInstead).find((each) => each !== undefined);
    send(response, answer ?? answerOf(incoming, basePath, (call) => api(call, due)), due);
  });
  // @see https://nodejs.org/api/http.html#serverkeepalivetimeout: announced to clients as `Keep-Alive: timeout=15`.
  server.keepAliveTimeout = 15_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const close = () =>
    new Promise<void>((resolve) => {
      closing.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${portOf(server)}${basePath}`,
    token,
    clientToken,
    requests,
    faults,
    events: store.ordered,
    insert: store.insert,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sandbox does not listen on a port');
  return address.port;
}

function initialData({ events, story }: UnleashSandboxOptions, now: () => number): SandboxData {
  if (events) return { events: [...events], users: [], ...structureIn(events) };
  return renderStory(story ?? createStory({ seed: 1, now: now() }));
}

/** What events of one's own are in. */
function structureIn(events: readonly SandboxEvent[]): Pick<SandboxData, 'projects' | 'environments'> {
  const named = (keys: (string | null)[]) =>
    [...new Set(keys)].filter((key) => key !== null && key !== '*') as string[];
  return {
    projects: named(events.map(({ project }) => project)).map((id) => ({ id, name: id })),
    environments: named(events.map(({ environment }) => environment)),
  };
}

function answerOf(incoming: IncomingMessage, basePath: string, api: (call: Call) => Answer): Answer {
  const { pathname, searchParams: query } = addressOf(incoming);
  if (!pathname.startsWith(`${basePath}/`)) return page(404, 'Not found');
  const path = pathname
    .slice(basePath.length)
    .replaceAll(/\/+/gu, '/')
    .replace(/(?<=.)\/$/u, '');
  const { method = 'GET', headers } = incoming;
  try {
    return api({ method: method === 'HEAD' ? 'GET' : method, path, query, authorization: headers.authorization });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const id = error.body.name === undefined || error.status === 500 ? {} : { id: randomUUID() };
    return { status: error.status, body: { ...id, ...error.body } };
  }
}

function addressOf(incoming: IncomingMessage): URL {
  return new URL(`http://localhost${incoming.url ?? '/'}`);
}

function toRequest(incoming: IncomingMessage): SandboxRequest {
  const { pathname, searchParams } = addressOf(incoming);
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(headers),
  };
}

function send(response: ServerResponse, { status, body, headers }: Answer, due: UnleashFault[]): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const whole = Buffer.from(text);
  const half = whole.subarray(0, whole.length / 2);
  const isDue = (kind: UnleashFault['kind']) => due.some((fault) => fault.kind === kind);
  const payload = isDue('truncated-json') ? half : whole;
  response.writeHead(status, {
    'content-type': typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'content-length': payload.length,
    vary: 'Accept-Encoding',
    ...headers,
  });
  if (isDue('cut-off')) response.write(half, () => response.destroy());
  else response.end(payload);
}
