import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface GatewayProcess extends AsyncDisposable {
  child: ChildProcess;
  /** Of its GraphQL endpoint. */
  url: string;
  /** Everything written so far. */
  output(): string;
  errors(): string;
}

export type Variables = Readonly<Record<string, string>>;

/** Without what would configure a gateway on the machine that runs the tests. */
export function environment(variables: Variables = {}): NodeJS.ProcessEnv {
  const foreign =
    /^(LAUNCHDARKLY_|UNLEASH_|GATEWAY_|JWT_|HOST$|PORT$|ALLOW_|API_KEYS$|CORS_ORIGINS$|RATE_LIMIT_|GRAPHIQL$|INTROSPECTION$|LOG_LEVEL$|METRICS_|OTEL_|REDIS_|SEND_|[A-Z_]+_MS$|UPSTREAM_|TIMELINE$|TRUSTED_|SUBGRAPH_|FEDERATION_|https?_proxy$|no_proxy$|NODE_OPTIONS$|NODE_ENV$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), PORT: '0', ...variables };
}

export interface RunOptions {
  /** Where it looks for a `gateway.config.ts`. */
  folder: string;
  /** Of Node. */
  flags?: readonly string[];
  /** Of the gateway. */
  args?: readonly string[];
}

/** `node src/main.ts`, in a process group of its own. */
export function run(variables: Variables, { args = [], flags = [], folder }: RunOptions): ChildProcess {
  return spawn(node24(), [...flags, path.join(root, 'src/main.ts'), ...args], {
    cwd: folder,
    env: environment(variables),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for the start message. Everything in the child's process group is gone once this is disposed. */
export async function started(child: ChildProcess): Promise<GatewayProcess> {
  const [output, errors] = [collect(child.stdout), collect(child.stderr)];
  const exited = once(child, 'exit');
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
    await exited;
  };
  try {
    const url = await vi.waitUntil(
      () => {
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${errors()}`);
        return /http:\S+(?=.*\n)/.exec(output())?.[0];
      },
      { timeout: 20_000, interval: 20 },
    );
    return { child, url, output, errors, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

export function collect(stream: NodeJS.ReadableStream | null): () => string {
  let written = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
  });
  return () => written;
}

/** Whichever Node runs vitest, the gateway runs on the one in package.json. */
export function node24(): string {
  const manifest = findPackageJSON('node', import.meta.url);
  if (manifest === undefined) throw new Error('The npm package "node" is not installed');
  return path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}
