import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphQLAnswer } from '../support/gateway.ts';
import { root, started } from '../support/gateway-process.ts';
import { begin, call, installedPlaces, pack } from '../support/package.ts';

const COMMAND = 'flag-events-gateway';
const QUERY = '{ flagEvents(first: 20) { nodes { __typename } sources { status } } }';
/** Makes Node say that it is older than it is. */
const OLD = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})`;

const config = (settings: string) => `import { defineConfig } from '${COMMAND}';
export default defineConfig({
  ${settings},
  sources: [{ vendor: 'unleash', url: 'http://127.0.0.1:1', apiToken: '*:*.0123456789' }],
});`;

/** Has the unpacked package, and links to the packages that npm installs with it: package.soak.ts installs it really. */
let folder = '';
let files: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-package-'));
  const packed = await pack(folder);
  files = packed.files;
  const modules = path.join(folder, 'node_modules');
  await mkdir(path.join(modules, COMMAND), { recursive: true });
  await call('tar', ['-xzf', packed.tarball, '-C', path.join(modules, COMMAND), '--strip-components=1'], folder);
  const nextToIt = (await installedPlaces()).filter((place) => place.lastIndexOf('node_modules/') === 0);
  for (const place of nextToIt) {
    await mkdir(path.dirname(path.join(folder, place)), { recursive: true });
    await symlink(path.join(root, place), path.join(folder, place));
  }
  await mkdir(path.join(modules, '.bin'));
  await symlink(`../${COMMAND}/bin/${COMMAND}.js`, path.join(modules, '.bin', COMMAND));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true }));

describe('the package', () => {
  it('holds the program, the manual and what the program reads, and nothing else', () => {
    const places = new Set(files.map((file) => file.split('/')[0]));
    const expected = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'bin',
      'dist',
      'docs',
      'package.json',
      'page',
      'schema',
    ];
    expect([...places].toSorted()).toEqual(expected);
    expect(files).toContain('schema/generated/persisted-documents.json');
    expect(files).toContain('page/dist/index.html');
    expect(files.filter((file) => file.startsWith('page/') && !file.startsWith('page/dist/'))).toEqual([]);
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  });

  it('has one version, in its manifest and in the lock file', async () => {
    const read = async (file: string) => JSON.parse(await readFile(path.join(root, file), 'utf8'));
    const [manifest, lock] = await Promise.all([read('package.json'), read('package-lock.json')]);
    expect([lock.version, lock.packages[''].version]).toEqual([manifest.version, manifest.version]);
    expect(lock.packages['']).toMatchObject({ bin: manifest.bin, engines: manifest.engines });
    expect(await call('npx', [COMMAND, '--version'], folder)).toMatchObject({
      code: 0,
      output: `${manifest.version}\n`,
    });
  });

  it('starts the sandbox with one command in a folder that has nothing else', async () => {
    await using gateway = await started(begin('npx', [COMMAND], folder));
    expect(gateway.output()).toMatch(/^Nothing is configured, so this is the sandbox/);
    const { data } = await ask(gateway.url);
    expect(data?.flagEvents.nodes).toHaveLength(20);
    expect(data?.flagEvents.sources.map(({ status }) => status)).toEqual(['OK', 'OK']);
    const schema = await fetch(new URL('/schema', gateway.url));
    expect(schema.status).toBe(200);
  });

  it('says its own command where a clone says `npm start`', async () => {
    const help = await call('npx', [COMMAND, '--help'], folder);
    expect(help).toMatchObject({ code: 0, output: expect.stringContaining('  npx flag-events-gateway --check ') });
    expect(help.output).not.toContain('npm start');
    const check = await call('npx', [COMMAND, '--check'], folder);
    expect(check).toMatchObject({ code: 0, output: expect.stringContaining('`npx flag-events-gateway` starts') });
  });

  it('has the types of gateway.config.ts, and reads that file', async () => {
    const place = path.join(folder, 'gateway.config.ts');
    await writeFile(place, config('port: 0'));
    try {
      expect(await checkTypes(place)).toEqual({ code: 0, output: '', errors: '' });
      const { code, output } = await call('npx', [COMMAND, '--check'], folder);
      expect([code, output]).toEqual([1, expect.stringMatching(/^FAILED {2}unleash: .*ECONNREFUSED/)]);
      await writeFile(place, config('prot: 0'));
      expect((await checkTypes(place)).output).toContain(`'prot' does not exist in type 'ConfigFile'`);
    } finally {
      await rm(place);
    }
  });
});

describe('the package on an older Node', () => {
  it('starts with the Node that is installed with it, and ends with it', async () => {
    const place = path.join(folder, 'node_modules', COMMAND, 'bin', `${COMMAND}.js`);
    const slow = { SHUTDOWN_DELAY_MS: '300' };
    await using gateway = await started(begin('node', ['--import', OLD, place], folder, slow));
    expect((await ask(gateway.url)).data?.flagEvents.nodes).toHaveLength(20);
    const ended = once(gateway.child, 'exit');
    // As a terminal does: to every process of the group.
    process.kill(-(gateway.child.pid ?? Number.NaN), 'SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(gateway.output()).toContain('SIGINT: shutting down');
  });

  it('says which version it needs where none was installed with it', async () => {
    const bare = await mkdtemp(path.join(tmpdir(), 'gateway-launcher-'));
    const place = path.join(folder, 'node_modules', COMMAND, 'bin', `${COMMAND}.js`);
    await writeFile(path.join(bare, 'start.mjs'), await readFile(place, 'utf8'));
    const { code, errors, output } = await call('node', ['--import', OLD, path.join(bare, 'start.mjs')], bare);
    await rm(bare, { recursive: true });
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(/^flag-events-gateway needs Node 24 or later, and this is 20\.0\.0\. /);
  });
});

/** As an editor does. */
function checkTypes(file: string) {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  return call('node', [compiler, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', file], folder);
}

async function ask(url: string) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: QUERY }) });
  return (await response.json()) as GraphQLAnswer<{
    flagEvents: { nodes: unknown[]; sources: { status: string }[] };
  }>;
}
