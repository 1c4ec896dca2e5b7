/**
 * The process: reads the settings, starts the gateway, and shuts it down on SIGTERM or SIGINT. With `--check` it asks every
 * account once, and ends.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readTrustedDocuments } from './edge/document-list.ts';
import { refuseHost } from './edge/host.ts';
import { isBuilt } from './edge/pages/timeline.ts';
import { createGateway } from './gateway.ts';
import { createHistory } from './history/history.ts';
import { createLive } from './live/live.ts';
import { createLog, type Log } from './observe/log.ts';
import { countingLog, type Metrics, noMetrics } from './observe/metrics.ts';
import type { Prometheus } from './observe/prometheus.ts';
import type { Tracing } from './observe/tracing.ts';
import { checkSources } from './process/check.ts';
import { commandWith, helpText } from './process/help.ts';
import { type MetricsServer, startMetricsServer } from './process/metrics-server.ts';
import { createReadiness } from './process/readiness.ts';
import { createServer } from './process/server.ts';
import { superviseProcess } from './process/supervision.ts';
import { type Config, ConfigError, type ConfiguredSource, loadConfig } from './settings/config.ts';
import { toPublicFace } from './settings/exposure.ts';
import { toProxy } from './settings/proxy.ts';
import { sections } from './settings/table.ts';
import { definitions } from './sources/index.ts';
import type { Source } from './sources/source.ts';
import type { ConnectOptions } from './sources/vendor.ts';
import type { Shared } from './store/redis/shared.ts';

/** Added to the deadline of a request, so that no answer is cut off while it is sent. */
const STOP_GRACE_MS = 5_000;

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is taken: set PORT to another one.',
  EACCES: 'This user may not listen on that port: set PORT to another one.',
  EADDRNOTAVAIL: 'HOST is not an address of this machine.',
  ENOTFOUND: 'HOST is not a name that this machine knows.',
  EAI_AGAIN: 'HOST is not a name that this machine knows.',
};

/** Others are about HOST, as above. */
const METRICS_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken: set it to another port',
  EACCES: 'this user may not listen on that port',
};

const NOT_BUILT = 'The page that shows people what changed has not been built: run `npm run page:build`.';

const OTEL_STATE = 'opentelemetry.js.api.';

const MEGABYTE = 1024 * 1024;

const ARGUMENTS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  check: { type: 'boolean' },
} as const;

try {
  await start(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}

async function start(args: string[]): Promise<void> {
  const { values: asked } = parseArgs({ args, options: ARGUMENTS });
  if (asked.help) return print(helpText(Object.values(sections), definitions));
  if (asked.version) return print(await readVersion());
  const config = await loadConfig(process.env, definitions);
  await (asked.check ? check(config) : run(config));
}

async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function connect(
  { pageCacheMs, proxy, upstreamConnections }: Config,
  read: readonly ConfiguredSource[],
  watch: Pick<ConnectOptions, 'bus' | 'sharedPages' | 'onCall' | 'onRetry' | 'trace'> = {},
): Source[] {
  const options = { pageCacheMs, connections: upstreamConnections, proxy: toProxy(proxy), ...watch };
  return read.map(({ definition, settings }) => definition.connect(settings, options));
}

async function check(config: Config): Promise<void> {
  if (config.sources.length === 0)
    return print(`The settings can be used. No account is configured: \`${commandWith()}\` starts a sandbox.`);
  const sources = connect(config, config.sources);
  const { isOk, text } = await checkSources(sources, config.requestTimeoutMs);
  await Promise.all(sources.map((source) => source.close()));
  print(text);
  if (!isOk) process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const { federation, host, pageCacheMs, port, requestTimeoutMs, sources: configured } = config;
  const { metricsPort } = config;
  const ownLog = createLog({ level: config.logLevel });
  const isSandbox = configured.length === 0;
  // Loaded only now: a gateway with sources of its own holds no code of a sandbox.
  await using sandboxes = isSandbox ? await (await import('./process/sandbox.ts')).startSandboxes(definitions) : null;
  const read = sandboxes?.sources ?? configured;
  using prometheus = metricsPort === undefined ? null : await loadPrometheus(read);
  const metrics: Metrics = prometheus ?? noMetrics;
  const log = prometheus ? countingLog(ownLog, prometheus) : ownLog;
  const { promise: uncaught, resolve: stop } = Promise.withResolvers<void>();
  superviseProcess(log, stop);

  const tracing = await loadTracing(config);
  await using shared = config.redisUrl === undefined ? null : await share(config.redisUrl, config, read, log);
  const sources = connect(config, read, {
    bus: shared?.bus,
    sharedPages: shared?.cache,
    ...(prometheus && { onCall: metrics.call, onRetry: metrics.retry }),
    trace: tracing?.call,
  });
  const hasHealthySource = createReadiness(sources);
  const live = createLive({
    pollIntervalMs: config.pollIntervalMs,
    requestTimeoutMs,
    upstreamCallsPerRequest: config.upstreamCallsPerRequest,
    onFailure: (feed, error) => log.trouble('a live feed fails', error, { level: 'warn', feed }),
    onLate: metrics.late,
    ...(shared && { bus: shared.bus, lease: shared.lease }),
  });
  const { historyCacheMb, historyMaxAgeMs } = config;
  const history = createHistory({
    maxBytes: historyCacheMb * MEGABYTE,
    maxAgeMs: historyMaxAgeMs,
    onRead: prometheus ? metrics.historyRead : undefined,
  });
  const gateway = createGateway({
    definitions,
    sources,
    history,
    requestTimeoutMs,
    pageCacheMs,
    upstreamCallsPerRequest: config.upstreamCallsPerRequest,
    live,
    createLimiter: shared?.createLimiter,
    nudge: live.nudge,
    federation,
    face: toPublicFace(config),
    trustedDocuments: config.trustedDocuments,
    documents: readTrustedDocuments(),
    isReady: () => !isShuttingDown() && hasHealthySource(),
    log,
    metrics,
    tracing,
  });

  const { inProgress, isShuttingDown, server, shutDown } = createServer(gateway);
  prometheus?.watch({ sources, history, live, inProgress });
  await using metricsServer = prometheus && (await serveMetrics(prometheus, config, ownLog));
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const { graphiql, timeline } = toPublicFace(config);
  print(greet(address, read, { isSandbox, graphiql, timeline }));
  if (metricsServer) print(`Metrics are at http://${hostOf(metricsServer.address)}/metrics`);

  const reason = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), uncaught]);
  if (!reason) process.exitCode = 1;
  print(`${reason?.[0] ?? 'Uncaught exception'}: shutting down after the requests in progress.`);
  const graceMs = requestTimeoutMs + STOP_GRACE_MS;
  const isShutDown = shutDown({ delayMs: config.shutdownDelayMs, graceMs });
  // Until then they would come back to this replica.
  await wait(config.shutdownDelayMs);
  live.shutDown('SHUTTING_DOWN');
  gateway.goAway({ graceMs });
  await isShutDown;
  await gateway.dispose();
  await Promise.all(sources.map((source) => source.close()));
}

