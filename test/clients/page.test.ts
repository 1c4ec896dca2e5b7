import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_CHROMIUM } from '../support/chromium.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';
import { launchChromium, type OpenOptions, type OpenPage, openPage } from './open-page.ts';

const OPENING = ['/', '/graphql', '/graphql', '/graphql', '/page/index-*.css', '/page/index-*.js'];

/** What went on, whatever a test was about. */
const complaints: string[] = [];

describe('the page, in Chromium,', () => {
  let browser: Browser | null;
  let both: BothSandboxes;
  beforeAll(async () => {
    browser = await launchChromium();
    both = await startBoth({ historyCacheMb: 64 });
  });
  afterAll(async () => {
    await browser?.close();
    await both[Symbol.asyncDispose]();
  });
  beforeEach(({ skip }) => skip(!browser, NO_CHROMIUM));

  async function open(path: string, options: Partial<OpenOptions> = {}): Promise<OpenPage> {
    const opened = await openPage(browser as Browser, both.gateway.url, { path, complaints, ...options });
    await opened.settle();
    return opened;
  }

  it('says in one sentence what the bars and the list add up to', async () => {
    await using opened = await open('/?span=1d');
    const { page } = opened;
    const [, count] = /^(\d+) changes in the last day/.exec(await opened.sentence()) ?? [];
    expect(Number(count)).toBeGreaterThan(20);
    expect(await opened.changes()).toBe(Number(count));
    // The day is the last quarter of what the chart shows: thirty bars.
    await page.getByRole('slider').focus();
    await opened.press(...Array(2).fill('Shift+PageUp'), ...Array(9).fill('Shift+ArrowLeft'));
    expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toContain(`: ${count} changes (`);
    await opened.press('End', 'Shift+Home');
    const [, all] = /: (\d+) changes/.exec((await page.getByRole('slider').getAttribute('aria-valuetext')) ?? '') ?? [];
    await page.getByText('The numbers').click();
    const inTable = await page.locator('tbody tr td:nth-child(2)').allInnerTexts();
    expect(inTable.reduce((sum, each) => sum + Number(each), 0)).toBe(Number(all));
    expect(await opened.audit()).toEqual([]);
  });

  it('is restored exactly from its address', async () => {
    const path =
      '/?around=2026-11-23T14:05:30Z&span=2d&env=production&env=staging&source=unleash&kinds=enabled,targeting_changed';
    await using opened = await openPage(browser as Browser, both.gateway.url, { path, complaints });
    await opened.settle();
    expect(opened.search()).toBe(path.slice(1));
    const before = [await opened.sentence(), await opened.titles(), await opened.page.locator('.chip').allInnerTexts()];
    expect(before[0]).toContain('in production or staging from unleash in the 2 days before');
    await opened.page.reload();
    await opened.settle();
    expect(opened.search()).toBe(path.slice(1));
    const after = [await opened.sentence(), await opened.titles(), await opened.page.locator('.chip').allInnerTexts()];
    expect(after).toEqual(before);
  });

  it('costs three requests to open, and two calls a feed where nothing is remembered', async () => {
    await using fresh = await startBoth({ historyCacheMb: 64 });
    const asked: string[] = [];
    // A day that is settled, with as much before it and after it.
    const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    await using opened = await openPage(browser as Browser, fresh.gateway.url, {
      path: `/?from=${day(20)}&to=${day(19)}`,
      complaints,
      onRequest: (url) => asked.push(new URL(url).pathname.replace(/-[\w-]{8}\./, '-*.')),
    });
    await vi.waitFor(() => expect(asked.toSorted()).toEqual(OPENING));
    await opened.settle();
    // How many changes had a large impact needs none: what the bars were made of is remembered.
    const pages = fresh.environments.flatMap((feed) => [100, 51].map((size) => `launchdarkly ${feed} limit=${size}`));
    const listed = fresh.takeCalls().filter((call) => /limit=/.test(call) && !/auditlog|experiments/.test(call));
    expect(listed).toEqual([...pages, 'unleash events limit=1000', 'unleash events limit=51'].toSorted());
  });

  it('has complained about nothing', () => {
    expect(complaints).toEqual([]);
  });
});
