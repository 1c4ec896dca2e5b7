import { createServer, type IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
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
  /** Answered in place of the vendor; `'nothing'` accepts the request and never answers, `'refused'` ends the connection. */
  answer?(call: Call): Answer | 'nothing' | 'refused' | undefined;
  /** For so long the answer is held back. */
  delayMs?(call: Call): number;
  /** Changes the vendor's rows, those of a page of events only. */
  rows?(rows: Row[], call: Call): unknown[];
  /** Changes the vendor's whole answer. */
  body?(body: Record<string, unknown>, call: Call): unknown;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export type Row = Record<string, unknown>;

export interface TamperingProxy extends AsyncDisposable {
  url: string;
  /** What was asked so far, in order, after {@link Tampering.ask}. */
  calls: Call[];
  /** From now on; `{}` is none. */
  tamper(tampering: Tampering): void;
  /** Besides, after all others, until it is disposed of. */
  also(tampering: Tampering): Disposable;
}

/** Stands between the gateway and a vendor's server, whose answers it may change. */
export async function startTamperingProxy(target: string, initial: Tampering = {}): Promise<TamperingProxy> {
  const calls: Call[] = [];
  let tampering = initial;
  let others: Tampering[] = [];
  const closing = new AbortController();

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', target);
    const call = { path: url.pathname, query: url.searchParams, index: calls.length };
    const all = [tampering, ...others];
    for (const each of all) each.ask?.(call);
    calls.push(call);
    const delay = all.reduce((sum, each) => sum + (each.delayMs?.(call) ?? 0), 0);
    const instead = all.map((each) => each.answer?.(call)).find((answer) => answer !== undefined);
    if (delay > 0) await wait(delay, undefined, { signal: closing.signal }).catch(() => {});
    if (instead === 'nothing') return;
    if (instead === 'refused') return void response.destroy();
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
      response.writeHead(answer.status, kept(answer.headers));
      response.end(answer.ok ? all.reduce((whole, each) => changed(whole, call, each), text) : text);
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
    also(another) {
      others.push(another);
      return {
        [Symbol.dispose]() {
          others = others.filter((each) => each !== another);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
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

/** All that the vendor says beside the body, but how that was sent. */
function kept(headers: Headers): Record<string, string> {
  const ofTransport = ['connection', 'content-encoding', 'content-length', 'keep-alive', 'transfer-encoding'];
  return Object.fromEntries([...headers].filter(([name]) => !ofTransport.includes(name)));
}

/** What is no JSON is left as it is. */
function changed(text: string, call: Call, { body: change, rows }: Tampering): string {
  const own = change || rows ? parse(text) : undefined;
  if (own === undefined) return text;
  const name = call.path.endsWith('/environments')
    ? undefined
    : ['items', 'events'].find((each) => Array.isArray(own[each]));
  const withRows = rows && name ? { ...own, [name]: rows(own[name] as Row[], call) } : own;
  return JSON.stringify(change ? change(withRows, call) : withRows);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
