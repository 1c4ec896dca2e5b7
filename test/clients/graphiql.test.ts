import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHROMIUM, FLAGS, NO_CHROMIUM } from '../support/chromium.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';

const SCREENSHOTS = fileURLToPath(new URL('screenshots/', import.meta.url));

describe('GraphiQL, in Chromium,', () => {
  let both: BothSandboxes;
  let browser: BrowserContext;
  let page: Page;
  let profile: string;
  /** What the page has asked others for, in vain. */
  const outside: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    if (!existsSync(CHROMIUM)) {
      process.stderr.write(`GraphiQL is not opened. ${NO_CHROMIUM}\n`);
      return;
    }
    both = await startBoth();
    const { origin } = new URL(both.gateway.url);
    profile = await mkdtemp(path.join(tmpdir(), 'gateway-chromium-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      viewport: { width: 1400, height: 1000 },
      args: FLAGS,
    });
    await browser.route(
      (url) => url.origin !== origin && !/^(data|blob):/.test(url.protocol),
      (route) => {
        outside.push(route.request().url());
        return route.abort();
      },
    );
    page = await browser.newPage();
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
    await page.goto(both.gateway.url);
    await page.locator('.graphiql-execute-button').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await both?.[Symbol.asyncDispose]();
    if (profile) await rm(profile, { recursive: true });
  });
  beforeEach(({ skip }) => skip(!existsSync(CHROMIUM), NO_CHROMIUM));

  it('opens with one tab for each thing there is to ask', async () => {
    const tabs = await page.locator('.graphiql-tab-button').allInnerTexts();
    expect(tabs.map((tab) => tab.trim())).toEqual(['WhatChanged', 'Impact', 'Why', 'Live', 'OneFlag', 'Sources']);
  });

  it.for([
    ['WhatChanged', '"occurredAt"'],
    ['Why', '"comment"'],
    ['OneFlag', '"changes"'],
    ['Sources', '"reachesBackTo"'],
  ] as const)('answers %s at the press of a button', async ([tab, part]) => {
    await run(tab);
    await vi.waitFor(async () => expect(await answer()).toContain(part));
    expect(await answer()).not.toContain('"errors"');
    await page.screenshot({ path: `${SCREENSHOTS}${tab}.png` });
  });

  it('shows what is deferred after the rest', async () => {
    const isExpanded = ({ query }: { query: Record<string, string> }) => query.expand === 'experiments';
    both.launchDarkly.faults.add({ type: 'slow', delayMs: 1500 }, { when: isExpanded });
    await run('Impact');
    await vi.waitFor(async () => expect(await answer()).toContain('"title"'));
    expect(await answer()).not.toContain('"experiments"');
    await page.screenshot({ path: `${SCREENSHOTS}Impact-first.png` });
    await vi.waitFor(async () => expect(await answer()).toContain('"experiments"'), 5_000);
    await page.screenshot({ path: `${SCREENSHOTS}Impact-whole.png` });
  });

  it('has a place for an API key, and sends it', async () => {
    await page.getByRole('button', { name: 'Headers' }).click();
    await page.screenshot({ path: `${SCREENSHOTS}headers.png` });
    const sent = page.waitForRequest((request) => request.method() === 'POST');
    await page.locator('.graphiql-execute-button').click();
    expect((await sent).headers()).toHaveProperty('x-api-key', '');
  });

  it('shows what happens while it happens', async () => {
    await run('Live');
    await vi.waitFor(async () => expect(await answer()).toContain('"isCaughtUp": true'));
    both.unleash.insert({ type: 'feature-created', featureName: 'made-while-looking', project: 'web-shop' });
    await vi.waitFor(async () => expect(await answer()).toContain('made-while-looking'), 5_000);
    await page.screenshot({ path: `${SCREENSHOTS}Live.png` });
    await page.getByRole('button', { name: /stop/i }).click();
    await vi.waitFor(() => expect(both.gateway.live.subscribers).toBe(0));
  });

  it('leads to the reference of the schema', async () => {
    const opened = browser.waitForEvent('page');
    await page.getByText('Schema reference').click();
    const reference = await opened;
    await reference.getByText('FlagEventFilter').first().waitFor();
    await reference.screenshot({ path: `${SCREENSHOTS}reference.png` });
    await reference.close();
  });

  it('has asked nobody but the gateway, and found nothing to complain about', () => {
    expect({ outside, problems }).toEqual({ outside: [], problems: [] });
  });

  async function run(tab: string): Promise<void> {
    await vi.waitFor(async () => {
      await page.locator('.graphiql-tab-button', { hasText: tab }).click();
      expect(await page.locator('.graphiql-tab-active').innerText()).toContain(tab);
    });
    // Right after the switch GraphiQL still looks for the operation of the tab before.
    await vi.waitFor(async () => {
      const before = await answer();
      await page.locator('.graphiql-execute-button').click();
      await vi.waitFor(async () => expect(await answer()).not.toBe(before));
      expect(await answer()).not.toContain('Cannot infer operation');
    }, 5_000);
  }

  /** As far as it is to be seen without scrolling. */
  async function answer(): Promise<string> {
    const text = await page.locator('.graphiql-response .view-lines').innerText();
    return text.replaceAll('\u00a0', ' ');
  }
});
