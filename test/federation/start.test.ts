import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { ask } from '../support/gateway.ts';

const START = fileURLToPath(new URL('../../schema/supergraph/start.ts', import.meta.url));

describe('npm run supergraph', () => {
  it('serves our sandbox and both neighbours as one graph, with GraphiQL on it, and ends all of it when told', async () => {
    const child = spawn(process.execPath, [START], {
      env: { PATH: process.env.PATH, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    try {
      const printed = () => /Open (\S+)/.exec(output)?.[1];
      const url = await vi.waitUntil(printed, { timeout: 30_000, interval: 50 });

      const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text();
      const query = /query Example \{.*?\\n\}/s.exec(page)?.[0].replaceAll('\\n', '\n') ?? '';
      const { data, errors } = await ask<{
        services: { flags: { events: { nodes: { discussionUrl: string }[] } }[] }[];
        users: { flagEvents: { nodes: unknown[] } }[];
      }>(url, query);
      expect(errors).toBeUndefined();
      const [payments] = data?.services ?? [];
      expect(payments?.flags[0]?.events.nodes[0]?.discussionUrl).toMatch(/^https:/);
      expect(data?.users.map(({ flagEvents }) => flagEvents.nodes.length)).toEqual([1, 1, 0]);

      const subgraph = /flag-events +(\S+)/.exec(output)?.[1] ?? '';
      expect((await ask(subgraph, '{ _service { sdl } }')).errors).toMatchObject([
        { extensions: { code: 'FORBIDDEN' } },
      ]);
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      await expect(fetch(subgraph)).rejects.toThrow();
    } finally {
      child.kill('SIGKILL');
    }
  });
});
