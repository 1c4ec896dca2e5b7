import { describe, expect, inject, it } from 'vitest';
import { type Fault, type FlagEventRep, startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { createUnleashClient } from '../src/sources/unleash/client.ts';
import { startUnleashSandbox, type UnleashFault } from '../src/sources/unleash/sandbox.ts';
import { unleashSettings } from '../src/sources/unleash/settings.ts';
import { createEndlessBudget } from './support/budget.ts';
import { createFlagEvent } from './support/flag-event.ts';
import { type GraphQLAnswer, listen, startGateway } from './support/gateway.ts';
import { control, createUnleashAdmin, listAllEvents } from './support/unleash-admin.ts';
import { idsOf, readPage, walk } from './support/walk.ts';

const CANARY = 'canary-5f0c';
const QUERY =
  '{ flagEvents(first: 20) { nodes { id } sources { status skippedEvents failure { code message retryAfterSeconds } } } }';

interface Answer {
  flagEvents: {
    nodes: { id: string }[];
    sources: {
      status: string;
      skippedEvents: number;
      failure: { code: string; message: string; retryAfterSeconds: number | null } | null;
    }[];
  } | null;
}

describe('LaunchDarkly on a bad day', () => {
  const event = eventAt(1);

  it.for<[Fault, Outcome]>([
    [
      { type: 'rate-limited-without-reset' },
      { code: 'UPSTREAM_RATE_LIMITED', message: 'LaunchDarkly limits the rate of requests.' },
    ],
    [{ type: 'rate-limited-reset-in-past' }, { code: 'UPSTREAM_RATE_LIMITED' }],
    [{ type: 'rate-limited-retry-after', seconds: 3 }, { code: 'UPSTREAM_RATE_LIMITED' }],
    [{ type: 'rate-limited-retry-after', seconds: 3_600 }, { code: 'UPSTREAM_RATE_LIMITED' }],
    [
      { type: 'unauthorized-empty-body' },
      { code: 'UPSTREAM_REJECTED', message: "LaunchDarkly refused the gateway's credentials (401)." },
    ],
    [
      { type: 'forbidden-without-code' },
      { code: 'UPSTREAM_REJECTED', message: "LaunchDarkly does not let the gateway's token read this (403)." },
    ],
    [
      { type: 'html-error', status: 500 },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'LaunchDarkly answered with status 500.' },
    ],
    [
      { type: 'html-error', status: 502 },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'LaunchDarkly answered with status 502.' },
    ],
    [{ type: 'unavailable' }, { code: 'UPSTREAM_UNAVAILABLE', message: 'LaunchDarkly answered with status 503.' }],
    [
      { type: 'closed-mid-body' },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'LaunchDarkly could not be reached: the connection was closed.' },
    ],
    [
      { type: 'slow', delayMs: 5_000 },
      { code: 'UPSTREAM_TIMEOUT', message: 'LaunchDarkly did not answer in time.' },
    ],
    [
      { type: 'answer', status: 200, body: `<html>${CANARY}</html>` },
      { code: 'UPSTREAM_UNAVAILABLE', message: "LaunchDarkly answered with something that is not its API's JSON." },
    ],
    [{ type: 'answer', status: 200, body: { totalCount: 'many', items: {} } }, { code: 'UPSTREAM_UNAVAILABLE' }],
    [
      { type: 'answer', status: 302, body: '', headers: { location: 'http://127.0.0.1:9/' } },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'LaunchDarkly answered with status 302.' },
    ],
    [
      { type: 'answer', status: 400, body: { message: CANARY } },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'LaunchDarkly answered with status 400.' },
    ],
    [
      {
        type: 'answer',
        status: 200,
        body: { totalCount: 2, items: [event, { ...event, id: 'z', eventTime: 'yesterday' }] },
      },
      { nodes: 1, skipped: 1 },
    ],
    [
      { type: 'answer', status: 200, body: { totalCount: 2, items: [{ ...event, flagKey: undefined }, event] } },
      { nodes: 1, skipped: 1 },
    ],
    [
      { type: 'answer', status: 200, body: { totalCount: 2, items: [event, { ...event, id: 'z', eventTime: 9e15 }] } },
      { nodes: 1, skipped: 1 },
    ],
    [
      { type: 'answer', status: 200, body: { totalCount: 3, items: [event, event, null] } },
      { nodes: 1, skipped: 1 },
    ],
    [{ type: 'optional-fields-null' }, { nodes: 3 }],
    [{ type: 'unknown-vocabulary' }, { nodes: 3 }],
    [{ type: 'links-null' }, { nodes: 3 }],
    [{ type: 'ascending-order' }, { nodes: 3 }],
    [{ type: 'duplicate-on-two-pages' }, { nodes: 3 }],
    [{ type: 'insert-event', event: eventAt(9) }, { nodes: 3 }],
  ])('%o', async ([fault, expected]) => {
    await using sandbox = await startLaunchDarklySandbox({ events: [1, 2, 3].map(eventAt) });
    sandbox.faults.add(fault);
    await using gateway = await startGateway(
      [{ vendor: 'launchdarkly', accessToken: sandbox.token, url: sandbox.url, projects: ['default/production'] }],
      { requestTimeoutMs: 'delayMs' in fault ? 600 : 10_000 },
    );
    const answer = await gateway.query<Answer>(QUERY);
    expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${CANARY}|${sandbox.token}|${sandbox.url}`));
    expectOutcome(answer, expected);
  });

  it('sends its link to another host: the gateway keeps to its own', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [1, 2, 3, 4].map(eventAt) });
    const href = 'http://127.0.0.1:9/api/v2/engineering-insights/flag-events?after=x';
    const items = [1, 2].map(eventAt);
    sandbox.faults.add(
      { type: 'answer', status: 200, body: { totalCount: 4, items, _links: { next: { href } } } },
      { times: 1 },
    );
    await using gateway = await startGateway([
      { vendor: 'launchdarkly', accessToken: sandbox.token, url: sandbox.url, projects: ['default/production'] },
    ]);
    const page = await readPage(gateway, { first: 10 });
    expect(page.nodes).toHaveLength(4);
    expect(sandbox.requests.every(({ headers }) => headers.authorization === sandbox.token)).toBe(true);
  });

  it('says what is left of its allowance', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [eventAt(1)], rateLimit: { route: 50 } });
    await using gateway = await startGateway([
      { vendor: 'launchdarkly', accessToken: sandbox.token, url: sandbox.url, projects: ['default/production'] },
    ]);
    const rateLimit = async () =>
      (
        await gateway.query<{ flagSources: { rateLimit: unknown }[] }>(
          '{ flagSources { rateLimit { limit remaining resetsAt } } }',
        )
      ).data?.flagSources[0]?.rateLimit;
    expect(await rateLimit()).toBeNull();
    await gateway.query(QUERY);
    expect(await rateLimit()).toEqual({ limit: 50, remaining: 49, resetsAt: expect.any(String) });
  });

  it('is left alone after it has failed again and again, and asked again after a while', async () => {
    await using sandbox = await startLaunchDarklySandbox({ events: [eventAt(1)] });
    await using gateway = await startGateway(
      [{ vendor: 'launchdarkly', accessToken: sandbox.token, url: sandbox.url, projects: ['default/production'] }],
      { breakerMs: 200 },
    );
    const outage = sandbox.faults.add({ type: 'unavailable' });
    for (let attempt = 0; attempt < 5; attempt += 1) await gateway.query(QUERY);
    const before = sandbox.requests.length;
    const answer = await gateway.query<Answer>(QUERY);
    expect([answer.errors?.[0]?.message, sandbox.requests.length]).toEqual([
      'LaunchDarkly keeps failing and is left alone for a moment.',
      before,
    ]);
    outage();
    await expect.poll(async () => (await gateway.query<Answer>(QUERY)).data?.flagEvents?.nodes.length).toBe(1);
  });
});

describe('Unleash on a bad day', () => {
  it.for<[UnleashFault, Outcome]>([
    [{ kind: 'status', status: 401 }, { code: 'UPSTREAM_REJECTED' }],
    [{ kind: 'status', status: 403 }, { code: 'UPSTREAM_REJECTED' }],
    [
      { kind: 'status', status: 500, body: { message: `select * from ${CANARY}` } },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'Unleash answered with status 500.' },
    ],
    [
      { kind: 'status', status: 503 },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'Unleash answered with status 503.' },
    ],
    [
      { kind: 'rate-limited', retryAfterSeconds: 30 },
      { code: 'UPSTREAM_RATE_LIMITED', message: 'Unleash limits the rate of requests.' },
    ],
    [{ kind: 'html', status: 200 }, { code: 'UPSTREAM_UNAVAILABLE' }],
    [{ kind: 'html', status: 502 }, { code: 'UPSTREAM_UNAVAILABLE' }],
    [{ kind: 'swallowed' }, { code: 'UPSTREAM_UNAVAILABLE', message: 'Unleash counted events but did not list them.' }],
    [
      { kind: 'cut-off' },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'Unleash could not be reached: the connection was closed.' },
    ],
    [{ kind: 'truncated-json' }, { code: 'UPSTREAM_UNAVAILABLE' }],
    [
      { kind: 'slow', ms: 5_000 },
      { code: 'UPSTREAM_TIMEOUT', message: 'Unleash did not answer in time.' },
    ],
    [{ kind: 'wrong-types' }, { nodes: 20, skipped: 1 }],
    [{ kind: 'unknown-type' }, { nodes: 20 }],
    [{ kind: 'duplicated' }, { nodes: 20 }],
    [{ kind: 'ascending' }, { nodes: 20 }],
  ])('%o', async ([fault, expected]) => {
    await using sandbox = await startUnleashSandbox();
    await using gateway = await startGateway([{ vendor: 'unleash', apiToken: sandbox.token, url: sandbox.url }], {
      requestTimeoutMs: 'ms' in fault ? 600 : 10_000,
    });
    await gateway.query(QUERY);
    sandbox.faults.always(fault);
    const answer = await gateway.query<Answer>(QUERY);
    expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${CANARY}|sandbox-admin|${sandbox.url}`));
    expectOutcome(answer, expected);
  });

  it('costs its own events only: a slow source does not hold up the page', async () => {
    await using slow = await startUnleashSandbox();
    await using quick = await startLaunchDarklySandbox({ events: [1, 2, 3].map(eventAt) });
    await using gateway = await startGateway(
      [
        { vendor: 'unleash', apiToken: slow.token, url: slow.url },
        { vendor: 'launchdarkly', accessToken: quick.token, url: quick.url, projects: ['default/production'] },
      ],
      { requestTimeoutMs: 800 },
    );
    await gateway.query(QUERY);
    slow.faults.always({ kind: 'slow', ms: 5_000 });
    const answer = await gateway.query<Answer>(QUERY);
    expect(answer.data?.flagEvents?.nodes).toHaveLength(3);
    expect(answer.data?.flagEvents?.sources.map(({ failure, status }) => [status, failure?.code])).toEqual([
      ['FAILED', 'UPSTREAM_TIMEOUT'],
      ['OK', undefined],
    ]);
  });

  it('is read around single bad events, wherever they are, and says how many', async () => {
    await using sandbox = await startUnleashSandbox();
    await using gateway = await startGateway([{ vendor: 'unleash', apiToken: sandbox.token, url: sandbox.url }]);
    const all = sandbox.events().map(({ id }) => String(id));
    const bad = [0, 13, 14, 77, all.length - 1].map((index) => all[index] ?? '');
    for (const id of bad) sandbox.faults.always({ kind: 'poison', id: Number(id) });
    for (const size of [7, 20, 100]) {
      const pages = await walk(gateway, { size });
      expect(idsOf(pages)).toEqual(all.filter((id) => !bad.includes(id)));
    }
    const answer = await gateway.query<Answer>(QUERY);
    expect([answer.data?.flagEvents?.sources[0]?.skippedEvents, answer.extensions]).toEqual([3, { partial: true }]);
  });

  it('of a real Unleash: an event that breaks its page is left out, and the rest of the page comes', async () => {
    const unleash = inject('unleash');
    const project = 'gateway-poison';
    await control(unleash).createProject({ id: project });
    const admin = createUnleashAdmin(unleash, project);
    for (let index = 0; index < 6; index += 1) await admin.createFlag(`poison-${index}`);
    const path = `/api/admin/projects/${project}/features/poison-1/environments/development/strategies`;
    const strategy = await admin.send<{ id: string }>('POST', path, { name: 'remoteAddress', parameters: {} });
    await admin.send('PUT', `${path}/${strategy.id}`, { name: 'remoteAddress', parameters: { IPs: '10.0.0.1' } });
    for (let index = 6; index < 12; index += 1) await admin.createFlag(`poison-${index}`);
    await expect(listAllEvents(unleash, { project: `IS:${project}` })).rejects.toThrow('500');

    await using gateway = await startGateway([
      { vendor: 'unleash', apiToken: unleash.adminToken, url: unleash.url, projects: [project] },
    ]);
    const answer = await gateway.query<{
      flagEvents: { nodes: { type: string; flag: { key: string } | null }[]; sources: unknown };
    }>(
      '{ flagEvents(first: 50, filter: { kinds: [CREATED, TARGETING_CHANGED] }) { nodes { type flag { key } } sources { status skippedEvents } } }',
    );
    const created = answer.data?.flagEvents.nodes
      .filter(({ type }) => type === 'feature-created')
      .map(({ flag }) => flag?.key);
    expect(created).toEqual(Array.from({ length: 12 }, (_, index) => `poison-${11 - index}`));
    expect(answer.data?.flagEvents.sources).toEqual([{ status: 'OK', skippedEvents: 1 }]);
  });
});

