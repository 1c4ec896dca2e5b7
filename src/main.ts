/**
 * The process: reads the settings, starts the gateway, and shuts it down on SIGTERM or SIGINT. With `--check` it asks every
 * account once, and ends.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readTrustedDocuments } from './edge/document-list.ts';
import { createGateway } from './gateway.ts';
import { createHistory } from './history/history.ts';
import { createLive } from './live/live.ts';
import { createLog } from './observe/log.ts';
import { checkSources } from './process/check.ts';
import { helpText } from './process/help.ts';
import { createReadiness } from './process/readiness.ts';
import { createServer } from './process/server.ts';
import { superviseProcess } from './process/supervision.ts';
import { type Config, ConfigError, type ConfiguredSource, loadConfig } from './settings/config.ts';
import { toPublicFace } from './settings/exposure.ts';
import { toProxy } from './settings/proxy.ts';
import { sections } from './settings/table.ts';
import { definitions } from './sources/index.ts';
import type { Source } from './sources/source.ts';

/** Added to the deadline of a request, so that no answer is cut off while it is sent. */
const STOP_GRACE_MS = 5_000;

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is taken: set PORT to another one.',
  EACCES: 'This user may not listen on that port: set PORT to another one.',
  EADDRNOTAVAIL: 'HOST is not an address of this machine.',
  ENOTFOUND: 'HOST is not a name that this machine knows.',
  EAI_AGAIN: 'HOST is not a name that this machine knows.',
};

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

function connect({ pageCacheMs, proxy, upstreamConnections }: Config, read: readonly ConfiguredSource[]): Source[] {
  const options = { pageCacheMs, connections: upstreamConnections, proxy: toProxy(proxy) };
  return read.map(({ definition, settings }) => definition.connect(settings, options));
}

async function check(config: Config): Promise<void> {
  if (config.sources.length === 0)
    return print('The settings can be used. No account is configured: `npm start` starts a sandbox.');
  const sources = connect(config, config.sources);
  const { isOk, text } = await checkSources(sources, config.requestTimeoutMs);
  await Promise.all(sources.map((source) => source.close()));
  print(text);
  if (!isOk) process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const { federation, host, pageCacheMs, port, requestTimeoutMs, sources: configured } = config;
  const log = createLog({ level: config.logLevel });
  const { promise: uncaught, resolve: stop } = Promise.withResolvers<void>();
  superviseProcess(log, stop);

  const isSandbox = configured.length === 0;
  // Loaded only now: a gateway with sources of its own holds no code of a sandbox.
  await using sandboxes = isSandbox ? await (await import('./process/sandbox.ts')).startSandboxes(definitions) : null;
  const read = sandboxes?.sources ?? configured;
  const sources = connect(config, read);
  const hasHealthySource = createReadiness(sources);
  const live = createLive({
    pollIntervalMs: config.pollIntervalMs,
    requestTimeoutMs,
    upstreamCallsPerRequest: config.upstreamCallsPerRequest,
    onFailure: (feed, error) => log.trouble('a live feed fails', error, { level: 'warn', feed }),
  });
  const gateway = createGateway({
    definitions,
    sources,
    history: createHistory({ maxBytes: config.historyCacheMb * MEGABYTE, maxAgeMs: config.historyMaxAgeMs }),
    requestTimeoutMs,
    pageCacheMs,
    upstreamCallsPerRequest: config.upstreamCallsPerRequest,
    live,
    nudge: live.nudge,
    federation,
    face: toPublicFace(config),
    trustedDocuments: config.trustedDocuments,
    documents: readTrustedDocuments(),
    isReady: () => !isShuttingDown() && hasHealthySource(),
    log,
  });

  const { isShuttingDown, server, shutDown } = createServer(gateway);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  print(greet(address, read, { isSandbox, ...config }));

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

function greet(
  { address, family, port }: AddressInfo,
  sources: readonly ConfiguredSource[],
  { graphiql, isSandbox }: { graphiql: boolean; isSandbox: boolean },
): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  const names = sources.map(({ definition, settings }) => `${settings.id} (${definition.name})`).join(', ');
  return [
    isSandbox
      ? `Nothing is configured, so this is the sandbox: made-up events of ${names}, served by small servers on this machine.`
      : `Reading ${names}.`,
    graphiql
      ? `Open http://${host}:${port}/graphql in a browser and press the play button.`
      : `Send GraphQL to http://${host}:${port}/graphql (GraphiQL is off: see GRAPHIQL).`,
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
