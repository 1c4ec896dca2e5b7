import { describe, expect, it } from 'vitest';
import { PRIVATE_FACE } from '../src/edge/public-face.ts';
import { createGateway } from '../src/gateway.ts';
import { definitions } from '../src/sources/index.ts';

const options = { definitions, sources: [], requestTimeoutMs: 1_000 };

describe('GET /schema', () => {
  it('shows every type to whoever may ask for the schema, and lets the page fetch nothing', async () => {
    const response = await createGateway(options).fetch('http://localhost/schema');
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('LaunchDarklyFlagEvent')]);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('is not there where the schema is kept back', async () => {
    const gateway = createGateway({ ...options, face: { ...PRIVATE_FACE, introspection: false } });
    expect((await gateway.fetch('http://localhost/schema')).status).toBe(404);
  });

  it('is what GraphiQL links to, where it is there', async () => {
    const page = async (introspection: boolean) => {
      const gateway = createGateway({ ...options, face: { ...PRIVATE_FACE, introspection } });
      const response = await gateway.fetch('http://localhost/graphql', { headers: { accept: 'text/html' } });
      return response.text();
    };
    expect(await page(true)).toContain('href="/schema"');
    expect(await page(false)).not.toContain('href="/schema"');
  });
});
