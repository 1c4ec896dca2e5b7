import { writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { SandboxEvent } from '../../src/sources/unleash/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import {
  type Browser,
  launchChromium,
  type OpenOptions,
  type OpenPage,
  openPage,
  SCREENSHOTS,
} from '../clients/open-page.ts';
import { startAccessGateway } from '../support/access-gateway.ts';
import { NO_CHROMIUM } from '../support/chromium.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { listen, startGateway } from '../support/gateway.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';
import { createUnleashAdmin } from '../support/unleash-admin.ts';

const HOUR = 3_600_000;
const LONGEST = { timeout: 20_000, interval: 50 };

/** What has been counted, for people to look at. */
const figures: Record<string, unknown> = {};
const complaints: string[] = [];

describe('the page, in Chromium,', () => {
  let browser: Browser | null;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await writeFile(`${SCREENSHOTS}page-figures.json`, `${JSON.stringify(figures, null, 2)}\n`);
  });
  beforeEach(({ skip }) => skip(!browser, NO_CHROMIUM));

  async function open(url: string, options: Partial<OpenOptions> = {}) {
    const opened = await openPage(browser as Browser, url, { complaints, ...options });
    await opened.settle();
    return opened;
  }

  describe('over both vendors', () => {
    let both: BothSandboxes;
    beforeAll(async () => {
      both = await startBoth({ historyCacheMb: 64 });
    });
    afterAll(() => both[Symbol.asyncDispose]());

    it('can be used by its keys alone', async () => {
      await using opened = await open(both.gateway.url, { path: '/?span=7d' });
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
      await using opened = await open(both.gateway.url, { path: '/?span=7d' });
      const { page } = opened;
      const chart = (await page.getByRole('slider').boundingBox()) ?? { x: 0, y: 0, width: 0 };
      await page.mouse.move(chart.x + chart.width * 0.5, chart.y + 20);
      await page.mouse.down();
      await page.mouse.move(chart.x + chart.width * 0.8, chart.y + 20, { steps: 4 });
      const chosen = await page.locator('.readout').innerText();
      await page.mouse.up();
      await opened.says(/^\d+ changes from .* to .*\./);
      expect(await opened.sentence()).toContain(`${/: (\d+) changes/.exec(chosen)?.[1]} changes from `);
      await opened.says(/with large impact/);
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

    it('shows what is new only when it is asked to', async () => {
      await using opened = await open(both.gateway.url, { path: '/?span=1h&live=1' });
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
      await vi.waitFor(async () =>
        expect(await opened.sentence()).toContain(`${await opened.changes()} changes since`),
      );
    });
  });

  /** If it can be: what was tried before may be under way still. */
  async function tryAgain(page: OpenPage['page']): Promise<void> {
    const button = page.getByRole('button', { name: 'Try again' });
    if ((await button.count()) > 0) await button.click({ timeout: 1_000 });
  }

  /** 10,000 changes of one day, one every 8.64 seconds. */
  function manyEvents(count: number): SandboxEvent[] {
    const newest = Date.now() - HOUR;
    const flags = ['checkout', 'search', 'refunds'];
    return Array.from({ length: count }, (_, index) => ({
      id: index + 1,
      type: index % 2 === 0 ? 'feature-environment-enabled' : 'feature-environment-disabled',
      createdBy: 'growth.analyst@example.com',
      createdByUserId: 6,
      createdAtMicros: (newest - (count - 1 - index) * 8_640) * 1000,
      data: null,
      preData: null,
      tags: [],
      featureName: flags[index % flags.length] ?? null,
      project: 'web',
      environment: index % 4 < 2 ? 'production' : 'staging',
    }));
  }

  it('shows 10,000 changes of a day, and keeps few of them in the document', async () => {
    await using unleash = await startUnleashSandbox({ events: manyEvents(10_000) });
    const sources = [{ vendor: 'unleash' as const, apiToken: unleash.token, url: unleash.url }];
    await using gateway = await startGateway(sources, { historyCacheMb: 64 });
    await using opened = await open(gateway.url, { path: '/?span=2d' });
    const { page } = opened;
    expect(await opened.sentence()).toBe('10,000 changes in the last 2 days.');
    let most = 0;
    const seen = new Set<string>();
    const look = async () => {
      const rows = page.locator('[data-row]');
      const places = await rows.evaluateAll((all) => all.map((row) => row.ariaPosInSet ?? ''));
      most = Math.max(most, places.length);
      for (const place of places) seen.add(place);
    };
    await vi.waitFor(
      async () => {
        await look();
        await page.evaluate(() => scrollBy(0, 2 * innerHeight));
        expect(await page.getByText('That is all of it.').count()).toBe(1);
      },
      { timeout: 240_000, interval: 10 },
    );
    await look();
    figures.rowsInTheDocument = most;
    expect(most).toBeLessThan(250);
    expect(seen.size).toBe(10_000);
    await page.evaluate(() => scrollTo(0, 0));
    await vi.waitFor(async () => expect(await page.locator('[aria-posinset="1"]').count()).toBe(1), LONGEST);
  });

  it('tells what is missing while one source is down, and while both are', async () => {
    await using both = await startBoth();
    const url = both.gateway.url;
    const fault = both.unleash.faults.always({ kind: 'status', status: 503 });
    await using one = await open(url, { path: '/?span=7d' });
    await one.page.getByText('Changes of unleash are missing here').waitFor();
    expect(await one.page.locator('.source.failed').innerText()).toContain('unleash failed');
    expect(new Set(await one.page.locator('.row .from').allInnerTexts())).toEqual(new Set(['launchdarkly']));
    expect(await one.audit()).toEqual([]);
    await one.screenshot('one-source-down');
    both.launchDarkly.faults.add({ type: 'unavailable' });
    await using none = await openPage(browser as Browser, url, { complaints, path: '/?span=7d' });
    await none.page.getByRole('heading', { name: 'No changes can be shown' }).waitFor();
    expect(await none.audit()).toEqual([]);
    await none.screenshot('both-sources-down');
    fault[Symbol.dispose]();
    both.launchDarkly.faults.clear();
    await vi.waitFor(async () => {
      await tryAgain(none.page);
      expect(await none.page.locator('[data-row]').count()).toBeGreaterThan(0);
    }, LONGEST);
  });

  it('keeps what it has when older changes cannot be read, and reads them when it is told to', async () => {
    await using both = await startBoth();
    await using opened = await open(both.gateway.url, { path: '/?span=30d', viewport: { width: 1280, height: 300 } });
    const { page } = opened;
    const fault = both.unleash.faults.always({ kind: 'status', status: 503 });
    both.launchDarkly.faults.add({ type: 'unavailable' });
    const failed = page.getByRole('heading', { name: 'Older changes could not be read' });
    await vi.waitFor(async () => {
      await page.evaluate(() => scrollBy(0, innerHeight));
      expect(await failed.count()).toBe(1);
    }, LONGEST);
    const known = await opened.titles();
    expect(known.length).toBeGreaterThan(0);
    fault[Symbol.dispose]();
    both.launchDarkly.faults.clear();
    await vi.waitFor(async () => {
      await tryAgain(page);
      expect(await failed.count()).toBe(0);
      expect(await page.getByText('That is all of it.').or(page.locator('.more')).count()).toBe(1);
    }, LONGEST);
  });

  it('tells of a change that could not be read', async () => {
    await using both = await startBoth();
    const { id } = both.unleash.insert({ type: 'feature-created', featureName: 'spoilt', project: 'web-shop' });
    both.unleash.faults.always({ kind: 'wrong-types', id });
    await using opened = await open(both.gateway.url, { path: '/?span=1h' });
    await opened.page.getByText('1 change of unleash could not be read and cannot be shown.').waitFor();
  });

  it('has something to say in every state', async () => {
    await using both = await startBoth();
    const show = async (path: string, words: string | RegExp, name: string) => {
      const opened = await openPage(browser as Browser, both.gateway.url, { complaints, path });
      await opened.page.getByText(words).first().waitFor();
      expect(await opened.audit()).toEqual([]);
      await opened.screenshot(name);
      return opened;
    };
    await using first = await show('/', 'Something happened?', 'first-visit');
    await first.page.getByRole('button', { name: 'Got it' }).click();
    await first.page.reload();
    await first.settle();
    expect(await first.page.getByText('Something happened?').count()).toBe(0);
    await using empty = await show('/?flag=no-such-flag', 'Nothing has changed', 'nothing');
    await empty.page.getByRole('button', { name: 'Without the filter' }).click();
    await empty.page.locator('[data-row]').first().waitFor();
    const id = Buffer.from('UnleashFlagEvent:["unleash","",1795612101002,"999999"]').toString('base64url');
    await using unknown = await show(`/events/${id}`, 'There is no such change', 'no-such-change');
    expect(await unknown.page.title()).toBe('One change');
    await using refused = await show('/?source=no-such-source', 'No changes can be shown', 'refused');
    expect(await refused.page.getByRole('alert').innerText()).toContain('names a source that does not exist');
    using _slow = both.unleash.faults.always({ kind: 'slow', ms: 2_000 });
    await using loading = await show('/?span=2d', 'What changed in the last 2 days?', 'loading');
    await loading.settle();
    await loading.press('l');
    await loading.says(/^\d+ changes since /);
    await loading.page.getByRole('button', { name: '● Live' }).click();
    await loading.says(/^\d+ changes in the last 2 days/);
  });

  it('goes on without a gap when the gateway is restarted', async () => {
    await using unleash = await startUnleashSandbox({ events: manyEvents(30) });
    const sources = [{ vendor: 'unleash' as const, apiToken: unleash.token, url: unleash.url }];
    const first = await startGateway(sources);
    await using proxy = await startCuttingProxy(first.url);
    await using opened = await openPage(browser as Browser, proxy.url, { complaints: [], path: '/?span=12h&live=1' });
    const { page } = opened;
    await page.getByRole('button', { name: '● Live' }).waitFor();
    const happen = (featureName: string) => unleash.insert({ type: 'feature-created', featureName, project: 'web' });
    happen('before-the-restart');
    await page.getByRole('button', { name: '1 new change' }).waitFor();
    await first[Symbol.asyncDispose]();
    proxy.cut();
    await page.getByText('The connection is lost.').waitFor();
    expect(await opened.audit()).toEqual([]);
    await opened.screenshot('connection-lost');
    happen('while-it-was-down');
    await using second = await startGateway(sources);
    proxy.leadTo(second.url);
    await page.getByRole('button', { name: '2 new changes' }).waitFor();
    happen('after-the-restart');
    await page.getByRole('button', { name: '3 new changes' }).click();
    await vi.waitFor(async () => {
      const flags = await page.locator('.narrow.flags').allInnerTexts();
      expect(flags.slice(0, 3)).toEqual(['after-the-restart', 'while-it-was-down', 'before-the-restart']);
      expect(flags).toHaveLength(33);
    }, LONGEST);
    await page.getByText('The connection is lost.').waitFor({ state: 'detached' });
  });

  it('works below a path of a proxy', async () => {
    await using both = await startBoth();
    const { port } = new URL(both.gateway.url);
    const proxy = createServer((incoming, outgoing) => {
      const { headers, method = 'GET', url = '' } = incoming;
      const path = url.replace(/^\/flags(?=\/)/, '');
      const passedOn = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(passedOn);
    });
    const url = `${await listen(proxy)}/flags/graphql`;
    await using opened = await open(url, { path: '/flags/?span=7d' });
    await opened.page.locator('[data-row] h3 a').first().click();
    const heading = opened.page.getByRole('heading', { name: 'What exactly was changed' });
    await heading.waitFor();
    expect(new URL(opened.page.url()).pathname).toMatch(/^\/flags\/events\/./);
    await opened.page.reload();
    await heading.waitFor();
    await opened.page.getByRole('link', { name: 'All changes' }).click();
    await opened.says(/changes in the last 7 days/);
    expect(new URL(opened.page.url()).pathname).toBe('/flags/');
    proxy.close();
    proxy.closeAllConnections();
  });

  it('asks for a key where the gateway wants one, and shows what its owner may see', async () => {
    await using rules = await startAccessGateway();
    await using opened = await openPage(browser as Browser, rules.url, { complaints: [], path: '/?span=7d' });
    const { page } = opened;
    await page.getByRole('heading', { name: 'Who is there?' }).waitFor();
    expect(await opened.audit()).toEqual([]);
    await opened.screenshot('key');
    await page.keyboard.type('key-that-nobody-has-0001');
    await opened.press('Enter');
    await page.getByText('It was refused.').waitFor();
    await page.getByLabel('API key or token').fill('key-of-the-admins-0001');
    await opened.press('Enter');
    await opened.says(/^\d+ changes in the last 7 days/);
    const [all] = (await opened.sentence()).match(/\d+/) ?? [];
    expect(
      await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])),
    ).not.toMatch(/key-of-the-admins/);
    await page.reload();
    await page.getByLabel('API key or token').fill('key-of-the-web-shop-02');
    await opened.press('Enter');
    await opened.says(/^\d+ changes in the last 7 days/);
    const [some] = (await opened.sentence()).match(/\d+/) ?? [];
    expect(Number(some)).toBeLessThan(Number(all));
    // Who may not see names sees none.
    expect(new Set(await page.locator('.row .who > span:first-child').allInnerTexts())).toEqual(
      new Set(['nobody is named']),
    );
    await page.reload();
    await page.getByLabel('API key or token').fill('key-that-no-rule-names');
    await opened.press('Enter');
    await page.getByRole('heading', { name: 'There is no source' }).waitFor();
    expect(await opened.audit()).toEqual([]);
    await opened.screenshot('no-source');
  });

  it('shows the changes of a real Unleash, with what exactly was changed and its secrets hidden', async () => {
    const unleash = inject('unleash');
    const sources = [{ vendor: 'unleash' as const, apiToken: unleash.adminToken, url: unleash.url }];
    await using gateway = await startGateway(sources);
    const admin = createUnleashAdmin(unleash);
    const flag = `page-${Date.now()}`;
    await admin.createFlag(flag, { description: 'before' });
    await admin.updateFlag(flag, { description: 'after' });
    const addon = await admin.send<{ id: number }>('POST', '/api/admin/addons', {
      provider: 'webhook',
      enabled: false,
      description: flag,
      parameters: { url: 'http://127.0.0.1:9/', authorization: `secret of ${flag}` },
      events: ['feature-created'],
    });
    await admin.send('DELETE', `/api/admin/addons/${addon.id}`);
    await using opened = await open(gateway.url, { path: `/?span=1h&flag=${flag}` });
    const { page } = opened;
    await page.locator('.expand').first().click();
    expect(await page.locator('.diff').first().innerText()).toMatch(/description\n+- before\n\+ after/);
    const { data } = await gateway.query<{ flagEvents: { nodes: { id: string }[] } }>(
      '{ flagEvents(first: 1, filter: { types: ["addon-config-created"] }) { nodes { id } } }',
    );
    await using configured = await openPage(browser as Browser, gateway.url, {
      complaints,
      path: `/events/${data?.flagEvents.nodes[0]?.id}`,
    });
    await configured.page.getByText('The whole state').click();
    const state = await configured.page.locator('pre').first().innerText();
    expect(state).toContain(flag);
    expect(state).not.toContain('secret of');
  });

  it('shows that a secret was there, and not the secret', async () => {
    await using both = await startBoth();
    await using opened = await open(both.gateway.url, { path: '/?span=30d&kinds=access_changed' });
    await opened.page.getByRole('link', { name: 'Public signup token created' }).first().click();
    await opened.page.getByText('The whole state').click();
    expect(await opened.page.locator('pre').first().innerText()).toContain('"[REDACTED]"');
    expect(await opened.audit()).toEqual([]);
  });

  it.for([
    ['Asia/Kolkata', '2026-11-23T08:35:00.000Z', '14:05', 'UTC+5:30'],
    // Summer time is half an hour there; on this day it begins.
    ['Australia/Lord_Howe', '2026-10-03T15:15:00.000Z', '4 Oct, 01:45', 'UTC+10:30'],
    ['Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', '4 Oct, 02:45', 'UTC+11'],
    ['America/St_Johns', '2026-11-01T04:35:00.000Z', '1 Nov, 01:05', 'UTC−3:30'],
    ['Europe/Berlin', '2026-10-25T01:30:00.000Z', '25 Oct, 02:30', 'UTC+1'],
  ])('speaks of time as it is in %s at %s', async ([timezoneId = '', at = '', shown = '', zone = '']) => {
    const now = Date.parse(at) + 60_000;
    await using unleash = await startUnleashSandbox({ events: manyEvents(0) });
    unleash.insert({
      type: 'feature-created',
      featureName: 'somewhere',
      project: 'web',
      createdAtMicros: Date.parse(at) * 1000,
    });
    await using gateway = await startGateway([{ vendor: 'unleash', apiToken: unleash.token, url: unleash.url }]);
    const path = `/?around=${new Date(now).toISOString()}`;
    await using opened = await open(gateway.url, { path, timezoneId });
    const time = opened.page.locator('.when time');
    expect(await time.innerText()).toContain(shown);
    expect(await time.getAttribute('title')).toBe(`${at.replace('T', ' ').replace('Z', '')} UTC`);
    expect(await opened.sentence()).toMatch(/^1 change in the 30 minutes before /);
    expect(await opened.page.locator('.zone').innerText()).toContain(`, ${zone}.`);
  });

  it.for([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
    ['narrow', { colorScheme: 'dark', viewport: { width: 320, height: 640 } }],
    ['4k', { colorScheme: 'light', viewport: { width: 3840, height: 2160 } }],
  ] as const)('looks as it should: %s', async ([name, options]) => {
    await using both = await startBoth({ historyCacheMb: 64 });
    await using opened = await open(both.gateway.url, { ...options, path: '/?span=7d' });
    const { page } = opened;
    const firstRowAfterMs = await page.evaluate(() => Math.round(performance.now()));
    await page.locator('.expand').first().click();
    await page.locator('.diff').first().waitFor();
    const isWide = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(await isWide()).toBe(false);
    expect(await opened.audit()).toEqual([]);
    await opened.screenshot(`list-${name}`);
    await page.locator('[data-row] h3 a').nth(3).click();
    await page.getByRole('heading', { name: 'What exactly was changed' }).waitFor();
    expect(await isWide()).toBe(false);
    expect(await opened.audit()).toEqual([]);
    await opened.screenshot(`change-${name}`);
    const transferred = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .concat(performance.getEntriesByType('navigation'))
        .filter(({ name: url }) => !url.endsWith('/graphql'))
        .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0),
    );
    figures[name] = { transferred, firstRowAfterMs };
    expect(transferred).toBeGreaterThan(10_000);
    expect(transferred).toBeLessThan(100_000);
  });

  it('has complained about nothing but what failed on purpose', () => {
    expect(complaints.filter((each) => !/the server responded with a status of/.test(each))).toEqual([]);
  });
});
