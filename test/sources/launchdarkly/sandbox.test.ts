import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { Configuration, InsightsFlagEventsBetaApi } from 'launchdarkly-api-typescript';
import { describe, expect, it } from 'vitest';
import {
  type FlagEventCollectionRep,
  type FlagEventRep,
  type LaunchDarklySandbox,
  type LaunchDarklySandboxOptions,
  startLaunchDarklySandbox,
} from '../../../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../../../src/sources/story.ts';

const NOW = Date.parse('2026-03-01T12:34:56.789Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const PATH = '/api/v2/engineering-insights/flag-events';
const BASE = 'projectKey=default&environmentKey=production';
const WINDOW = `from=${NOW - 30 * DAY}&to=${NOW}`;

const EXPERIMENTS = {
  totalCount: 1,
  items: [
    { key: 'refund-speed', name: 'Refund speed', iteration: { id: 'a1', status: 'running', startedAt: NOW - DAY } },
  ],
};

/** Three events an hour share each millisecond: 35 in production, 17 in staging, 5 global. */
const EVENTS: FlagEventRep[] = Array.from({ length: 57 }, (_, index) => {
  const isGlobal = index % 11 === 10;
  const isStaging = (index - Math.floor((index + 1) / 11)) % 3 === 1;
  return {
    // Not increasing with time, so that ties are decided by the id alone.
    id: `00000000-0000-4000-8000-${String((index * 7919) % 4096).padStart(12, '0')}`,
    projectId: '65baa44ecc4b5bce113bb4f7',
    projectKey: 'default',
    flagKey: ['enable-payment', 'Enable-Search', 'dark-mode'][index % 3] ?? '',
    eventType: 'enabled_targeting',
    eventTime: NOW - 60 * MINUTE * (1 + Math.floor(index / 3)),
    description: 'Targeting turned on',
    impact: isGlobal ? { reason: 'global' } : { size: index % 2 ? 'small' : 'large', reason: 'evaluations' },
    ...(!isGlobal && { environmentKey: isStaging ? 'staging' : 'production' }),
    ...(index % 5 === 0 && { experiments: EXPERIMENTS }),
  };
});

function start(options: LaunchDarklySandboxOptions = {}) {
  return startLaunchDarklySandbox({ now: () => NOW, events: EVENTS, ...options });
}

interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  path?: string;
}

