import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readTrustedDocuments, type TrustedDocumentsMode } from '../../src/edge/document-list.ts';
import { createGateway } from '../../src/gateway.ts';
import { createHistory } from '../../src/history/history.ts';
import type { Clock } from '../../src/http/clock.ts';
import { createLive, type LiveFeed, type LiveOptions } from '../../src/live/live.ts';
import { createLog } from '../../src/observe/log.ts';
import { type ConfigFile, toConfig } from '../../src/settings/config.ts';
import { definitions } from '../../src/sources/index.ts';

export interface GraphQLAnswer<Data> {
  data?: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

export interface TestGateway extends AsyncDisposable {
  url: string;
  live: LiveFeed;
  query<Data = Record<string, unknown>>(
    document: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphQLAnswer<Data>>;
}

export interface TestGatewayOptions {
  now?: () => number;
  /** @default 0, so that what a test changes is seen at once */
  pageCacheMs?: number;
  requestTimeoutMs?: number;
  /** @default 0, nothing is remembered and nothing is read ahead */
  historyCacheMb?: number;
  /** @default 600_000 */
  historyMaxAgeMs?: number;
  federation?: ConfigFile['federation'];
  /** @default 500 */
  upstreamCallsPerRequest?: number;
  /** @default 20 */
  breakerMs?: number;
  /** @default 'on' */
  trustedDocuments?: TrustedDocumentsMode;
  /** @default a poll every 50 ms, and at most one in 10 ms */
  pace?: Partial<LiveOptions>;
}

/** Waits for nothing, so that retries take no time. */
const impatient: Clock = { now: Date.now, sleep: async (_ms, signal) => signal.throwIfAborted() };

/**
 * A gateway over these sources, behind real HTTP on a free port. Sources are written as in `gateway.config.ts`. Whatever
 * a test is about, no answer and no line of the log may hold a source's token.
 */
export async function startGateway(
  sources: ConfigFile['sources'],
  {
    breakerMs = 20,
    federation = {},
    historyCacheMb = 0,
    historyMaxAgeMs = 600_000,
    now,
    pace = {},
    pageCacheMs = 0,
    requestTimeoutMs = 10_000,
    trustedDocuments = 'on',
    upstreamCallsPerRequest = 500,
  }: TestGatewayOptions = {},
): Promise<TestGateway> {
  const config = toConfig({}, { sources, requestTimeoutMs, federation }, definitions);
  const connected = config.sources.map(({ definition, settings }) =>
    definition.connect(settings, { pageCacheMs, breakerMs, clock: impatient }),
  );
  const tokens = config.sources.flatMap(({ settings }) => tokensIn(settings));
  const refuseTokens = (where: string, text: string) => {
    if (tokens.some((token) => text.includes(token))) throw new Error(`A token has got into ${where}.`);
  };
  const lines: string[] = [];
  const live = createLive({
    requestTimeoutMs,
    upstreamCallsPerRequest,
    now,
    pollIntervalMs: 50,
    minGapMs: 10,
    ...pace,
  });
  const gateway = createGateway({
    definitions,
    sources: connected,
    history: createHistory({ maxBytes: historyCacheMb * 1024 * 1024, maxAgeMs: historyMaxAgeMs }),
    requestTimeoutMs,
    pageCacheMs,
    upstreamCallsPerRequest,
    live,
    nudge: live.nudge,
    federation: config.federation,
    trustedDocuments,
    documents: readTrustedDocuments(),
    log: createLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } }),
    ...(now && { now }),
  });
  const server = createServer(gateway).on('upgrade', gateway.upgrade);
  const url = `${await listen(server)}/graphql`;
  return {
    url,
    live,
    async query(document, variables) {
      const answer = await ask(url, document, variables);
      refuseTokens('an answer', JSON.stringify(answer));
      return answer as never;
    },
    async [Symbol.asyncDispose]() {
      live.shutDown('TEST_IS_OVER');
      gateway.goAway({ graceMs: 0 });
      server.close();
      server.closeAllConnections();
      await gateway.dispose();
      await Promise.all(connected.map((source) => source.close()));
      refuseTokens('the log', lines.join('\n'));
    },
  };
}

function tokensIn(settings: object): string[] {
  return Object.entries(settings).flatMap(([name, value]) => (name.endsWith('Token') ? [String(value)] : []));
}

/** The answer, whatever its HTTP status. */
export async function ask<Data = Record<string, unknown>>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<GraphQLAnswer<Data>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as GraphQLAnswer<Data>;
}

/** Listens on a free port of loopback; the URL without a trailing slash. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