describe('an answer of a real Unleash that counts events and lists none', () => {
  it('is a failure, not an empty log', async () => {
    const { adminToken, url } = inject('unleash');
    const settings = unleashSettings.parse({ vendor: 'unleash', url, apiToken: adminToken });
    const client = createUnleashClient(settings, { pageCacheMs: 0 });
    // Half a row is what makes this server answer 200 with a total and no rows, as it also does when reading them fails.
    const search = client.searchEvents({ filter: {}, offset: 0, limit: 0.5 }, { budget: createEndlessBudget() });
    await expect(search).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'Unleash counted events but did not list them.',
    });
    await client.close();
  });
});

describe('an upstream that means harm', () => {
  it.for<[string, (response: import('node:http').ServerResponse) => void]>([
    [
      'sends more than it may',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = ' '.repeat(1024 * 1024);
        const more = () => {
          while (response.writable && response.write(chunk));
          response.once('drain', more);
        };
        more();
      },
    ],
    [
      'claims compression nobody asked for',
      (response) => {
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(Buffer.from('1f8b0800', 'hex'));
      },
    ],
    [
      'drips its body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 50);
        response.once('close', () => clearInterval(drip));
      },
    ],
    [
      'nests without end',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(200_000));
      },
    ],
  ])('and %s costs only itself', async ([, respond]) => {
    const { createServer } = await import('node:http');
    const server = createServer((_request, response) => respond(response));
    const url = await listen(server);
    try {
      await using gateway = await startGateway(
        [{ vendor: 'launchdarkly', accessToken: 'api-x', url, projects: ['default/production'] }],
        { requestTimeoutMs: 1_000 },
      );
      const answer = await gateway.query<Answer>(QUERY);
      expect(answer.data).toEqual({ flagEvents: null });
      expect(answer.errors?.[0]?.extensions?.code).toMatch(/^UPSTREAM_(UNAVAILABLE|TIMEOUT)$/);
      expect((await gateway.query('{ flagSources { name } }')).data).toEqual({
        flagSources: [{ name: 'launchdarkly' }],
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

interface Outcome {
  code?: string;
  message?: string;
  nodes?: number;
  skipped?: number;
}

/** Either a failure with its code, or a page that says how many events it lacks. */
function expectOutcome({ data, errors, extensions }: GraphQLAnswer<Answer>, expected: Outcome): void {
  if (expected.code) {
    expect(data).toEqual({ flagEvents: null });
    const message = expected.message && { message: expected.message };
    expect(errors).toMatchObject([{ ...message, extensions: { code: expected.code } }]);
    return;
  }
  const [source] = data?.flagEvents?.sources ?? [];
  const skipped = expected.skipped ?? 0;
  expect(data?.flagEvents?.nodes).toHaveLength(expected.nodes ?? 0);
  expect(source).toMatchObject({ status: 'OK', skippedEvents: skipped });
  expect(extensions).toEqual(skipped > 0 ? { partial: true } : undefined);
}

function eventAt(number: number): FlagEventRep {
  return createFlagEvent(number, Date.now() - number * 60_000);
}