async function ask(sandbox: LaunchDarklySandbox, search: string, { method, headers, path = PATH }: AskOptions = {}) {
  const response = await fetch(`${sandbox.url}${path}${search && `?${search}`}`, {
    method: method ?? 'GET',
    headers: { Authorization: sandbox.token, 'LD-API-Version': 'beta', ...headers },
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

async function askPage(sandbox: LaunchDarklySandbox, search: string): Promise<FlagEventCollectionRep> {
  const { status, body } = await ask(sandbox, search);
  expect({ status, body: status === 200 ? '' : body }).toEqual({ status: 200, body: '' });
  return body;
}

/** The cursor alone is read from the link, whatever else the link keeps or drops. */
function cursorOf(page: FlagEventCollectionRep, name: 'next' | 'prev'): string | null {
  const href = page._links?.[name]?.href;
  return href ? new URL(href, 'http://sandbox').searchParams.get(name === 'next' ? 'after' : 'before') : null;
}

async function walk(sandbox: LaunchDarklySandbox, search: string): Promise<FlagEventCollectionRep[]> {
  const pages = [await askPage(sandbox, search)];
  for (let cursor = cursorOf(pages[0] as FlagEventCollectionRep, 'next'); cursor && pages.length < 200; ) {
    const page = await askPage(sandbox, `${search}&after=${cursor}`);
    pages.push(page);
    cursor = cursorOf(page, 'next');
  }
  return pages;
}

const idsOf = (pages: FlagEventCollectionRep[]) => pages.flatMap(({ items }) => items.map(({ id }) => id));

const inOrder = (events: readonly FlagEventRep[]) =>
  events.toSorted((a, b) => b.eventTime - a.eventTime || (a.id < b.id ? 1 : -1));

const inProduction = ({ environmentKey }: FlagEventRep) => environmentKey !== 'staging';

describe('the flag events endpoint', () => {
  const refused: [search: string, errors: Record<string, string>][] = [
    ['', { projectKey: 'must be present', environmentKey: 'must be present' }],
    ['projectKey=&environmentKey=production', { projectKey: 'must be present' }],
    ['projectKey=default', { environmentKey: 'must be present' }],
    [`${BASE}&limit=101`, { limit: 'must be less than or equal to 100' }],
    [`${BASE}&limit=0`, { limit: 'must be greater than or equal to 1' }],
    [`${BASE}&limit=abc`, { limit: 'must be an integer' }],
    [`${BASE}&impactSize=small,large`, { impactSize: 'must be one of none, small, medium, large' }],
    [`${BASE}&global=only`, { global: 'must be one of include, exclude' }],
    [`${BASE}&hasExperiments=1`, { hasExperiments: 'must be one of true, false' }],
    [`${BASE}&expand=members`, { expand: 'must be one of experiments' }],
    [`${BASE}&from=2&to=1`, { from: 'must be before to' }],
    [`${BASE}&from=1.5`, { from: 'must be an integer' }],
    [`${BASE}&after=zzz`, { after: 'is not a valid identifier' }],
    [`${BASE}&before=${EVENTS[0]?.id}`, { before: 'is not a valid identifier' }],
    [
      'limit=0&expand=x&environmentKey=a',
      {
        projectKey: 'must be present',
        expand: 'must be one of experiments',
        limit: 'must be greater than or equal to 1',
      },
    ],
  ];

  it.each(refused)('refuses ?%s with every problem named', async (search, errors) => {
    await using sandbox = await start();
    const { status, body } = await ask(sandbox, search);
    expect(status).toBe(400);
    expect(body).toEqual({
      code: 'invalid_request',
      message: 'validation failed',
      errors: Object.entries(errors).map(([attribute, reason]) => ({ attribute, reason })),
    });
  });

  it('refuses both cursors at once', async () => {
    await using sandbox = await start();
    const cursor = cursorOf(await askPage(sandbox, BASE), 'next');
    const { status, body } = await ask(sandbox, `${BASE}&after=${cursor}&before=${cursor}`);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ attribute: 'before', reason: 'must not be combined with after' }]);
  });

  const answered: [search: string, items: number, total: number, links: string[]][] = [
    ['', 20, 40, ['self', 'next']],
    ['&limit=100', 40, 40, ['self']],
    ['&global=exclude', 20, 35, ['self', 'next']],
    ['&query=', 20, 40, ['self', 'next']],
    ['&foo=bar', 20, 40, ['self', 'next']],
    ['&impactSize=', 20, 40, ['self', 'next']],
  ];

  it.each(answered)('answers the base request with %s by a page', async (search, items, total, links) => {
    await using sandbox = await start();
    const page = await askPage(sandbox, BASE + search);
    expect(page.items).toHaveLength(items);
    expect(page.totalCount).toBe(total);
    expect(Object.keys(page._links ?? {})).toEqual(links);
  });

  it('lists newest first and breaks ties by descending id', async () => {
    await using sandbox = await start();
    const page = await askPage(sandbox, `${BASE}&limit=100`);
    expect(page.items.map(({ id }) => id)).toEqual(inOrder(EVENTS.filter(inProduction)).map(({ id }) => id));
  });

  const filters: [search: string, matches: (event: FlagEventRep) => boolean][] = [
    ['query=enable', ({ flagKey }) => flagKey !== 'dark-mode'],
    ['impactSize=small', ({ impact }) => impact.size === 'small'],
    ['hasExperiments=true', ({ experiments }) => experiments !== undefined],
    ['hasExperiments=false', ({ experiments }) => experiments === undefined],
    ['applicationKey=com.example.shop,com.example.api', ({ flagKey }) => flagKey !== 'dark-mode'],
    ['applicationKey=com.example.api', ({ flagKey }) => flagKey === 'Enable-Search'],
    [
      `from=${NOW - 300 * MINUTE}&to=${NOW - 120 * MINUTE}`,
      ({ eventTime }) => eventTime >= NOW - 300 * MINUTE && eventTime <= NOW - 120 * MINUTE,
    ],
    [`to=${NOW - 60 * MINUTE}&from=${NOW - 60 * MINUTE}`, ({ eventTime }) => eventTime === NOW - 60 * MINUTE],
  ];

  it.each(filters)('filters by %s', async (search, matches) => {
    const applications = { 'enable-payment': ['com.example.shop'], 'Enable-Search': ['com.example.api'] };
    await using sandbox = await start({ applications });
    const page = await askPage(sandbox, `${BASE}&limit=100&${search}`);
    const expected = EVENTS.filter(inProduction).filter(matches);
    expect(expected.length).toBeGreaterThan(0);
    expect(page.items.map(({ id }) => id)).toEqual(inOrder(expected).map(({ id }) => id));
    expect(page.totalCount).toBe(expected.length);
  });

  it('looks seven days back unless told otherwise', async () => {
    const old = { ...(EVENTS[0] as FlagEventRep), eventTime: NOW - 7 * DAY - 1 };
    await using sandbox = await start({ events: [old] });
    expect((await askPage(sandbox, BASE)).totalCount).toBe(0);
    expect((await askPage(sandbox, `${BASE}&${WINDOW}`)).totalCount).toBe(1);
  });

  it('matches the flag key exactly, or clamps the limit, when switched to', async () => {
    await using sandbox = await start({ queryMatch: 'exact', clampLimit: true });
    expect((await askPage(sandbox, `${BASE}&query=enable`)).totalCount).toBe(0);
    expect((await askPage(sandbox, `${BASE}&query=dark-mode`)).totalCount).toBeGreaterThan(0);
    expect((await askPage(sandbox, `${BASE}&limit=1000`)).items).toHaveLength(40);
    expect((await askPage(sandbox, `${BASE}&limit=0`)).items).toHaveLength(1);
  });

  it('keeps the place of a cursor whose event no longer matches', async () => {
    await using sandbox = await start();
    const page = await askPage(sandbox, `${BASE}&limit=7`);
    const last = page.items.at(-1) as FlagEventRep;
    const query = last.flagKey === 'dark-mode' ? 'enable' : 'dark-mode';
    const rest = await askPage(sandbox, `${BASE}&limit=100&query=${query}&after=${cursorOf(page, 'next')}`);
    const expected = inOrder(EVENTS.filter(inProduction)).slice(7);
    expect(idsOf([rest])).toEqual(
      expected.filter(({ flagKey }) => flagKey.toLowerCase().includes(query)).map(({ id }) => id),
    );
  });

  it('answers for a global event in every environment of its project', async () => {
    await using sandbox = await start();
    const globals = async (environment: string) => {
      const page = await askPage(sandbox, `projectKey=default&environmentKey=${environment}&limit=100`);
      return idsOf([{ ...page, items: page.items.filter(({ environmentKey }) => environmentKey === undefined) }]);
    };
    expect(await globals('staging')).toEqual(await globals('production'));
    expect(await globals('staging')).toHaveLength(5);
  });

  it('adds experiments to every item when asked to expand them, and to none otherwise', async () => {
    await using sandbox = await start();
    const plain = await askPage(sandbox, `${BASE}&limit=100`);
    const expanded = await askPage(sandbox, `${BASE}&limit=100&expand=experiments`);
    expect(plain.items.filter((item) => 'experiments' in item)).toEqual([]);
    expect(expanded.items.map(({ experiments }) => experiments?.totalCount)).toEqual(
      inOrder(EVENTS.filter(inProduction)).map(({ experiments }) => experiments?.totalCount ?? 0),
    );
    expect(expanded.items.map(({ experiments, ...item }) => item)).toEqual(plain.items);
  });

  it('refuses tokens other than its own, and schemes before it', async () => {
    await using sandbox = await start();
    for (const Authorization of ['', 'sdk-1', `Bearer ${sandbox.token}`]) {
      const { status, body } = await ask(sandbox, BASE, { headers: { Authorization } });
      expect({ status, body }).toEqual({
        status: 401,
        body: { code: 'unauthorized', message: 'Invalid access token' },
      });
    }
  });

  it('refuses a request without the beta header, in an answer without a code', async () => {
    await using sandbox = await start();
    for (const version of ['', '20240415', '20240415, beta']) {
      const { status, body } = await ask(sandbox, BASE, { headers: { 'LD-API-Version': version } });
      expect(status).toBe(403);
      expect(Object.keys(body)).toEqual(['message']);
      expect(body.message).toContain('LD-API-Version: beta');
    }
  });

  it('checks path, token, method, header, parameters and resource in this order', async () => {
    await using sandbox = await start();
    const steps: [AskOptions, search: string, status: number][] = [
      [{ path: `/${PATH}`, method: 'OPTIONS' }, '', 404],
      [{ method: 'OPTIONS', headers: { Authorization: '' } }, '', 204],
      [{ method: 'POST', headers: { Authorization: '', 'LD-API-Version': '' } }, '', 401],
      [{ method: 'POST', headers: { 'LD-API-Version': '' } }, '', 405],
      [{ headers: { 'LD-API-Version': '' } }, 'limit=0', 403],
      [{}, 'projectKey=nowhere&environmentKey=production&limit=0', 400],
      [{}, 'projectKey=nowhere&environmentKey=production', 404],
      [{}, 'projectKey=default&environmentKey=nowhere', 404],
      [{}, BASE, 200],
    ];
    for (const [options, search, status] of steps) {
      expect((await ask(sandbox, search, options)).status).toBe(status);
    }
  });

  it('says in the documented bodies what is wrong', async () => {
    await using sandbox = await start();
    expect((await ask(sandbox, BASE, { method: 'POST' })).body).toEqual({
      code: 'method_not_allowed',
      message: 'Method not allowed',
    });
    expect((await ask(sandbox, '', { path: '/nowhere' })).body).toEqual({
      code: 'not_found',
      message: 'Invalid resource identifier',
    });
  });

  it('lets any origin read', async () => {
    await using sandbox = await start();
    const { headers } = await ask(sandbox, '', { method: 'OPTIONS', headers: { Origin: 'https://app.example.com' } });
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(headers.get('access-control-allow-methods')).toBe('OPTIONS, GET, DELETE, PATCH');
  });
});

