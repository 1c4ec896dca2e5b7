/**
 * Says what a client of the last landed graph would find broken in this one, unless `schema/breaking-changes.md` declares
 * it. `node schema/supergraph/breaking-changes.ts [before.graphql after.graphql declared.md]`
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const FILE = 'schema/schema.graphql';
const root = fileURLToPath(new URL('../../', import.meta.url));

const [beforeFile, afterFile = `${root}${FILE}`, declaredFile = `${root}schema/breaking-changes.md`] =
  process.argv.slice(2);
const after = readFileSync(afterFile, 'utf8');
const before = beforeFile === undefined ? lastLanded(after) : readFileSync(beforeFile, 'utf8');

if (before === undefined) {
  process.stdout.write(`Nothing was compared: there is no history of ${FILE}.\n`);
} else {
  const breaks = await listUndeclared(before, after, readFileSync(declaredFile, 'utf8'));
  for (const { message, path } of breaks) process.stderr.write(`${path}: ${message}\n`);
  if (breaks.length > 0) {
    process.stderr.write('Deprecate instead, or say in schema/breaking-changes.md who is told, and when.\n');
    process.exitCode = 1;
  }
}

async function listUndeclared(before: string, after: string, declared: string) {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes.filter(
    ({ criticality, path }) => criticality.level === CriticalityLevel.Breaking && !declared.includes(`\`${path}\``),
  );
}

/** As it was before the latest change to it, whether that change has landed already or not. */
function lastLanded(current: string): string | undefined {
  const ref = ['origin/main', 'HEAD'].find((each) => git('rev-parse', '--verify', '--quiet', `${each}^{commit}`));
  if (ref === undefined) return undefined;
  const commits = git('log', '--format=%H', '-n', '2', ref, '--', FILE)?.trim().split('\n').filter(Boolean) ?? [];
  const versions = commits.flatMap((commit) => git('show', `${commit}:${FILE}`) ?? []);
  return versions.find((version) => version !== current) ?? versions[0];
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
