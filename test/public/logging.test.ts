import { describe, expect, it, vi } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { BODY_CANARY, type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const ID = expect.stringMatching(/^[0-9a-f-]{36}$/);

/** The lines, once there are this many. */
function written(gateway: PublicGateway, count: number): Promise<Record<string, unknown>[]> {
  return vi.waitUntil(() => gateway.lines().length >= count && gateway.lines());
}

describe('the log', () => {
  it('has one line for each GraphQL request, with the id that its answer bears', async () => {
    await using gateway = await startPublicGateway();
    const { headers } = await gateway.ask('query Newest { flagEvents(first: 1) { nodes { id } } }');
    const lines = await written(gateway, 1);
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        requestId: headers['x-request-id'],
        operation: { type: 'query', name: 'Newest' },
        status: 200,
        durationMs: expect.any(Number),
        upstreamCalls: expect.any(Number),
        partial: false,
        failures: [],
        codes: [],
        aborted: false,
        msg: 'request',
      },
    ]);
    expect(lines[0]?.requestId).toEqual(ID);
    expect(lines[0]?.upstreamCalls).toBeGreaterThan(0);
  });

  it('has none for health, the page of GraphiQL, and what is not there', async () => {
    await using gateway = await startPublicGateway();
    const html = { accept: 'text/html' };
    for (const path of ['/live', '/ready', '/favicon.ico', '/']) await gateway.request({ path });
    await gateway.request({ path: '/graphql', headers: html });
    await gateway.ask('{ __typename }');
    expect(await written(gateway, 1)).toHaveLength(1);
  });

  it('takes over the id of a balancer, if it can only be an id', async () => {
    await using gateway = await startPublicGateway();
    const given = '4bf92f3577b34da6a3ce929d0e0e4736';
    const ids = [];
    for (const id of [given, 'canary-id', `${given}\u00e9`]) {
      ids.push((await gateway.ask('{ __typename }', { headers: { 'x-request-id': id } })).headers['x-request-id']);
    }
    expect(ids).toEqual([given, ID, ID]);
  });

  it('tells a partial answer and a failed one, by their codes', async () => {
    await using gateway = await startPublicGateway({
      others: [{ vendor: 'unleash', id: 'unleash-down', url: 'http://127.0.0.1:1', apiToken: 'canary-token' }],
    });
    await gateway.ask('{ flagEvents(first: 1) { nodes { id } } }');
    gateway.unleash.faults.always({ kind: 'status', status: 401, body: { message: BODY_CANARY } });
    await gateway.ask('{ flagEvents(first: 1) { nodes { id } } }');
    const lines = await written(gateway, 2);
    expect(lines.map(({ codes, partial, status }) => ({ codes, partial, status }))).toEqual([
      { codes: [], partial: true, status: 200 },
      { codes: [expect.stringMatching(/^UPSTREAM_/)], partial: expect.any(Boolean), status: 200 },
    ]);
    const down = { feed: 'unleash-down', code: 'UPSTREAM_UNAVAILABLE', cause: 'ECONNREFUSED' };
    expect(lines.map(({ failures }) => failures)).toEqual([
      [down],
      [{ feed: 'unleash', code: 'UPSTREAM_REJECTED', cause: 'status 401' }, down],
    ]);
  });

  it('tells the codes of deferred parts, in the one line', async () => {
    await using launchDarkly = await startLaunchDarklySandbox();
    const projects = launchDarkly.projects.map(({ key }) => `${key}/*`);
    await using gateway = await startPublicGateway({
      others: [{ vendor: 'launchdarkly', url: launchDarkly.url, accessToken: launchDarkly.token, projects }],
    });
    const body = { message: BODY_CANARY };
    launchDarkly.faults.add({ type: 'answer', status: 500, body }, { when: ({ query }) => 'expand' in query });
    const { body: parts } = await gateway.ask(
      `{ flagEvents(first: 5, filter: { vendors: [LAUNCHDARKLY] }) { nodes {
        ... on LaunchDarklyFlagEvent @defer { experiments { nodes { key } } }
      } } }`,
      { headers: { accept: 'multipart/mixed' } },
    );
    expect(parts).toContain('UPSTREAM_UNAVAILABLE');
    const lines = await written(gateway, 1);
    expect(lines).toEqual([expect.objectContaining({ status: 200, codes: ['UPSTREAM_UNAVAILABLE'] })]);
  });

  it('tells what was refused before anything was asked', async () => {
    await using gateway = await startPublicGateway({ env: { API_KEYS: 'canary-key-of-the-first' } });
    await gateway.ask('query Secret { __typename }', { headers: { 'x-api-key': 'canary-key-of-nobody' } });
    expect(await written(gateway, 1)).toEqual([
      expect.objectContaining({ status: 401, codes: ['UNAUTHENTICATED'], operation: null, upstreamCalls: null }),
    ]);
  });

  it('has neither stack nor severity for what a client does wrong, and nothing of what it sent', async () => {
    await using gateway = await startPublicGateway();
    const headers = {
      'x-secret': 'canary-header',
      cookie: 'canary-cookie',
      referer: 'https://example.com/canary-page',
    };
    const path = `/graphql?query=${encodeURIComponent('{ __typename(canary: "canary-argument") }')}&canary-parameter`;
    const query =
      'query ($first: Int) { flagEvents(first: $first, filter: { flagKeys: ["canary-literal"] }) { nodes { id } } }';
    await gateway.ask(query, { headers, variables: { first: 'x'.repeat(50) } });
    await gateway.ask(query, { headers, variables: { first: -1 } });
    await gateway.ask('{ nothing }', { headers });
    await gateway.ask('{', { headers });
    await gateway.request({ path, headers });
    const lines = await written(gateway, 5);
    expect(lines.map(({ level, codes }) => [level, ...(codes as string[])])).toEqual([
      ['info', 'BAD_USER_INPUT'],
      ['info', 'BAD_USER_INPUT'],
      ['info', 'GRAPHQL_VALIDATION_FAILED'],
      ['info', 'GRAPHQL_PARSE_FAILED'],
      ['info', 'FORBIDDEN'],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/stack|error|x{50}/);
  });

  it('has what nobody expected once, with where it happened and without what it said', async () => {
    const broken = () => {
      throw new TypeError(`Bearer canary-token is not valid\n    at canary (canary.ts:1:1)`, {
        cause: Object.assign(new Error('canary-cause'), { code: 'ECONNRESET', body: 'canary-body' }),
      });
    };
    await using gateway = await startPublicGateway({ now: broken });
    const { answer, headers, status } = await gateway.ask('{ flagSources { id } }');
    expect(status).toBe(500);
    expect(answer).toEqual({
      errors: [{ message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    const [unexpected, request, ...more] = await written(gateway, 2);
    expect(more).toEqual([]);
    expect(request).toMatchObject({ level: 'info', status: 500, codes: ['INTERNAL_SERVER_ERROR'] });
    expect(unexpected).toEqual({
      level: 'error',
      time: expect.any(String),
      requestId: headers['x-request-id'],
      error: {
        type: 'TypeError',
        at: expect.arrayContaining([expect.stringMatching(/^at broken \(/)]),
        cause: { type: 'Error', code: 'ECONNRESET', at: expect.any(Array) },
      },
      msg: 'unexpected error',
    });
  });

  it('tells that a client has gone before its answer', async () => {
    await using gateway = await startPublicGateway();
    gateway.unleash.faults.always({ kind: 'slow', ms: 10_000 });
    const leaving = new AbortController();
    const asked = fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ flagEvents(first: 1) { nodes { id } } }' }),
      signal: leaving.signal,
    });
    await vi.waitUntil(() => gateway.unleash.requests.length > 0);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    expect(await written(gateway, 1)).toEqual([expect.objectContaining({ aborted: true, status: null })]);
  });

  it.for([
    ['info', 1],
    ['warn', 0],
    ['silent', 0],
  ] as const)('is as long as LOG_LEVEL says: %s', async ([level, count]) => {
    await using gateway = await startPublicGateway({ env: { LOG_LEVEL: level } });
    await gateway.ask('{ __typename }');
    await gateway.request({ path: '/live' });
    expect(gateway.lines()).toHaveLength(count);
  });
});
