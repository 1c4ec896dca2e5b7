import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { listen } from './support/gateway.ts';

const root = new URL('../', import.meta.url);
const lines = readFileSync(new URL('Dockerfile', root), 'utf8').split('\n');
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
