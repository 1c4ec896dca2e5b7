import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { CHROMIUM, FLAGS, NO_CHROMIUM } from '../support/chromium.ts';

/** Where a run leaves what the page looked like. */
export const SCREENSHOTS = fileURLToPath(new URL('screenshots/', import.meta.url));

/** `null` without Chromium: the tests are skipped then. */
export async function launchChromium(): Promise<Browser | null> {
  if (existsSync(CHROMIUM)) return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
  process.stderr.write(`The page is not opened. ${NO_CHROMIUM}\n`);
  return null;
}

const LONGEST = { timeout: 10_000, interval: 25 };

export type { Browser };

export interface OpenPage extends AsyncDisposable {
  page: Page;
  /** Waits until there is an answer to what the page was last asked. */
  settle(): Promise<void>;
  /** Waits until the first line says so. */
  says(words: RegExp): Promise<void>;
  /** What the address says. */
  search(): string;
  /** The first line. */
  sentence(): Promise<string>;
  /** The titles of the rows that are in the document. */
  titles(): Promise<string[]>;
  /** How many changes are on these rows. */
  changes(): Promise<number>;
  press(...keys: string[]): Promise<void>;
  /** What axe finds wrong with what is shown now. */
  audit(): Promise<string[]>;
  screenshot(name: string): Promise<void>;
}

export interface OpenOptions extends BrowserContextOptions {
  /** Below the gateway's address. @default '/' */
  path?: string;
  /** Where goes what the page has asked others for, in vain, and what it has complained about. */
  complaints: string[];
  onRequest?: (url: string) => void;
}

/** Opens the page of the gateway whose GraphQL is at `url`, and waits until it has something to say. */
export async function openPage(
  browser: Browser,
  url: string,
  { complaints, onRequest = () => {}, path = '/', ...options }: OpenOptions,
): Promise<OpenPage> {
  const { origin } = new URL(url);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
    ...options,
  });
  await context.route(
    (to) => to.origin !== origin && !/^(data|blob):/.test(to.protocol),
    (route) => {
      complaints.push(`asked ${route.request().url()}`);
      return route.abort();
    },
  );
  const page = await context.newPage();
  await page.exposeFunction('complain', (text: string) => complaints.push(text));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ blockedURI, violatedDirective }) => {
      (window as unknown as { complain(text: string): void }).complain(`${violatedDirective}: ${blockedURI}`);
    });
  });
  page.on('pageerror', ({ stack }) => complaints.push(stack ?? 'an error'));
  page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()));
  page.on('request', (request) => onRequest(request.url()));
  await page.goto(new URL(path, origin).href);
  const sentence = () => page.locator('h1:visible').first().innerText();
  const says = (words: RegExp) => vi.waitFor(async () => expect(await sentence()).toMatch(words), LONGEST);
  return {
    page,
    sentence,
    says,
    async settle() {
      await says(/\.$/);
      await page.locator('.skeleton').waitFor({ state: 'detached' });
    },
    search: () => new URL(page.url()).search,
    titles: () => page.locator('[data-row] h3 a').allInnerTexts(),
    async changes() {
      const counts = await page
        .locator('[data-row]')
        .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.row));
      return counts.reduce((sum, count) => sum + Number(count), 0);
    },
    async press(...keys) {
      for (const key of keys) await page.keyboard.press(key);
    },
    audit: () => audit(page),
    screenshot: async (name) => void (await page.screenshot({ path: `${SCREENSHOTS}page-${name}.png` })),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

const require = createRequire(import.meta.url);
let axe: Promise<string> | undefined;

async function audit(page: Page): Promise<string[]> {
  axe ??= readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(await axe);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}
