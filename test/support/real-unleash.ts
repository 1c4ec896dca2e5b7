import { type ChildProcess, fork } from 'node:child_process';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { RealUnleash, UnleashStarted } from './unleash-child.ts';

export type { RealUnleash };

declare module 'vitest' {
  export interface ProvidedContext {
    /** One real server for the whole run: use your own project and flag names, others write at the same time. */
    unleash: RealUnleash;
  }
}

/** Names of the time zone database, such as `Pacific/Kiritimati`. */
export interface TimeZones {
  server: string;
  database: string;
}

/** Starts a real Unleash before the first test and stops it after the last. */
export default async function startForTheRun(project: TestProject): Promise<() => Promise<void>> {
  const unleash = await startRealUnleash({ server: 'UTC', database: 'UTC' });
  const { url, controlUrl, adminToken, version } = unleash;
  project.provide('unleash', { url, controlUrl, adminToken, version });
  return async () => unleash[Symbol.asyncDispose]();
}

/** A real Unleash of one's own. It goes away when it is disposed of, and at the latest with the process that started it. */
export async function startRealUnleash({ database, server }: TimeZones): Promise<RealUnleash & AsyncDisposable> {
  const child = fork(fileURLToPath(new URL('./unleash-child.ts', import.meta.url)), [database], {
    execPath: node24(),
    execArgv: ['--no-deprecation'],
    env: { ...childEnvironment(process.env), TZ: server },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true, // Ctrl-C ends vitest; the child then leaves in its own order.
  });
  return { ...(await whenReady(child)), [Symbol.asyncDispose]: () => stopped(child) };
}

/** Whichever Node runs vitest, the server runs on the one in package.json. */
function node24(): string {
  const manifest = findPackageJSON('node', import.meta.url);
  if (manifest === undefined) throw new Error('The npm package "node" is not installed');
  return path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Inherited settings would outrank ours, and NODE_ENV=test or development changes how Unleash answers. */
function childEnvironment(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(DATABASE_|UNLEASH_|INIT_|HTTP_|PG|NODE_OPTIONS$|PORT$)/;
  const kept = Object.entries(inherited).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}

async function whenReady(child: ChildProcess): Promise<RealUnleash> {
  const { promise, resolve, reject } = Promise.withResolvers<UnleashStarted>();
  const timer = setTimeout(() => reject(new Error('Unleash did not start within 120 s')), 120_000);
  child.once('message', (message) => resolve(message as UnleashStarted));
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`Unleash ended before it was ready: ${code ?? signal}`)));
  try {
    const started = await promise;
    if ('failed' in started) throw new Error(`Unleash did not start: ${started.failed}`);
    return started.ready;
  } catch (error) {
    if (child.connected) child.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.connected) child.disconnect();
  if (child.exitCode === null && child.signalCode === null) await gone;
}
