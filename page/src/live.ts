/** Follows what happens, and goes on where it was when the connection is lost. */
import { createClient } from 'graphql-sse';
import { type FlagEventFilter, PageLiveDocument, type PageLiveSubscription } from './generated/graphql.ts';
import { credentials, endpoint, Failure, OUTDATED, persisted } from './graph.ts';

export type Batch = PageLiveSubscription['flagEventsAdded'];

export type Connection = 'connecting' | 'live' | 'lost';

export interface Following {
  /** A cursor of the list that is followed. `null`: from now on. */
  since: string | null;
  filter: FlagEventFilter;
  onBatch(batch: Batch): void;
  onConnection(connection: Connection): void;
  /** It cannot go on. */
  onFailure(failure: Failure): void;
}

/** The gateway sends something every 12 seconds. After so long without it a connection is dead, whatever the system says. */
const SILENCE_MS = 30_000;

/** After these it is of no use to try again. */
const FINAL = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT', 'QUERY_TOO_COMPLEX', ...OUTDATED]);

export function follow({ filter, onBatch, onConnection, onFailure, since }: Following): () => void {
  const left = new AbortController();
  let cursor = since;
  let wake = () => {};
  const online = () => wake();
  addEventListener('online', online);

  async function run(): Promise<void> {
    for (let tries = 0; !left.signal.aborted; tries += 1) {
      onConnection(tries === 0 && cursor === since ? 'connecting' : 'lost');
      try {
        for await (const batch of subscribe({ filter, since: cursor }, left.signal)) {
          tries = 0;
          cursor = batch.cursor;
          onConnection('live');
          onBatch(batch);
        }
      } catch (error) {
        if (left.signal.aborted) return;
        if (error instanceof Failure && FINAL.has(error.code)) return onFailure(error);
      }
      if (left.signal.aborted) return;
      onConnection('lost');
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 500 * (1 + Math.random()) * Math.min(2 ** tries, 30));
      });
    }
  }

  run();
  return () => {
    left.abort();
    wake();
    removeEventListener('online', online);
  };
}

/** One connection: it ends, or fails, when the connection does. */
async function* subscribe(
  variables: { filter: FlagEventFilter; since: string | null },
  left: AbortSignal,
): AsyncGenerator<Batch> {
  const silence = new AbortController();
  const end = () => silence.abort();
  let timer = setTimeout(end, SILENCE_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(end, SILENCE_MS);
  };
  const client = createClient({
    url: endpoint,
    headers: credentials,
    retryAttempts: 0,
    fetchFn: (url: string, init: RequestInit) => fetchAndListen(url, init, silence.signal, heard),
  });
  left.addEventListener('abort', end);
  addEventListener('offline', end);
  try {
    const answers = client.iterate<PageLiveSubscription>({
      query: '',
      variables,
      extensions: persisted(PageLiveDocument),
    });
    for await (const { data, errors } of answers) {
      if (!data) throw failureOf(errors?.[0]);
      yield data.flagEventsAdded;
    }
  } catch (error) {
    throw await toFailure(error);
  } finally {
    clearTimeout(timer);
    left.removeEventListener('abort', end);
    removeEventListener('offline', end);
    client.dispose();
  }
}

async function fetchAndListen(
  url: string,
  init: RequestInit,
  ended: AbortSignal,
  heard: () => void,
): Promise<Response> {
  const signal = init.signal ? AbortSignal.any([init.signal, ended]) : ended;
  const response = await fetch(url, { ...init, signal });
  const listener = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      heard();
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(listener) ?? null, response);
}

/** A refused subscription is answered with a status; the reason is in the body. */
async function toFailure(error: unknown): Promise<unknown> {
  if (error instanceof Failure) return error;
  const { response } = error as { response?: Response };
  if (!response || response.status >= 500) return new Failure('UNREACHABLE', 'The connection is lost.');
  const body = (await response.json().catch(() => null)) as { errors?: Parameters<typeof failureOf>[0][] } | null;
  return failureOf(body?.errors?.[0]);
}

function failureOf(error: { message: string; extensions?: unknown } | undefined): Failure {
  const { code = 'UNREACHABLE' } = (error?.extensions ?? {}) as { code?: string };
  return new Failure(code, error?.message ?? 'The connection is lost.');
}
