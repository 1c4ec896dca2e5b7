import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../schema/supergraph/breaking-changes.ts', import.meta.url));
const BEFORE = 'type Query { a: Int b: Int }';

/** What it writes, and its exit code. As a process: the inspector has a `graphql` of its own. */
async function compare(...files: string[]): Promise<{ code: number; output: string; errors: string }> {
  const run = promisify(execFile)(process.execPath, [SCRIPT, ...files]);
  return run.then(
    ({ stderr, stdout }) => ({ code: 0, output: stdout, errors: stderr }),
    ({ code, stderr, stdout }) => ({ code, output: stdout, errors: stderr }),
  );
}

describe('the graph, compared with the last one that landed,', () => {
  it('breaks nothing that is not declared', async ({ skip }) => {
    const { code, errors, output } = await compare();
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    if (output) skip(output);
  });
});

describe('the comparison', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gateway-breaking-'));
    await Promise.all([
      writeFile(file('before'), BEFORE),
      writeFile(file('wider'), 'type Query { a: Int b: Int c: Int }'),
      writeFile(file('narrower'), 'type Query { a: Int }'),
      writeFile(file('nothing'), 'None so far.'),
      writeFile(file('declared'), '- `Query.b`: nobody has asked for it in a year.'),
    ]);
  });
  afterAll(() => rm(folder, { recursive: true }));
  const file = (name: string) => path.join(folder, name);

  it('lets a graph grow', async () => {
    expect(await compare(file('before'), file('wider'), file('nothing'))).toMatchObject({ code: 0, errors: '' });
  });

  it('fails when a field goes, and names it', async () => {
    const { code, errors } = await compare(file('before'), file('narrower'), file('nothing'));
    expect(code).toBe(1);
    expect(errors).toMatch(/^Query\.b: /);
  });

  it('lets a field go that is declared', async () => {
    expect(await compare(file('before'), file('narrower'), file('declared'))).toMatchObject({ code: 0, errors: '' });
  });
});