describe.each(['full', 'sample'] as const)('paging with %s links', (linkStyle) => {
  const searches = [
    `${BASE}&limit=1`,
    `${BASE}&limit=7`,
    `${BASE}&limit=20&query=enable`,
    `${BASE}&limit=8&global=exclude`,
  ];

  it.each(searches)('visits each event of ?%s once, in order, with the same total', async (search) => {
    await using sandbox = await start({ linkStyle });
    const pages = await walk(sandbox, search);
    const all = await askPage(sandbox, search.replace(/limit=\d+/, 'limit=100'));
    expect(idsOf(pages)).toEqual(idsOf([all]));
    expect(new Set(pages.map(({ totalCount }) => totalCount))).toEqual(new Set([all.totalCount]));
    expect(cursorOf(pages[0] as FlagEventCollectionRep, 'prev')).toBeNull();
    expect(cursorOf(pages.at(-1) as FlagEventCollectionRep, 'next')).toBeNull();
  });

  it('leads from each page back to the one before', async () => {
    await using sandbox = await start({ linkStyle });
    const pages = await walk(sandbox, `${BASE}&limit=7`);
    for (const [index, page] of pages.entries()) {
      const cursor = cursorOf(page, 'prev');
      const previous = cursor ? await askPage(sandbox, `${BASE}&limit=7&before=${cursor}`) : undefined;
      expect(previous?.items).toEqual(pages[index - 1]?.items);
    }
  });

  it('links by paths relative to the host', async () => {
    await using sandbox = await start({ linkStyle });
    const first = await askPage(sandbox, `${BASE}&limit=7`);
    const after = cursorOf(first, 'next');
    const { _links } = await askPage(sandbox, `${BASE}&limit=7&after=${after}`);
    const kept = linkStyle === 'full' ? `${BASE}&limit=7&` : '';
    expect(_links?.next?.href).toMatch(`${PATH}?${kept}after=`);
    expect(_links?.prev?.href).toMatch(`${PATH}?${kept}before=`);
    expect(_links?.self).toEqual({
      href: linkStyle === 'full' ? `${PATH}?${kept}after=${after}` : PATH,
      type: 'application/json',
    });
  });
});

