import { readdirSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTimelinePages } from '../../src/edge/pages/timeline.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const EVENT = '/events/VW5sZWFzaEZsYWdFdmVudDox';

/** Made by `npm run page:build`, which `npm test` does first. */
const files = readdirSync(new URL('../../page/dist/page/', import.meta.url));

describe('the page', () => {
  let gateway: PublicGateway;
  beforeAll(async () => {
    gateway = await startPublicGateway({ env: { API_KEYS: 'key-of-the-first-app' } });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.for([
    ['/', './'],
    [EVENT, '../'],
  ])('at %s finds what it needs from where it is', async ([at = '', base]) => {
    const { body, headers, status } = await gateway.request({ path: at, headers: HTML });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain(`<base href="${base}" />`);
    const addresses = [...body.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, address]) => address);
    expect(addresses.filter((address) => !address?.startsWith('.'))).toEqual([]);
    expect(addresses.filter((address) => address?.startsWith('./page/')).toSorted()).toEqual(
      files.map((name) => `./page/${name}`).toSorted(),
    );
  });

  it('may load and ask nothing but the gateway, in no frame, and tells nobody where its reader came from', async () => {
    const { headers } = await gateway.request({ path: '/', headers: HTML });
    expect(headers['content-security-policy']?.toString().split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]);
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
  });

  it.for(files)('has %s once for good, and is asked for again itself', async (name) => {
    const asset = await gateway.request({ path: `/page/${name}`, headers: { 'accept-encoding': 'br' } });
    expect(asset.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
      'x-content-type-options': 'nosniff',
      'content-type': name.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/css; charset=utf-8',
    });
    const page = await gateway.request({ path: '/', headers: HTML });
    expect(page.headers['cache-control']).toBe('no-cache');
    const again = { ...HTML, 'if-none-match': String(page.headers.etag) };
    expect(await gateway.request({ path: '/', headers: again })).toMatchObject({ status: 304, body: '' });
  });

  it('is at most 100 kB over the wire', async () => {
    const paths = ['/', ...files.map((name) => `/page/${name}`)];
    const sent = await Promise.all(
      paths.map((path) => gateway.request({ path, headers: { ...HTML, 'accept-encoding': 'br' } })),
    );
    const bytes = sent.map(({ headers }) => Number(headers['content-length']));
    expect(bytes.every((count) => count > 0)).toBe(true);
    expect(bytes.reduce((sum, count) => sum + count, 0)).toBeLessThan(100_000);
  });

  it.for([
    '/page/',
    '/page/other.js',
    '/page/../package.json',
    '/page/%2e%2e/built-from',
    `/page/${files[0]}/`,
    '/events/',
    '/events/a/b',
    '/index.html',
  ])('is not at %s', async (path) => {
    expect(await gateway.request({ path, headers: HTML })).toMatchObject({ status: 404 });
  });

  it('is not there without a build, or with half of one', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'gateway-page-'));
    const build = pathToFileURL(`${folder.path}/`);
    await writeFile(new URL('index.html', build), '<head></head>');
    expect(createTimelinePages(build)).toBeNull();
  });

  it('is for browsers, not for who asks for something else', async () => {
    for (const path of ['/', EVENT]) {
      expect(await gateway.request({ path, headers: { accept: 'application/json' } })).toMatchObject({ status: 404 });
    }
  });

  it.for([{ TIMELINE: 'off' }, { NODE_ENV: 'production' }, { TRUSTED_DOCUMENTS: 'off' }])(
    'is not there with %o',
    async (env) => {
      await using other = await startPublicGateway({ env });
      for (const path of [EVENT, `/page/${files[0]}`]) {
        expect(await other.request({ path, headers: HTML })).toMatchObject({ status: 404 });
      }
    },
  );
});
