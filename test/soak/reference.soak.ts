import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Their fields have pages of their own. */
const ROOTS = ['Query', 'Subscription'];
const root = fileURLToPath(new URL('../../', import.meta.url));

it('the schema becomes a page that describes every type and fetches nothing', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'gateway-reference-'));
  await run('spectaql/bin/spectaql.js', '--quiet', '--target-dir', folder.path, 'schema/spectaql.yml');
  const page = readFileSync(path.join(folder.path, 'index.html'), 'utf8');
  const sdl = readFileSync(`${root}schema/schema.graphql`, 'utf8');
  const names = [...sdl.matchAll(/^(?:type|interface|enum|input|scalar) (\w+)/gm)].flatMap(([, name]) => name ?? []);
  expect(names.filter((name) => !page.includes(`id="definition-${name}"`) && !ROOTS.includes(name))).toEqual([]);
  expect(page.match(/<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["'](?!data:|#)[^"']*/g)).toBeNull();
});

async function run(script: string, ...args: string[]): Promise<string> {
  const file = `${root}test/clients/node_modules/${script}`;
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [file, ...args], { cwd: root });
  return `${stdout}${stderr}`;
}