describe('rate limits', () => {
  const hints = ({ headers }: { headers: Headers }) =>
    Object.fromEntries([...headers].filter(([name]) => /^(x-ratelimit|retry)/.test(name)));

  it('announces what is left of a fixed window of ten seconds', async () => {
    await using sandbox = await start({ rateLimit: { global: 10, route: 2 } });
    expect(hints(await ask(sandbox, BASE))).toEqual({
      'x-ratelimit-global-limit': '10',
      'x-ratelimit-global-remaining': '9',
      'x-ratelimit-route-limit': '2',
      'x-ratelimit-route-remaining': '1',
      'x-ratelimit-reset': String(Math.ceil(NOW / 10_000) * 10_000),
    });
  });

  it('counts each route by itself and refuses the excess until the window ends', async () => {
    let now = NOW;
    await using sandbox = await start({ now: () => now, rateLimit: { route: 1 } });
    await ask(sandbox, BASE);
    const refused = await ask(sandbox, BASE);
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('rate_limited');
    expect(hints(refused)['x-ratelimit-route-remaining']).toBe('0');
    expect((await ask(sandbox, '', { path: '/api/v2/projects' })).status).toBe(200);
    now = Number(hints(refused)['x-ratelimit-reset']);
    expect((await ask(sandbox, BASE)).status).toBe(200);
  });

  it('limits a token under headers of its own', async () => {
    await using sandbox = await start({ rateLimit: { token: 1 } });
    expect(hints(await ask(sandbox, BASE))).toMatchObject({
      'x-ratelimit-auth-token-limit': '1',
      'x-ratelimit-auth-token-remaining': '0',
      'x-ratelimit-auth-token-reset': String(Math.ceil(NOW / 10_000) * 10_000),
    });
    expect((await ask(sandbox, BASE)).status).toBe(429);
  });

  it('limits an address by Retry-After alone', async () => {
    await using sandbox = await start({ rateLimit: { ip: 1 } });
    await ask(sandbox, BASE);
    expect(hints(await ask(sandbox, BASE))).toEqual({ 'retry-after': '4' });
  });

  it('does not count requests without the token', async () => {
    await using sandbox = await start({ rateLimit: { global: 1 } });
    await ask(sandbox, BASE, { headers: { Authorization: '' } });
    expect((await ask(sandbox, BASE)).status).toBe(200);
  });
});

