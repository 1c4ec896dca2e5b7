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

  it('can be used by its keys alone', async () => {
    await using opened = await open('/?span=7d');
    const { page, press } = opened;
    await press('/');
    await page.keyboard.type('prod');
    await page.getByRole('option', { name: 'environment production' }).waitFor();
    expect(await opened.audit()).toEqual([]);
    await press('Enter');
    await opened.says(/^\d+ changes in production in the last 7 days/);
    expect(opened.search()).toBe('?span=7d&env=production');
    await press('Backspace', 'Escape');
    await opened.says(/^\d+ changes in the last 7 days/);

    await press('t');
    await page.keyboard.type('yesterday, perhaps');
    await press('Enter');
    expect(await page.getByRole('alert').innerText()).toMatch(/^Not a time/);
    await page.getByLabel('Around').fill('10 min ago');
    await press('Enter');
    await opened.says(/changes? in the 30 minutes before \d\d:\d\d/);
    expect(opened.search()).toMatch(/^\?around=\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const first = opened.search();
    await press('[');
    await opened.says(/from .* to /);
    expect(opened.search()).toMatch(/^\?from=.*Z&to=.*Z$/);
    await page.goBack();
    expect(opened.search()).toBe(first);
    await page.goBack();
    await opened.says(/^\d+ changes in the last 7 days/);

    await press('j', 'j', 'k', 'e');
    const row = page.locator('[data-row]').first();
    expect(await row.evaluate((it) => it === document.activeElement)).toBe(true);
    await row.locator('.diff').first().waitFor();
    expect(await opened.audit()).toEqual([]);
    await press('e');
    expect(await row.locator('.opened').count()).toBe(0);
    await press('Enter');
    await page.getByText('What exactly was changed').first().waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/events\/./);
    expect(await opened.audit()).toEqual([]);
    await press('Escape');
    await opened.says(/^\d+ changes in the last 7 days/);

    await press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    expect(await opened.audit()).toEqual([]);
    await press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('can be used by a mouse alone', async () => {
    await using opened = await open('/?span=7d');
    const { page } = opened;
    const chart = (await page.getByRole('slider').boundingBox()) ?? { x: 0, y: 0, width: 0 };
    await page.mouse.move(chart.x + chart.width * 0.5, chart.y + 20);
    await page.mouse.down();
    await page.mouse.move(chart.x + chart.width * 0.8, chart.y + 20, { steps: 4 });
    const chosen = await page.locator('.readout').innerText();
    await page.mouse.up();
    await opened.says(/^\d+ changes from .* to .*\./);
    expect(await opened.sentence()).toContain(`${/: (\d+) changes/.exec(chosen)?.[1]} changes from `);
    expect(await opened.sentence()).toContain('with large impact');
    await page.getByRole('link', { name: /with large impact/ }).click();
    await opened.says(/^\d+ changes? with large impact/);
    expect(await page.locator('.impact .size').allInnerTexts()).toSatisfy((all: string[]) =>
      all.every((each) => each.startsWith('Large impact')),
    );
    await page.getByRole('button', { name: /impact: large/ }).click();
    await page.locator('.narrow.flags').first().click();
    await opened.says(/^\d+ changes? of \S+ from/);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.locator('.expand').first().click();
    await page.locator('.opened').first().getByText('Open in').first().waitFor();
    await page.locator('[data-row] h3 a').first().click();
    await page.getByRole('button', { name: 'Copy link' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(`${new URL(page.url()).origin}${new URL(page.url()).pathname}`);
    await page.getByRole('button', { name: 'Copy as Markdown' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`](${copied})`);
    await page.getByRole('link', { name: 'Ten minutes around this' }).click();
    await opened.says(/changes? from .* to /);
    await page.goto(copied);
    await page.getByRole('link', { name: 'All changes' }).click();
    await opened.says(/changes in the last day/);
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

  it('shows what is new only when it is asked to', async () => {
    await using opened = await open('/?span=1h&live=1');
    const { page } = opened;
    await page.getByRole('button', { name: '● Live' }).waitFor();
    const before = await opened.titles();
    const place = () => page.locator('[data-row]').first().boundingBox();
    const at = await place();
    both.unleash.insert({ type: 'feature-created', featureName: 'made-while-looking', project: 'web-shop' });
    await page.getByRole('button', { name: '1 new change' }).waitFor();
    expect(await opened.titles()).toEqual(before);
    expect(at?.y).toBeCloseTo((await place())?.y ?? 0, 0);
    await opened.screenshot('live');
    expect(await opened.audit()).toEqual([]);
    await opened.press('n');
    await page.getByRole('link', { name: 'made-while-looking' }).waitFor();
    expect(await opened.titles()).toHaveLength(before.length + 1);
    await vi.waitFor(async () => expect(await opened.sentence()).toContain(`${await opened.changes()} changes since`));
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
