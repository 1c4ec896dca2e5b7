/** The process: settings, gateway, listen, and drain when told to stop. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, ConfigError, type ConfiguredSource, loadConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { startSandboxes } from './sandbox.ts';
import { definitions } from './sources/index.ts';

const STOP_GRACE_MS = 10_000;
const SWEEP_MS = 50;

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is taken: set PORT to another one.',
  EACCES: 'This user may not listen on that port: set PORT to another one.',
  EADDRNOTAVAIL: 'HOST is not an address of this machine.',
  ENOTFOUND: 'HOST is not a name that this machine knows.',
  EAI_AGAIN: 'HOST is not a name that this machine knows.',
};

try {
  await run(await loadConfig(process.env, definitions));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}

async function run({ host, port, pageCacheMs, requestTimeoutMs, sources: configured }: Config): Promise<void> {
  const isSandbox = configured.length === 0;
  await using sandboxes = await startSandboxes(isSandbox ? definitions : []);
  const sources = [...configured, ...sandboxes.sources].map(({ definition, settings }) =>
    definition.connect(settings, { pageCacheMs }),
  );
  const gateway = createGateway({ definitions, sources, requestTimeoutMs });

  const server = createServer(gateway);
  server.listen(port, host);
  await once(server, 'listening');
  process.stdout.write(`${greet(server.address() as AddressInfo, [...configured, ...sandboxes.sources], isSandbox)}\n`);

  const signal = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  process.stdout.write(`${signal[0] ?? 'Told to stop'}: finishing what is under way.\n`);
  await drain(server);
  await gateway.dispose();
  await Promise.all(sources.map((source) => source.close()));
}

function greet(
  { address, family, port }: AddressInfo,
  sources: readonly ConfiguredSource[],
  isSandbox: boolean,
): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  const names = sources.map(({ definition, settings }) => `${settings.id} (${definition.name})`).join(', ');
  return [
    isSandbox
      ? `Nothing is configured, so this is the sandbox: made-up events of ${names}, served by small servers on this machine.`
      : `Reading ${names}.`,
    `Open http://${host}:${port}/graphql in a browser and press the play button.`,
    ...(isSandbox ? ['To read real accounts, see "Point it at your accounts" in README.md.'] : []),
  ].join('\n');
}

/** Lets the requests under way finish, and cuts off what is left after the grace. */
async function drain(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // `close` ends the connections that are idle now; the others would linger, kept alive, once they are answered.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cutOff = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(cutOff);
}

function describe(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const known = syscall === 'listen' || syscall === 'getaddrinfo' ? LISTEN_PROBLEMS[code ?? ''] : undefined;
  return known ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