describe('related routes', () => {
  const environments = { shop: ['production', 'staging', 'test'], payments: ['production'], empty: [] };

  it('lists projects by pages, with their environments when expanded', async () => {
    await using sandbox = await start({ events: [], environments });
    const path = '/api/v2/projects';
    const { body } = await ask(sandbox, 'limit=2&expand=environments', { path });
    expect(body.totalCount).toBe(3);
    expect(body.items.map((row: { key: string }) => row.key)).toEqual(['shop', 'payments']);
    expect(body.items[0].environments.items[0]).toMatchObject({
      key: 'production',
      apiKey: 'sdk-sandbox-shop-production',
      mobileKey: 'mob-sandbox-shop-production',
    });
    const next = new URL(body._links.next.href, sandbox.url);
    const rest = await ask(sandbox, next.search.slice(1), { path });
    expect(rest.body.items.map((row: { key: string }) => row.key)).toEqual(['empty']);
    expect(Object.keys(rest.body._links)).toEqual(['self', 'first', 'prev']);
    expect((await ask(sandbox, '', { path })).body.items[0]).not.toHaveProperty('environments');
  });

  it('lists the environments of a project by pages', async () => {
    await using sandbox = await start({ events: [], environments });
    const { body } = await ask(sandbox, 'limit=2&offset=1', { path: '/api/v2/projects/shop/environments' });
    expect(body.totalCount).toBe(3);
    expect(body.items.map((row: { key: string }) => row.key)).toEqual(['staging', 'test']);
    expect((await ask(sandbox, '', { path: '/api/v2/projects/nowhere/environments' })).status).toBe(404);
    expect((await ask(sandbox, 'limit=x', { path: '/api/v2/projects' })).status).toBe(400);
  });

  it('needs no beta header there, and says whose token it is', async () => {
    await using sandbox = await start();
    const options = { path: '/api/v2/caller-identity', headers: { 'LD-API-Version': '20240415' } };
    const { status, body } = await ask(sandbox, '', options);
    expect(status).toBe(200);
    expect(body).toMatchObject({ tokenName: 'Sandbox token', serviceToken: true });
    expect(JSON.stringify(body)).not.toContain(sandbox.token);
  });
});

