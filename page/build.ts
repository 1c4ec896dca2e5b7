/**
 * Builds the page into `page/dist/`, unless it has been built from the same files. With `--at-start` it does nothing where the
 * page will not be served, and a failure is told but ends nothing: the gateway works without its page.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = import.meta.dirname;
const isStart = process.argv.includes('--at-start');
const { NODE_ENV, TIMELINE } = process.env;
const isServed = (TIMELINE || (NODE_ENV === 'production' ? 'off' : 'on')).trim().toLowerCase() === 'on';

/** For npm: without a network the gateway starts soon all the same. */
const IMPATIENT = { npm_config_fetch_retries: '0', npm_config_fetch_timeout: '15000' };

/** What it was built from. Written last: without it there is no build, or half of one. */
const mark = path.join(folder, 'dist', 'built-from');
const wanted = fingerprint();

if ((isServed || !isStart) && !(existsSync(mark) && readFileSync(mark, 'utf8') === wanted)) {
  const isDone = install() && build();
  if (isDone) writeFileSync(mark, wanted);
  else if (isStart) process.stderr.write('The page at / could not be built, so the gateway starts without it.\n');
  else process.exitCode = 1;
}

function fingerprint(): string {
  const hash = createHash('sha256');
  const files = globSync(['src/**/*.*', 'index.html', '*.config.ts', 'package-lock.json'], { cwd: folder });
  for (const file of files.toSorted()) hash.update(`${file}\n`).update(readFileSync(path.join(folder, file)));
  return hash.digest('hex');
}

function install(): boolean {
  return run(fileURLToPath(new URL('../schema/supergraph/install.ts', import.meta.url)), '../../page/');
}

function build(): boolean {
  return run(path.join(folder, 'node_modules/vite/bin/vite.js'), 'build', folder, '--logLevel', 'warn');
}

function run(...args: string[]): boolean {
  const env = isStart ? { ...process.env, ...IMPATIENT } : process.env;
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status === 0;
}
