/** The package as others get it: packed by npm, and run from a folder that has nothing else. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { environment, node24, root, type Variables } from './gateway-process.ts';

export interface Called {
  code: number;
  output: string;
  errors: string;
}

/** Writes the package into a folder. Answers where, and the files it has. */
export async function pack(folder: string): Promise<{ tarball: string; files: string[] }> {
  const { code, errors, output } = await call('npm', ['pack', '--json', '--pack-destination', folder], root);
  if (code !== 0) throw new Error(`npm pack ended with ${code}: ${errors}`);
  // What the scripts print comes first.
  const [packed] = JSON.parse(output.slice(output.search(/^\[/m))) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error(`npm pack said nothing: ${output}`);
  return { tarball: path.join(folder, packed.filename), files: packed.files.map((file) => file.path) };
}

/** A command with Node 24, to its end. */
export async function call(command: string, args: readonly string[], folder: string, variables: Variables = {}) {
  const options = { cwd: folder, env: onNode24(variables), maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stderr, stdout } = await promisify(execFile)(command, args, options);
    return { code: 0, output: stdout, errors: stderr } satisfies Called;
  } catch (error) {
    const { code, stderr, stdout } = error as { code: number; stderr: string; stdout: string };
    return { code, output: stdout, errors: stderr } satisfies Called;
  }
}

/** A command with Node 24, in a process group of its own. */
export function begin(
  command: string,
  args: readonly string[],
  folder: string,
  variables: Variables = {},
): ChildProcess {
  const env = onNode24(variables);
  return spawn(command, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Where npm puts what the package depends on, and nothing for development: `node_modules/a`, `node_modules/a/node_modules/b`. */
export async function installedPlaces(): Promise<string[]> {
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(lock.packages).flatMap(([place, { dev, devOptional }]) =>
    place === '' || dev || devOptional ? [] : [place],
  );
}

function onNode24(variables: Variables): NodeJS.ProcessEnv {
  // npm runs scripts with its own settings in variables; those of the repository are not the other folder's.
  const foreign = /^(npm_(?!config_(?:registry|cache|userconfig|globalconfig)$)|INIT_CWD$)/i;
  const kept = Object.entries(environment()).filter(([name]) => !foreign.test(name));
  const search = [path.dirname(node24()), process.env.PATH].join(path.delimiter);
  return { ...Object.fromEntries(kept), PATH: search, npm_config_update_notifier: 'false', ...variables };
}