describe('events of the story', () => {
  const tell = (options: LaunchDarklySandboxOptions = {}) => startLaunchDarklySandbox({ now: () => NOW, ...options });

  async function listAll(sandbox: LaunchDarklySandbox, extra = ''): Promise<FlagEventRep[]> {
    const lists = sandbox.projects.flatMap(({ key, environments }) =>
      environments.map(async (environment) => {
        const search = `projectKey=${key}&environmentKey=${environment}&limit=100&${WINDOW}${extra}`;
        return (await walk(sandbox, search)).flatMap(({ items }) => items);
      }),
    );
    return [...new Map((await Promise.all(lists)).flat().map((event) => [event.id, event])).values()];
  }

  it('are the same for the same seed and clock', async () => {
    await using one = await tell();
    await using other = await tell();
    expect(await listAll(other, '&expand=experiments')).toEqual(await listAll(one, '&expand=experiments'));
  });

  it('are exactly the changes LaunchDarkly knows of', async () => {
    const story = createStory({ seed: 5, now: NOW });
    await using sandbox = await tell({ story });
    const known = story.changes.filter(({ vendors }) => vendors.includes('launchdarkly'));
    const told = (await listAll(sandbox)).map(({ eventTime, flagKey }) => `${eventTime} ${flagKey}`);
    expect(told.toSorted()).toEqual(known.map(({ at, flag }) => `${at} ${flag}`).toSorted());
    expect(sandbox.projects.map(({ key }) => key)).toEqual(story.projects.map(({ key }) => key));
  });

  it('use every freedom the wire format allows', async () => {
    await using sandbox = await tell();
    const events = await listAll(sandbox, '&expand=experiments');
    const some = (has: (event: FlagEventRep) => boolean) => expect(events.filter(has).length).toBeGreaterThan(0);
    some(({ member }) => member === undefined);
    some(({ member }) => member?.firstName === '' && member.lastName === '');
    some(({ environmentKey, impact }) => environmentKey === undefined && impact.reason === 'global');
    some(({ actions }) => actions === undefined);
    some(({ actions }) => (actions?.length ?? 0) > 1);
    some(({ auditLogEntryId }) => auditLogEntryId === undefined);
    some(({ description }) => description === '');
    some(({ impact }) => Object.keys(impact).length === 0);
    some(({ impact }) => impact.size === undefined);
    some(({ experiments }) => (experiments?.totalCount ?? 0) > 1);
    some(({ impact }) => impact.evaluationsSummary?.variations?.some(({ after }) => (after ?? 0) > 2 ** 31) ?? false);
    expect(new Set(events.map(({ eventTime }) => eventTime)).size).toBeLessThan(events.length);
    expect(new Set(events.flatMap(({ impact }) => impact.size ?? []))).toEqual(
      new Set(['none', 'small', 'medium', 'large']),
    );
  });

  it('measure variations of every JSON type', async () => {
    await using sandbox = await tell();
    const variations = (await listAll(sandbox)).flatMap(({ impact }) => impact.evaluationsSummary?.variations ?? []);
    const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
    expect(new Set(variations.map(({ value }) => typeOf(value)))).toEqual(
      new Set(['boolean', 'string', 'number', 'object', 'array', 'null']),
    );
  });

  it('wait for their impact until they are ten minutes old', async () => {
    let now = NOW;
    await using sandbox = await tell({ now: () => now });
    const young = (await listAll(sandbox)).filter(({ impact }) => impact.reason === 'waiting');
    expect(young.length).toBeGreaterThan(0);
    expect(young.every(({ impact, eventTime }) => NOW - eventTime < 10 * MINUTE && impact.size === undefined)).toBe(
      true,
    );
    now = NOW + 10 * MINUTE;
    const later = (await listAll(sandbox)).filter(({ id }) => young.some((event) => event.id === id));
    expect(later.map(({ impact }) => impact.reason)).toEqual(young.map(() => 'evaluations'));
  });

  it('belong to applications', async () => {
    await using sandbox = await tell();
    const ofShop = await listAll(sandbox, '&applicationKey=com.example.web-shop');
    expect(new Set(ofShop.map(({ projectKey }) => projectKey))).toContain('web-shop');
    expect(ofShop.length).toBeLessThan((await listAll(sandbox)).length);
  });
});

