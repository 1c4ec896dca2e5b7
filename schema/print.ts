/** Prints the graph as SDL into `schema.graphql`; with `--check` only says whether the committed file is fresh. */
import { readFile, writeFile } from 'node:fs/promises';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from '../src/graph/schema.ts';
import { definitions } from '../src/sources/index.ts';

const file = new URL('schema.graphql', import.meta.url);
const sdl = `${printSchema(lexicographicSortSchema(createSchema(definitions)))}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, sdl);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== sdl) {
  process.stderr.write('schema/schema.graphql is not fresh: run `npm run schema` and commit it.\n');
  process.exitCode = 1;
}
