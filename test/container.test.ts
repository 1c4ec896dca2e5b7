import { execFile } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { totalmem } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { listen } from './support/gateway.ts';
import { node24, root as rootFolder } from './support/gateway-process.ts';
import { installedPlaces } from './support/package.ts';

const root = new URL('../', import.meta.url);
const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');
const lines = dockerfile.split('\n');
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** The arguments after `node`, as the image runs them. */
function argumentsOf(instruction: RegExp): string[] {
  const line = lines.find((each) => instruction.test(each)) ?? '';
  const [program, ...args] = JSON.parse(line.slice(line.indexOf('[')));
  expect(program).toBe('node');
  return args;
}

async function run(args: string[], env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    return { code: 0, output: stdout };
  } catch (error) {
    return { code: Number((error as { code: unknown }).code), output: '' };
  }
}

describe('the image', () => {
  it('has the version of Node that the tests run with', () => {
    expect(lines).toContain(`ARG NODE_IMAGE=node:${dependencies.node}-slim`);
  });

  it('runs as a user that Kubernetes can tell from root', () => {
    const users = lines.filter((line) => line.startsWith('USER '));
    expect(users).toEqual([expect.stringMatching(/^USER [1-9]\d*:[1-9]\d*$/)]);
    expect(lines.findLastIndex((line) => line.startsWith('COPY'))).toBeLessThan(lines.indexOf(users[0] ?? ''));
  });

  it('stays below 250 MB with a base of 75 MB', async () => {
    const left = new RegExp(`^${/-regex '(.*)' -delete/.exec(dockerfile)?.[1]}$`);
    const packages = (await installedPlaces()).flatMap((place) =>
      filesIn(place, [...(place === 'node_modules/node' ? ['bin'] : []), 'node_modules']),
    );
    const files = [
      ...packages.filter((file) => !left.test(file)),
      ...filesIn('src'),
      ...filesIn('schema', ['supergraph']),
    ];
    expect(files.length).toBeGreaterThan(1_000);
    expect(left.test('node_modules/zod/index.d.cts')).toBe(true);
    const sizes = [node24(), ...files.map((file) => path.join(rootFolder, file))].map((file) => statSync(file).size);
    const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
    expect(megabytes).toBeGreaterThan(150);
    expect(megabytes).toBeLessThan(175);
  });

  it('is healthy while the gateway says that it is alive, and not otherwise', async () => {
    const check = argumentsOf(/^HEALTHCHECK /);
    let status = 200;
    const asked: unknown[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(status).end();
    });
    const { port } = new URL(await listen(server));
    expect(await run(check, { PORT: port })).toMatchObject({ code: 0 });
    status = 503;
    expect(await run(check, { PORT: port })).toMatchObject({ code: 1 });
    server.close();
    server.closeAllConnections();
    expect(await run(check, { PORT: port })).toMatchObject({ code: 1 });
    expect(asked).toEqual(['/live', '/live']);
  });

  it('lets the heap grow to a part of the memory there is', async () => {
    const args = argumentsOf(/^CMD /);
    expect(args.pop()).toBe('src/main.ts');
    const { output } = await run([...args, '--print', 'v8.getHeapStatistics().heap_size_limit']);
    const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
    expect(Number(output) / memory).toBeGreaterThan(0.5);
    expect(Number(output) / memory).toBeLessThan(0.75);
  });
});

/** With their places in the repository. */
function filesIn(folder: string, without: readonly string[] = []): string[] {
  const found = globSync('**', { cwd: path.join(rootFolder, folder), withFileTypes: true, exclude: [...without] });
  return found
    .filter((file) => file.isFile())
    .map((file) => path.relative(rootFolder, path.join(file.parentPath, file.name)));
}
