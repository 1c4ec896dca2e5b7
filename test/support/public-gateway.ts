import { request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway.ts';
import { createLive, type LiveFeed } from '../../src/live/live.ts';
import { createLog } from '../../src/observe/log.ts';
import { createReadiness } from '../../src/process/readiness.ts';
import { createServer, type GracefulServer } from '../../src/process/server.ts';
import { type ConfigFile, toConfig } from '../../src/settings/config.ts';
import { toPublicFace } from '../../src/settings/exposure.ts';
import { definitions } from '../../src/sources/index.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { type GraphQLAnswer, listen } from './gateway.ts';

/** What must never be seen from outside: the token for the vendor, and what the vendor says when it fails. */
export const TOKEN_CANARY = '*:*.canary-token-4711';
export const BODY_CANARY = 'canary-body-4711';

export interface Exchange {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** The body, if it is JSON. */
  answer: GraphQLAnswer<Record<string, unknown>>;
  /** Of the first error. */
  code: unknown;
}

export interface RequestOptions {
  method?: string;
  /** @default '/graphql' */
  path?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export interface PublicGateway extends AsyncDisposable {
  url: string;
  port: number;
  unleash: UnleashSandbox;
  /** Sent as it is, `host` and forbidden methods included. */
  request(options: RequestOptions): Promise<Exchange>;
  /** A GraphQL request as JSON, by a client of today. */
  ask(query: string, options?: { variables?: unknown; headers?: Readonly<Record<string, string>> }): Promise<Exchange>;
  /** The lines of the log, parsed. */
  lines(): Record<string, unknown>[];
  shutDown: GracefulServer['shutDown'];
  goAway: Gateway['goAway'];
  live: LiveFeed;
}

export interface PublicGatewayOptions {
  /** Beside the vendor's source. */
  settings?: ConfigFile;
  env?: Readonly<Record<string, string>>;
  /** More sources. */
  others?: NonNullable<ConfigFile['sources']>;
  now?: () => number;
  /** @default 0 */
  pageCacheMs?: number;
  federation?: GatewayOptions['federation'];
  /** @default 12_000 */
  heartbeatMs?: GatewayOptions['heartbeatMs'];
  /** @default 60_000 */
  idleMs?: GatewayOptions['idleMs'];
}

const PREFIX = 'canary-';

/**
 * A gateway with its public settings over an Unleash that fails with a canary in its body. Once it is disposed, no canary
 * has been in any answer or line of the log, or it throws.
 */
export async function startPublicGateway({
  env = {},
  federation,
  heartbeatMs,
  idleMs,
  now,
  others = [],
  pageCacheMs = 0,
  settings = {},
}: PublicGatewayOptions = {}): Promise<PublicGateway> {
  await using stack = new AsyncDisposableStack();
  const unleash = stack.use(await startUnleashSandbox({ token: TOKEN_CANARY }));
  const source = { vendor: 'unleash', url: unleash.url, apiToken: unleash.token };
  const config = toConfig(env, { sources: [source, ...others], ...settings }, definitions);
  const sources = config.sources.map((each) =>
    each.definition.connect(each.settings, {
      pageCacheMs,
      breakerMs: 1,
      clock: { now: Date.now, sleep: async (_ms, signal) => signal.throwIfAborted() },
    }),
  );
  let seen = '';
  let written = '';
  const write = (line: string) => {
    written += line;
  };
  const log = createLog({ level: config.logLevel, destination: { write } });
  const hasHealthySource = createReadiness(sources, { probeEveryMs: 0 });
  const { requestTimeoutMs, upstreamCallsPerRequest } = config;
  const live = createLive({ requestTimeoutMs, upstreamCallsPerRequest, pollIntervalMs: 50, minGapMs: 10 });
  const gateway = createGateway({
    definitions,
    sources,
    live,
    nudge: live.nudge,
    heartbeatMs,
    idleMs,
    requestTimeoutMs,
    pageCacheMs,
    federation,
    face: toPublicFace(config),
    isReady: () => !isShuttingDown() && hasHealthySource(),
    log,
    ...(now && { now }),
  });
  const { isShuttingDown, server, shutDown } = createServer(gateway);
  const origin = await listen(server);
  stack.defer(async () => {
    live.shutDown('TEST_IS_OVER');
    gateway.goAway({ graceMs: 0 });
    server.close();
    server.closeAllConnections();
    await gateway.dispose();
    await Promise.all(sources.map((each) => each.close()));
  });
  const { hostname, port } = new URL(origin);

  async function request({ body, headers = {}, method = 'GET', path = '/graphql' }: RequestOptions): Promise<Exchange> {
    const exchange = await new Promise<Exchange>((resolve, reject) => {
      const outgoing = send({ hostname, port, method, path, headers, agent: false }, async (incoming) => {
        const answered = await text(incoming).catch(reject);
        if (answered === undefined) return;
        const answer = parse(answered);
        const code = answer.errors?.[0]?.extensions?.code;
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: answered, answer, code });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    seen += JSON.stringify(exchange.headers) + exchange.body;
    return exchange;
  }

  const owned = stack.move();
  return {
    url: `${origin}/graphql`,
    port: Number(port),
    unleash,
    request,
    shutDown,
    goAway: gateway.goAway,
    live,
    ask: (query, { headers, variables } = {}) =>
      request({
        method: 'POST',
        headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      }),
    lines: () =>
      written
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      if (seen.includes(PREFIX)) throw new Error('An answer holds a canary');
      if (written.includes(PREFIX)) throw new Error('The log holds a canary');
    },
  };
}

function parse(body: string): Exchange['answer'] {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
