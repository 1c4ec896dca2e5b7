#!/usr/bin/env node
/**
 * The command of the package. In plain JavaScript that Node 20 can run: an older Node than the gateway needs starts the one
 * that was installed with the package.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const main = new URL('../dist/main.js', import.meta.url);

if (Number.parseInt(process.versions.node, 10) >= NEEDED) await import(main.href);
else startWith(installedNode());

/** The program of the npm package `node`, or `undefined` if its install script was not allowed to fetch it. */
function installedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const program = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string | undefined} program */
function startWith(program) {
  if (program === undefined) {
    process.stderr.write(
      `flag-events-gateway needs Node ${NEEDED} or later, and this is ${process.versions.node}. Install a newer Node, or let ` +
        'the npm package `node`, which brings one, run its install script.\n',
    );
    process.exitCode = 1;
    return;
  }
  // In a process group of its own. Otherwise a terminal would send each signal to both, and the second one, which is passed
  // on from here, would end the gateway at once.
  const child = spawn(program, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit', detached: true });
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
