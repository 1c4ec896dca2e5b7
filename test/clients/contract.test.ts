import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const TADA = 'test/clients/recipes/tada';
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the schema', () => {
  it('follows the rules of graphql-eslint, recommended and for Relay', async () => {
    const config = ['--config', 'test/clients/eslint.config.js', '--max-warnings', '0'];
    await run('eslint/bin/eslint.js', ...config, 'schema/schema.graphql');
  });

  it('fits all operations, none of which uses what is deprecated', async () => {
    const files = ['{schema,page}/operations/*.graphql', 'schema/schema.graphql'];
    const output = await run('@graphql-inspector/cli/cjs/index.js', 'validate', ...files, '--deprecated');
    expect(output).toContain('All documents are valid');
  });
});

describe('the types of gql.tada', () => {
  it('are fresh: after a change of the schema run `npm run codegen`', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'gateway-tada-'));
    const output = path.join(folder.path, 'schema.d.ts');
    await run('gql.tada/bin/cli.js', 'generate-output', '--tsconfig', `${TADA}/tsconfig.json`, '--output', output);
    expect(readFileSync(`${root}${TADA}/__generated__/schema.d.ts`, 'utf8')).toBe(readFileSync(output, 'utf8'));
  });

  it('fit the queries of the recipe', async () => {
    const said = await run('gql.tada/bin/cli.js', 'check', '--fail-on-warn', '--tsconfig', `${TADA}/tsconfig.json`);
    expect(said).toContain('No problems found');
  });
});

describe('docs/clients.md', () => {
  const recipesPage = readFileSync(`${root}docs/clients.md`, 'utf8');
  const recipes = globSync('test/clients/recipes/{*.ts,relay/environment.ts,tada/latest-events.ts}', {
    cwd: root,
  }).filter((file) => !/apollo-3/.test(file));

  it.for(recipes.map((file) => path.relative('test/clients/recipes', file)))('shows %s as it is run here', (name) => {
    const recipe = readFileSync(`${root}test/clients/recipes/${name}`, 'utf8');
    expect(recipesPage).toContain(recipe.replaceAll(/'(\.\.\/)+(schema\/|live)/g, "'./$2").trimEnd());
  });

  it('may leave out Apollo Client 3, which differs from 4 in two lines only', () => {
    const [three, four] = ['apollo-3', 'apollo-4'].map((name) =>
      readFileSync(`${root}test/clients/recipes/${name}.ts`, 'utf8'),
    );
    expect(four?.split('\n').filter((line) => !/Defer20220824Handler/.test(line))).toEqual(
      three
        ?.replaceAll('apollo-client-3/core', '@apollo/client')
        .replaceAll('apollo-client-3', '@apollo/client')
        .split('\n'),
    );
  });
});

/** What a tool of this folder writes. Fails if the tool does. */
async function run(script: string, ...args: string[]): Promise<string> {
  const file = `${root}test/clients/node_modules/${script}`;
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [file, ...args], { cwd: root });
  return `${stdout}${stderr}`;
}
