import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { CHROMIUM, FLAGS, NO_CHROMIUM } from '../support/chromium.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { startGateway } from '../support/gateway.ts';
import { follow } from './recipes/event-source.ts';

const LIVE = 'subscription { flagEventsAdded { nodes { flag { key } } cursor } }';
const LONGEST = { timeout: 15_000, interval: 50 };

/** What the page has. */
interface Seen {
  source: EventSource;
  flags: string[];
  /** `lastEventId`, and the cursor of the batch. */
  places: [string, string][];
}

describe('the EventSource of Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (existsSync(CHROMIUM))
      browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
    else process.stderr.write(`EventSource is not tried. ${NO_CHROMIUM}\n`);
  });
  afterAll(() => browser?.close());
  beforeEach(({ skip }) => skip(!existsSync(CHROMIUM), NO_CHROMIUM));

  async function open(query: string) {
    await using stack = new AsyncDisposableStack();
    const unleash = stack.use(await startUnleashSandbox());
    const start = () => startGateway([{ vendor: 'unleash', apiToken: unleash.token, url: unleash.url }]);
    const gateway = stack.use(await start());
    const proxy = stack.use(await startCuttingProxy(gateway.url));
    const page = await browser.newPage();
    stack.defer(() => page.close());
    await page.goto(proxy.url);
    await page.evaluate(`{
      const seen = { flags: [], places: [] };
      const follow = ${follow};
      seen.source = follow('/graphql', ${JSON.stringify(query)}, (batch) => {
        seen.flags.push(...batch.nodes.map(({ flag }) => flag.key).reverse());
      });
      seen.source.addEventListener('next', ({ data, lastEventId }) => {
        seen.places.push([lastEventId, JSON.parse(data).data?.flagEventsAdded.cursor]);
      });
      window.seen = seen;
    }`);
    const look = () => page.evaluate('({ ...seen, source: { readyState: seen.source.readyState } })') as Promise<Seen>;
    const owned = stack.move();
    return {
      gateway,
      proxy,
      start,
      look,
      happen: (featureName: string) => unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' }),
      shows: (...flags: string[]) => vi.waitFor(async () => expect((await look()).flags).toEqual(flags), LONGEST),
      begins: () => vi.waitFor(async () => expect((await look()).places.length).toBeGreaterThan(0), LONGEST),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  it('reconnects by itself after its connection is lost, and has each event once', async () => {
    await using page = await open(LIVE);
    await page.begins();
    page.happen('one');
    await page.shows('one');
    const before = page.proxy.connections();
    page.proxy.cut();
    page.happen('unseen');
    await page.shows('one', 'unseen');
    expect(page.proxy.connections()).toBeGreaterThan(before);
    page.happen('two');
    await page.shows('one', 'unseen', 'two');
    const { places } = await page.look();
    for (const [lastEventId, cursor] of places) expect(lastEventId).toBe(cursor);
  });

  it('goes on at another replica when the gateway ends the subscription', async () => {
    await using page = await open(LIVE);
    await page.begins();
    page.happen('one');
    await page.shows('one');
    await using other = await page.start();
    page.proxy.leadTo(other.url);
    await page.gateway[Symbol.asyncDispose]();
    page.happen('two');
    await page.shows('one', 'two');
  });

  it('is closed by what it would be refused again', async () => {
    await using page = await open(LIVE.replace('flagEventsAdded', 'flagEventsAdded(since: "nonsense")'));
    await page.begins();
    expect((await page.look()).source.readyState).toBe(2);
  });
});
