import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, started } from '../support/gateway-process.ts';
import { begin, call, pack } from '../support/package.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-install-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the package in an empty folder', () => {
  it('is installed by one command and started by a second one', async () => {
    const { tarball } = await pack(folder);
    const home = path.join(folder, 'home');
    await call('mkdir', [home], folder);
    const install = await call('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], home);
    expect(install.errors).not.toMatch(/npm (?:error|warn (?:EBADENGINE|ERESOLVE|deprecated))/);
    expect(install.code).toBe(0);
    {
      await using gateway = await started(begin('npx', ['flag-events-gateway'], home));
      expect(gateway.output()).toMatch(/^Nothing is configured, so this is the sandbox/);
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ flagEvents(first: 3) { nodes { title } } }' }),
      });
      expect(await response.json()).toMatchObject({ data: { flagEvents: { nodes: [{}, {}, {}] } } });
    }
    await writeFile(
      path.join(home, 'gateway.config.ts'),
      `import { defineConfig } from 'flag-events-gateway';
       export default defineConfig({ sources: [{ vendor: 'unleash', url: 'http://127.0.0.1:1', apiToken: 'a:b.c' }] });`,
    );
    expect((await call('npx', ['flag-events-gateway', '--check'], home)).output).toMatch(/^FAILED {2}unleash: /);
  });

  it('serves GraphiQL and answers without what the container file deletes', async () => {
    const home = path.join(folder, 'home');
    const command = /&& (find .* -delete)$/m.exec(await readFile(path.join(root, 'Dockerfile'), 'utf8'))?.[1] ?? '';
    expect(await call('sh', ['-c', command], home)).toMatchObject({ code: 0, errors: '' });
    await rm(path.join(home, 'gateway.config.ts'));
    await using gateway = await started(begin('npx', ['flag-events-gateway'], home));
    const page = await fetch(gateway.url, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('<title>Flag events</title>');
    const answer = await fetch(`${gateway.url}?query={flagEvents{nodes{title}}}`, {
      headers: { 'graphql-require-preflight': '1' },
    });
    expect(await answer.json()).toMatchObject({ data: { flagEvents: { nodes: expect.any(Array) } } });
  });
});
