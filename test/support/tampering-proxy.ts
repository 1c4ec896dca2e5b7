import { createServer, type IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { listen } from './gateway.ts';

/** One call to a vendor, and what becomes of it. */
export interface Call {
  path: string;
  query: URLSearchParams;
  /** The number of calls before this one. */
  index: number;
}

export interface Tampering {
  /** Changes what is asked, in place. */
  ask?(call: Call): void;
  /** Answered in place of the vendor; `'nothing'` accepts the request and never answers. */
  answer?(call: Call): { status: number; body?: unknown; headers?: Record<string, string> } | 'nothing' | undefined;
  /** Changes the vendor's rows, those of a page of events only. */
  rows?(rows: Row[], call: Call): unknown[];
  /** Changes the vendor's whole answer. */
  body?(body: Record<string, unknown>, call: Call): unknown;
}

export type Row = Record<string, unknown>;

export interface TamperingProxy extends AsyncDisposable {
  url: string;
  /** What was asked so far, in order, after {@link Tampering.ask}. */
  calls: Call[];
  /** From now on; `{}` is none. */
  tamper(tampering: Tampering): void;
}

/** Stands between the gateway and a vendor's server, whose answers it may change. */
export async function startTamperingProxy(target: string, initial: Tampering = {}): Promise<TamperingProxy> {
  const calls: Call[] = [];
  let tampering = initial;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', target);
    const call = { path: url.pathname, query: url.searchParams, index: calls.length };
    tampering.ask?.(call);
    calls.push(call);
    const instead = tampering.answer?.(call);
    if (instead === 'nothing') return;
    if (instead) {
      response.writeHead(instead.status, { 'content-type': 'application/json', ...instead.headers });
      response.end(typeof instead.body === 'string' ? instead.body : JSON.stringify(instead.body ?? {}));
      return;
    }
    try {
      const { method = 'GET' } = request;
      const body = method === 'POST' ? await readText(request) : null;
      const answer = await fetch(url, { method, headers: headersOf(request), body });
      const text = await answer.text();
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
      response.end(answer.ok ? JSON.stringify(changed(JSON.parse(text), call, tampering)) : text);
    } catch {
      response.destroy();
    }
  });
  const url = await listen(server);
  return {
    url,
    calls,
    tamper(next) {
      tampering = next;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const names = ['authorization', 'content-type', 'ld-api-version'];
  return Object.fromEntries(
    names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  );
}

function changed(body: unknown, call: Call, { body: change, rows }: Tampering): unknown {
  const own = body as Record<string, unknown>;
  const name = call.path.endsWith('/environments')
    ? undefined
    : ['items', 'events'].find((each) => Array.isArray(own[each]));
  const withRows = rows && name ? { ...own, [name]: rows(own[name] as Row[], call) } : own;
  return change ? change(withRows, call) : withRows;
}