async function loadTracing(config: Config): Promise<Tracing | undefined> {
  // What an SDK has registered, whichever copy of OpenTelemetry's API it used. To load one takes 15 ms.
  const isThere = Object.getOwnPropertySymbols(globalThis).some(({ description }) =>
    description?.startsWith(OTEL_STATE),
  );
  return isThere ? (await import('./observe/opentelemetry.ts')).createTracing(config) : undefined;
}

async function share(
  url: string,
  { apiKeys, jwt }: Config,
  read: readonly ConfiguredSource[],
  log: Log,
): Promise<Shared> {
  const [{ createNamespace }, { shareThroughRedis }] = await Promise.all([
    import('./store/redis/namespace.ts'),
    import('./store/redis/shared.ts'),
  ]);
  const settings = { sources: read.map((source) => source.settings), apiKeys, jwt };
  return shareThroughRedis({
    url,
    namespace: createNamespace({ settings, version: await readVersion() }),
    onTrouble: (error) => log.trouble('Redis cannot be used', error, { level: 'warn' }),
  });
}

async function loadPrometheus(read: readonly ConfiguredSource[]): Promise<Prometheus> {
  const { createPrometheus } = await import('./observe/prometheus.ts');
  return createPrometheus({ sources: read.map(({ settings }) => settings.id) });
}

async function serveMetrics(prometheus: Prometheus, config: Config, log: Log): Promise<MetricsServer> {
  const { host, metricsPort: port = 0 } = config;
  const { isPrivate } = toPublicFace(config);
  try {
    const { contentType, print } = prometheus;
    const refuse = (request: IncomingMessage, response: ServerResponse) =>
      refuseHost(request, response, { isPrivate, log });
    return await startMetricsServer({ host, port, contentType, print, refuse });
  } catch (error) {
    const problem = METRICS_PROBLEMS[(error as NodeJS.ErrnoException).code ?? ''];
    throw problem === undefined ? error : new ConfigError([`METRICS_PORT: ${problem}`]);
  }
}

function hostOf({ address, family, port }: AddressInfo): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function greet(
  address: AddressInfo,
  sources: readonly ConfiguredSource[],
  { graphiql, isSandbox, timeline }: { graphiql: boolean; isSandbox: boolean; timeline: boolean },
): string {
  const host = hostOf(address);
  const names = sources.map(({ definition, settings }) => `${settings.id} (${definition.name})`).join(', ');
  return [
    isSandbox
      ? `Nothing is configured, so this is the sandbox: made-up events of ${names}, served by small servers on this machine.`
      : `Reading ${names}.`,
    graphiql
      ? `Open http://${host}/graphql in a browser and press the play button.`
      : `Send GraphQL to http://${host}/graphql (GraphiQL is off: see GRAPHIQL).`,
    ...(timeline ? [isBuilt() ? `The page that shows people what changed is at http://${host}/` : NOT_BUILT] : []),
    ...(isSandbox ? ['To read real accounts, see "Point it at your accounts" in README.md.'] : []),
  ].join('\n');
}

function describe(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code?.startsWith('ERR_PARSE_ARGS'))
    return `${(error as Error).message.split('. ')[0]}. \`--help\` says which arguments there are.`;
  const known = syscall === 'listen' || syscall === 'getaddrinfo' ? LISTEN_PROBLEMS[code ?? ''] : undefined;
  return known ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