describe('the published contract', () => {
  it('holds for every page, as a JSON Schema', async () => {
    const text = await readFile(new URL('./flag-events.openapi.json', import.meta.url), 'utf8');
    const ajv = new Ajv2020({ strict: false, formats: { int64: true } });
    addFormats.default(ajv);
    ajv.addSchema(JSON.parse(text), 'openapi');
    const validate = ajv.getSchema('openapi#/components/schemas/FlagEventCollection');
    await using sandbox = await startLaunchDarklySandbox({ now: () => NOW });
    for (const { key, environments } of sandbox.projects) {
      const search = `projectKey=${key}&environmentKey=${environments[0]}&${WINDOW}&expand=experiments`;
      for (const page of await walk(sandbox, search)) {
        validate?.(page);
        expect(validate?.errors).toBeNull();
      }
    }
  });

  it.each(['full', 'sample'] as const)(
    'is what the official client walks, page by page, with %s links',
    async (linkStyle) => {
      await using sandbox = await start({ linkStyle });
      const api = clientOf(sandbox);
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const { data } = await list(api, after);
        ids.push(...data.items.map(({ id }) => id));
        after = cursorOf(data as FlagEventCollectionRep, 'next') ?? undefined;
      } while (after);
      expect(ids).toEqual(inOrder(EVENTS.filter(inProduction)).map(({ id }) => id));
      expect(sandbox.requests).toHaveLength(Math.ceil(ids.length / 7));
      expect(sandbox.requests[1]).toMatchObject({
        method: 'GET',
        path: PATH,
        query: { projectKey: 'default', limit: '7', global: 'include' },
        headers: { 'ld-api-version': 'beta' },
      });
    },
  );

  it('is what the official client reports failures of', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'unauthorized-empty-body' });
    await expect(list(clientOf(sandbox), undefined)).rejects.toMatchObject({ response: { status: 401, data: '' } });
  });

  function clientOf(sandbox: LaunchDarklySandbox): InsightsFlagEventsBetaApi {
    return new InsightsFlagEventsBetaApi(
      new Configuration({
        apiKey: sandbox.token,
        basePath: sandbox.url,
        // The client has no parameter for this header.
        baseOptions: { headers: { 'LD-API-Version': 'beta' } },
      }),
    );
  }

  function list(api: InsightsFlagEventsBetaApi, after: string | undefined) {
    const none = undefined;
    return api.getFlagEvents('default', 'production', none, none, none, none, 'include', none, 7, none, none, after);
  }
});

