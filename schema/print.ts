/**
 * Prints the graph as SDL: `schema.graphql` for clients, `subgraph.graphql` for composition, and this gateway's part of
 * the example supergraph. With `--check` it only says whether the committed files are fresh.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema, printSubgraph } from '../src/graph/schema.ts';
import { definitions } from '../src/sources/index.ts';

const files = {
  'schema.graphql': printSchema(lexicographicSortSchema(createSchema(definitions))),
  'subgraph.graphql': printSubgraph(definitions, { nodeField: 'omitted' }),
  'supergraph/flag-events.graphql': printSubgraph(definitions, { nodeField: 'omitted', userType: 'User' }),
};

for (const [name, sdl] of Object.entries(files)) {
  const file = new URL(name, import.meta.url);
  const text = `${sdl.trimEnd()}\n`;
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`schema/${name} is not fresh: run \`npm run schema\` and commit it.\n`);
    process.exitCode = 1;
  }
}
