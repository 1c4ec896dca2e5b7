import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import documents from '../../schema/generated/persisted-documents.json' with { type: 'json' };
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { startGateway } from '../support/gateway.ts';
import { bearer, claims, jwtSettings, startKeyServer } from '../support/issuer.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';
import { type Running, transportNames, transports } from '../support/transports.ts';

const LIVE =
  'subscription Live($since: String) { flagEventsAdded(since: $since) { nodes { ... on UnleashFlagEvent { eventId } } cursor isCaughtUp } }';
const hashOfNewEvents = Object.entries(documents).find(([, text]) => text.includes('subscription NewEvents'))?.[0];
const KEY = 'canary-key-of-a-subscriber';

interface Batch {
  nodes: { eventId: string }[];
  cursor: string;
}

const isThere = ({ answers }: Running) => answers.length > 0;
const batchesOf = ({ answers }: Running) => answers.flatMap(({ data }) => (data?.flagEventsAdded as Batch) ?? []);
const idsOf = (running: Running) => batchesOf(running).flatMap(({ nodes }) => nodes.map(({ eventId }) => eventId));
const codesOf = ({ answers }: Running) =>
  answers.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions?.code));
const happen = ({ unleash }: PublicGateway, featureName: string) =>
  String(unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' }).id);
/** What a client library reports of an error that is no answer. */
const textOf = (reason: unknown) => {
  const { code, response, message } = (reason ?? {}) as { code?: unknown; response?: Response; message?: string };
  return `${code} ${response?.status} ${message} ${inspect(reason, { depth: 6 })}`;
};

describe.for(transportNames)('over %s', (name) => {
  const connect = transports[name];

  it('a subscription brings what happens, and goes on from a cursor', async () => {
    await using gateway = await startPublicGateway();
    await using client = connect(gateway.url);
    const first = client.begin({ query: LIVE });
    await first.until(isThere);
    const one = happen(gateway, 'one');
    await first.until((running) => idsOf(running).length === 1);
    const since = batchesOf(first).at(-1)?.cursor;
    first.leave();
    const two = happen(gateway, 'two');
    const second = client.begin({ query: LIVE, variables: { since } });
    await second.until((running) => idsOf(running).length === 1);
    expect([idsOf(first), idsOf(second)]).toEqual([[one], [two]]);
    second.leave();
    while (gateway.live.subscribers > 0) await wait(5);
  });

  it('several operations run beside each other, queries and parts of `@defer` among them', async () => {
    await using gateway = await startPublicGateway();
    await using client = connect(gateway.url);
    const live = [client.begin({ query: LIVE }), client.begin({ query: LIVE })];
    const query = client.begin({ query: '{ flagEvents(first: 1) { nodes { id } } }' });
    const deferred = client.begin({
      query: '{ flagSources { name } ... @defer { flagEvents(first: 1) { nodes { id } } } }',
    });
    await Promise.all([...live, query, deferred].map((running) => running.until(isThere)));
    await Promise.all([query.ended, deferred.ended]);
    expect(query.answers).toMatchObject([{ data: { flagEvents: { nodes: [{}] } } }]);
    expect(deferred.answers.length).toBeGreaterThan(1);
    const id = happen(gateway, 'one');
    await Promise.all(live.map((running) => running.until((each) => idsOf(each).includes(id))));
    for (const running of live) running.leave();
  });

  it.for<[string, string, string]>([
    ['a cursor of nothing', 'subscription { flagEventsAdded(since: "nonsense") { cursor } }', 'BAD_USER_INPUT'],
    ['an unknown field', 'subscription { flagEventsAdded { nothing } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['no document', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    [
      'too many aliases',
      `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: flagSources { name }`).join(' ')} }`,
      'TOO_MANY_ALIASES',
    ],
  ])('a request that is refused has the code that it has over HTTP: %s', async ([, query, code]) => {
    await using gateway = await startPublicGateway();
    await using client = connect(gateway.url);
    const running = client.begin({ query });
    const reason = await running.ended;
    expect([...codesOf(running), textOf(reason)].join()).toContain(code);
    expect(JSON.stringify(running.answers)).not.toContain('"http"');
  });

  it('credentials are needed, and the end of a token ends a subscription', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    await using keyServer = await startKeyServer({ rsa: ['RS256', pair] });
    const env = { ...jwtSettings(keyServer.url), API_KEYS: KEY };
    await using gateway = await startPublicGateway({ env });
    await using stranger = connect(gateway.url);
    const refused = stranger.begin({ query: LIVE });
    expect(textOf(await refused.ended)).toMatch(/401|4403/);
    expect(refused.answers).toEqual([]);
    await using keyHolder = connect(gateway.url, { 'x-api-key': KEY });
    const admitted = keyHolder.begin({ query: LIVE });
    await admitted.until(isThere);
    const exp = Math.floor(Date.now() / 1000) - 3;
    const token = await new SignJWT(claims({ exp }))
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
      .sign(pair.privateKey);
    await using tokenHolder = connect(gateway.url, bearer(token));
    const limited = tokenHolder.begin({ query: LIVE });
    await limited.until(isThere);
    await limited.ended;
    expect(limited.answers.at(-1)?.errors).toMatchObject([{ extensions: { reason: 'CREDENTIALS_EXPIRED' } }]);
    expect(gateway.live.subscribers).toBe(1);
    admitted.leave();
  });

  it('only trusted documents run, where nothing else may', async () => {
    await using unleash = await startUnleashSandbox();
    const settings = { vendor: 'unleash', apiToken: unleash.token, url: unleash.url };
    await using gateway = await startGateway([settings], { trustedDocuments: 'only' });
    await using client = connect(gateway.url);
    const refused = client.begin({ query: LIVE });
    const reason = await refused.ended;
    expect([...codesOf(refused), textOf(reason)].join()).toContain('PERSISTED_QUERY_ONLY');
    const persistedQuery = { version: 1, sha256Hash: hashOfNewEvents };
    const accepted = client.begin({ query: '', extensions: { persistedQuery } });
    await accepted.until(isThere);
    expect(batchesOf(accepted)[0]?.cursor).toMatch(/^[\w-]+$/);
    accepted.leave();
  });

  it('counts for the rate limit', async () => {
    await using gateway = await startPublicGateway({ env: { RATE_LIMIT_PER_MINUTE: '6' } });
    await using client = connect(gateway.url);
    const seen: string[] = [];
    for (let tries = 0; tries < 10; tries += 1) {
      const running = client.begin({ query: '{ __typename }' });
      const reason = await running.ended;
      seen.push([...codesOf(running), reason === undefined ? '' : textOf(reason)].join());
    }
    expect(seen.filter((each) => each === '').length).toBeLessThanOrEqual(6);
    expect(seen.at(-1)).toMatch(/RATE_LIMITED|429|1013/);
  });

  it('one operation leaves one line in the log, without the key', async () => {
    await using gateway = await startPublicGateway({ env: { API_KEYS: KEY } });
    {
      await using client = connect(gateway.url, { authorization: `Bearer ${KEY}` });
      const running = client.begin({ query: LIVE });
      await running.until(isThere);
      running.leave();
    }
    while (gateway.lines().length === 0) await wait(5);
    expect(gateway.lines()).toMatchObject([
      { operation: { type: 'subscription', name: 'Live' }, codes: [], aborted: true },
    ]);
  });

  it('a shutdown tells the reason, ends the connection, and takes no new one', async () => {
    await using gateway = await startPublicGateway();
    await using client = connect(gateway.url);
    const running = client.begin({ query: LIVE });
    await running.until(isThere);
    gateway.live.shutDown('SHUTTING_DOWN');
    gateway.goAway({ graceMs: 5_000 });
    const begun = Date.now();
    await Promise.all([running.ended, gateway.shutDown({ delayMs: 0, graceMs: 5_000 })]);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(running.answers.at(-1)?.errors).toMatchObject([
      { extensions: { code: 'SUBSCRIPTION_ENDED', reason: 'SHUTTING_DOWN' } },
    ]);
  });
});

describe('a WebSocket', () => {
  const open = async (url: string, options: WebSocket.ClientOptions = {}, protocol = 'graphql-transport-ws') => {
    const socket = new WebSocket(url.replace('http', 'ws'), protocol, options);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    const closed = new Promise<string>((resolve) => {
      socket.once('close', (code, reason) => resolve(`${code} ${reason}`));
      socket.once('error', (error) => resolve(error.message));
    });
    await Promise.race([closed, new Promise((resolve) => socket.once('open', resolve))]);
    return { socket, messages, closed };
  };
  const INIT = JSON.stringify({ type: 'connection_init' });

  it.for<[string, WebSocket.ClientOptions, string]>([
    ['a page of another origin', { origin: 'https://other.example.com' }, '403'],
    ['a host that is not this machine', { headers: { host: 'rebound.example.com' } }, '403'],
    ['an origin that is none', { origin: 'null' }, '403'],
  ])('is refused to %s', async ([, options, status]) => {
    await using gateway = await startPublicGateway();
    const { closed } = await open(gateway.url, options);
    expect(await closed).toContain(status);
  });

  it('is allowed to the gateway’s own pages, and to those of CORS_ORIGINS', async () => {
    await using gateway = await startPublicGateway({ env: { CORS_ORIGINS: 'https://pages.example.com' } });
    for (const origin of ['https://pages.example.com', new URL(gateway.url).origin]) {
      const { messages, socket } = await open(gateway.url, { origin });
      socket.send(INIT);
      while (messages.length === 0) await wait(5);
      expect(messages).toEqual(['{"type":"connection_ack"}']);
      socket.close();
    }
  });

  it('is closed with a code for what breaks the protocol', async () => {
    await using gateway = await startPublicGateway({ heartbeatMs: 30, idleMs: 60 });
    const { closed: elsewhere } = await open(gateway.url.replace('/graphql', '/elsewhere'));
    expect(await elsewhere).toContain('404');
    const { closed: other } = await open(gateway.url, {}, 'graphql-ws');
    expect(await other).toMatch(/4406|400|subprotocol/i);
    const early = await open(gateway.url);
    early.socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: LIVE } }));
    expect(await early.closed).toBe('4401 Unauthorized');
    const broken = await open(gateway.url);
    broken.socket.send('nonsense');
    expect(await broken.closed).toBe('4400 Invalid message received');
    const large = await open(gateway.url);
    large.socket.send(' '.repeat(300_000));
    expect(await large.closed).toMatch(/^1009/);
    const idle = await open(gateway.url);
    idle.socket.send(INIT);
    expect(await idle.closed).toBe('1000 Idle');
  });

  it('has so many operations at a time and no more', async () => {
    await using gateway = await startPublicGateway();
    const { messages, socket } = await open(gateway.url);
    socket.send(INIT);
    while (messages.length === 0) await wait(5);
    for (let id = 0; id < 101; id += 1)
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: LIVE } }));
    const isTooMany = (message: string) => message.includes('TOO_MANY_OPERATIONS');
    while (!messages.some(isTooMany)) await wait(5);
    expect(messages.filter(isTooMany)).toHaveLength(1);
    socket.terminate();
    while (gateway.live.subscribers > 0) await wait(5);
  });
});

describe('a shared event stream', () => {
  const ask = (url: string, method: string, headers: Record<string, string> = {}, body?: unknown) =>
    fetch(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });

  it('is known by its token, opened once, and its operations by their ids', async () => {
    await using gateway = await startPublicGateway();
    const token = await (await ask(gateway.url, 'PUT')).text();
    expect(token).toMatch(/^[\w-]{32}$/);
    const headers = { 'x-graphql-event-stream-token': token };
    const stranger = { 'x-graphql-event-stream-token': 'nobody’s'.replace('’', '') };
    const stream = await ask(`${gateway.url}?token=${token}`, 'GET', { accept: 'text/event-stream' });
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const begin = (operationId: unknown, own: Record<string, string> = headers) =>
      ask(
        gateway.url,
        'POST',
        { ...own, 'content-type': 'application/json' },
        { query: LIVE, extensions: { operationId } },
      );
    const statuses = [
      await ask(gateway.url, 'GET', { ...headers, accept: 'text/event-stream' }),
      await begin('1', stranger),
      await begin(undefined),
      await begin('1'),
      await begin('1'),
      await ask(`${gateway.url}?operationId=1`, 'DELETE', headers),
      await ask(`${gateway.url}?operationId=1`, 'DELETE', stranger),
    ].map(({ status }) => status);
    expect(statuses).toEqual([409, 404, 400, 202, 409, 200, 404]);
    while (gateway.live.subscribers > 0) await wait(5);
    await stream.body?.cancel();
  });

  it('ends when nobody uses it, and so does a reservation', async () => {
    await using gateway = await startPublicGateway({ heartbeatMs: 20, idleMs: 100 });
    const tokens = await Promise.all([1, 2].map(async () => (await ask(gateway.url, 'PUT')).text()));
    const stream = await ask(`${gateway.url}?token=${tokens[0]}`, 'GET', { accept: 'text/event-stream' });
    expect(await stream.text()).toMatch(/^(:\n\n)+$/);
    await wait(60);
    const late = await ask(`${gateway.url}?token=${tokens[1]}`, 'GET', { accept: 'text/event-stream' });
    expect(late.status).toBe(404);
  });
});