describe('faults', () => {
  it.each([
    [{ type: 'rate-limited-without-reset' }, 429, {}],
    [{ type: 'rate-limited-reset-in-past' }, 429, { 'x-ratelimit-reset': String(NOW - MINUTE) }],
    [{ type: 'rate-limited-retry-after', seconds: 7 }, 429, { 'retry-after': '7' }],
  ] as const)('answers %o', async (fault, status, hints) => {
    await using sandbox = await start();
    sandbox.faults.add(fault);
    const answer = await ask(sandbox, BASE);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe('rate_limited');
    const found = [...answer.headers].filter(([name]) => /^(x-ratelimit|retry)/.test(name));
    expect(Object.fromEntries(found)).toEqual(hints);
  });

  it.each([
    [{ type: 'unauthorized-empty-body' }, 401, ''],
    [{ type: 'forbidden-without-code' }, 403, { message: expect.stringContaining('beta') }],
    [{ type: 'html-error', status: 500 }, 500, expect.stringContaining('<html>')],
    [{ type: 'html-error', status: 502 }, 502, expect.stringContaining('<html>')],
    [{ type: 'unavailable' }, 503, { code: 'service_unavailable', message: 'Requested service unavailable' }],
    [{ type: 'answer', status: 404, body: { message: 'gone' } }, 404, { message: 'gone' }],
  ] as const)('answers %o', async (fault, status, body) => {
    await using sandbox = await start();
    sandbox.faults.add(fault);
    const answer = await ask(sandbox, BASE);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  it('closes the connection after half of the body', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'closed-mid-body' });
    const response = await fetch(`${sandbox.url}${PATH}?${BASE}`, {
      headers: { Authorization: sandbox.token, 'LD-API-Version': 'beta' },
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('answers late, and never once it is closed', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'slow', delayMs: 5 }, { times: 1 });
    expect((await ask(sandbox, BASE)).status).toBe(200);
    sandbox.faults.add({ type: 'slow', delayMs: 600_000 });
    const lost = expect(ask(sandbox, BASE)).rejects.toThrow();
    await expect.poll(() => sandbox.requests.length).toBe(2);
    await sandbox.close();
    await lost;
  });

  it('serves what is absent as null', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'optional-fields-null' });
    const page = await askPage(sandbox, `${BASE}&limit=100`);
    expect(page.items.find(({ impact }) => impact.reason === 'global')).toMatchObject({
      environmentId: null,
      environmentKey: null,
      auditLogEntryId: null,
      member: null,
      actions: null,
      impact: { size: null, percentage: null, evaluationsSummary: null },
      experiments: null,
    });
    const expanded = await askPage(sandbox, `${BASE}&hasExperiments=true&expand=experiments`);
    expect(expanded.items[0]?.experiments?.items[0]?.iteration).toMatchObject({ endedAt: null });
  });

  it('uses words and fields nobody has heard of', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'unknown-vocabulary' });
    const page = await askPage(sandbox, `${BASE}&hasExperiments=true&expand=experiments`);
    expect(page).toHaveProperty('unheardOf');
    expect(page.items[0]).toMatchObject({
      eventType: 'unheard_of',
      impact: { reason: 'unheard_of' },
      unheardOf: expect.anything(),
    });
    expect(page.items[0]?.experiments?.items[0]?.iteration.status).toBe('unheard_of');
  });

  it('lets an event appear between two pages', async () => {
    await using sandbox = await start();
    const event = { ...(EVENTS[0] as FlagEventRep), id: 'ffffffff-0000-4000-8000-000000000000', eventTime: NOW };
    sandbox.faults.add({ type: 'insert-event', event }, { times: 1 });
    const pages = await walk(sandbox, `${BASE}&limit=10`);
    expect(pages.map(({ totalCount }) => totalCount)).toEqual([40, 41, 41, 41]);
    expect(idsOf(pages)).toEqual(inOrder(EVENTS.filter(inProduction)).map(({ id }) => id));
    expect((await askPage(sandbox, BASE)).items[0]?.id).toBe(event.id);
  });

  it('repeats an event on two pages', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'duplicate-on-two-pages' });
    const ids = idsOf(await walk(sandbox, `${BASE}&limit=10`));
    expect(ids.length).toBeGreaterThan(40);
    expect(new Set(ids).size).toBe(40);
    expect(ids[10]).toBe(ids[9]);
  });

  it('lists oldest first', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'ascending-order' });
    const ids = idsOf(await walk(sandbox, `${BASE}&limit=10`));
    expect(ids.toReversed()).toEqual(inOrder(EVENTS.filter(inProduction)).map(({ id }) => id));
  });

  it('lists the events of one millisecond in another sequence, and goes on from a cursor in that', async () => {
    await using sandbox = await start();
    const usual = idsOf(await walk(sandbox, `${BASE}&limit=10`));
    sandbox.faults.add({ type: 'ties-reordered', salt: 'any' });
    const ids = idsOf(await walk(sandbox, `${BASE}&limit=10`));
    expect(ids).not.toEqual(usual);
    const timeOf = new Map(EVENTS.map(({ eventTime, id }) => [id, eventTime]));
    expect(ids.map((id) => timeOf.get(id))).toEqual(usual.map((id) => timeOf.get(id)));
    expect(ids.toSorted()).toEqual(usual.toSorted());
  });

  it('serves null for links', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'links-null' });
    expect((await askPage(sandbox, BASE))._links).toBeNull();
  });

  it('befall the next few requests, or those that match, or all until taken away', async () => {
    await using sandbox = await start();
    const statuses = async () => [
      (await ask(sandbox, BASE)).status,
      (await ask(sandbox, 'projectKey=default&environmentKey=staging')).status,
    ];
    sandbox.faults.add({ type: 'unavailable' }, { times: 1 });
    expect(await statuses()).toEqual([503, 200]);
    const remove = sandbox.faults.add(
      { type: 'unavailable' },
      { when: ({ query }) => query.environmentKey === 'staging' },
    );
    expect(await statuses()).toEqual([200, 503]);
    remove();
    sandbox.faults.add({ type: 'unavailable' });
    expect(await statuses()).toEqual([503, 503]);
    sandbox.faults.clear();
    expect(await statuses()).toEqual([200, 200]);
  });

  it('about pages leave other routes alone and are not used up by them', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ type: 'links-null' }, { times: 1 });
    expect((await ask(sandbox, '', { path: '/api/v2/projects' })).body._links).not.toBeNull();
    expect((await askPage(sandbox, BASE))._links).toBeNull();
  });
});

describe('the sandbox', () => {
  it('derives projects and environments from the events, and from what is inserted', async () => {
    await using sandbox = await start({ environments: { default: ['test'], other: ['production'] } });
    sandbox.insert({ ...(EVENTS[0] as FlagEventRep), projectKey: 'new', environmentKey: 'production' });
    expect(sandbox.projects).toEqual([
      { key: 'default', environments: ['test', 'production', 'staging'] },
      { key: 'other', environments: ['production'] },
      { key: 'new', environments: ['production'] },
    ]);
  });

  it('dates its answers by its own clock', async () => {
    await using sandbox = await start();
    expect((await ask(sandbox, BASE)).headers.get('date')).toBe(new Date(NOW).toUTCString());
  });

  it('closes at once although clients keep connections open, and may be closed twice', async () => {
    const sandbox = await start();
    await ask(sandbox, BASE);
    await sandbox.close();
    await sandbox.close();
    await expect(ask(sandbox, BASE)).rejects.toThrow();
  });
});
