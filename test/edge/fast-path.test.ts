import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, createAnswers, type WholeAnswer } from '../../src/edge/answers.ts';
import { MAX_BODY_BYTES } from '../../src/edge/body.ts';
import { type Exchange, type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const PAGE = '{ flagEvents(first: 2) { nodes { id title } } }';
const LARGE = '{ flagEvents(first: 50) { nodes { id title occurredAt actor { name } flag { key } } } }';
const KEY = 'a-key-of-at-least-thirty-two-characters';

/** Whoever sends an empty query string is answered by Yoga: the fast path knows one URL. */
const PATHS = { fast: '/graphql', yoga: '/graphql?' } as const;

interface Asked {
  headers?: Readonly<Record<string, string>>;
  body: string;
}

const json = (query: string, more: object = {}) => JSON.stringify({ query, ...more });
const accepting = (accept: string, query = PAGE): Asked => ({ headers: { accept }, body: json(query) });

const REQUESTS: Readonly<Record<string, Asked>> = {
  'a page': { body: json(PAGE) },
  'a page with variables': {
    body: json('query Q($n: Int) { flagEvents(first: $n) { nodes { id } } }', { variables: { n: 3 } }),
  },
  'one operation of two': { body: json(`query A { __typename } query B ${PAGE}`, { operationName: 'B' }) },
  'a client that accepts anything': accepting('*/*'),
  'a client that accepts nothing we have': accepting('text/html'),
  'a client of the newer media type': accepting('application/graphql-response+json'),
  'a client of parts and JSON': accepting('application/json, multipart/mixed'),
  'a client of parts alone': accepting('multipart/mixed'),
  'parts that are accepted': accepting(
    'multipart/mixed, application/json',
    '{ flagEvents(first: 1) { nodes { id ... @defer { title } } } }',
  ),
  'parts that are not': accepting('application/json', '{ flagEvents(first: 1) { nodes { id ... @defer { title } } } }'),
  'a large answer': { body: json(LARGE) },
  'a large answer, compressed': { headers: { 'accept-encoding': 'gzip, br' }, body: json(LARGE) },
  'a body in no known compression': { headers: { 'content-encoding': 'br' }, body: json(PAGE) },
  'a body that is too large': { body: json('x'.repeat(MAX_BODY_BYTES)) },
  'a body that is no JSON': { body: '{' },
  'a body that is a list': { body: `[${json(PAGE)}]` },
  'a body without a query': { body: '{}' },
  'a text that is no query': { body: json('{ flagEvents(') },
  'a field that is not there': { body: json('{ flags }') },
  'a query that costs too much': { body: json('{ flagEvents(first: 100) { nodes { id } } }'.repeat(2)) },
  'an argument out of range': { body: json('{ flagEvents(first: 1000) { nodes { id } } }') },
  'a variable of the wrong type': {
    body: json('query Q($n: Int) { flagEvents(first: $n) { nodes { id } } }', { variables: { n: 'x' } }),
  },
  'an error beside data': { body: json('{ __typename node(id: "nothing") { id } }') },
  'the hash of no document': { body: JSON.stringify({ documentId: 'sha256:00' }) },
  'a form': {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `query=${encodeURIComponent(PAGE)}`,
  },
  'another type': { headers: { 'content-type': 'text/plain' }, body: json(PAGE) },
  'a type with parameters': { headers: { 'content-type': 'Application/JSON; charset=utf-8' }, body: json(PAGE) },
  'a page of another origin': { headers: { origin: 'https://console.example' }, body: json(PAGE) },
  'a page of an origin that is not known': { headers: { origin: 'https://stranger.example' }, body: json(PAGE) },
  'a wrong key': { headers: { 'x-api-key': 'wrong' }, body: json(PAGE) },
  'no key': { headers: { 'x-api-key': '' }, body: json(PAGE) },
  'an id of a balancer': { headers: { 'x-request-id': '4bf92f3577b34da6a3ce929d0e0e4736' }, body: json(PAGE) },
};

describe('the fast path', () => {
  const clock = { now: Date.now() };
  let gateway: PublicGateway;
  beforeAll(async () => {
    const settings = { apiKeys: [KEY], corsOrigins: ['https://console.example'] };
    gateway = await startPublicGateway({ settings, now: () => clock.now });
    // What a source is asked once, it has been asked.
    await gateway.ask(LARGE, { headers: { 'x-api-key': KEY } });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  async function sent({ body, headers }: Asked, path: string) {
    const before = gateway.lines().length;
    const all = { accept: 'application/json', 'content-type': 'application/json', 'x-api-key': KEY, ...headers };
    const { headers: answered, ...rest } = await gateway.request({
      method: 'POST',
      path,
      headers: { ...all, 'content-length': String(Buffer.byteLength(body, 'latin1')) },
      body,
    });
    await expect.poll(() => gateway.lines().length).toBe(before + 1);
    const { durationMs, requestId, time, ...line } = gateway.lines().at(-1) ?? {};
    const { date, 'x-request-id': id, ...kept } = answered;
    expect([typeof durationMs, typeof time, requestId]).toEqual(['number', 'string', id]);
    return { ...rest, headers: kept, line };
  }

  it.for(Object.entries(REQUESTS))('answers as Yoga does, and writes the same line: %s', async ([, asked]) => {
    expect(await sent(asked, PATHS.fast)).toEqual(await sent(asked, PATHS.yoga));
  });
});

describe('an answer that was given', () => {
  const SECRET = 'a-secret-of-at-least-thirty-two-chars';
  const ASKED = '{ flagEvents(first: 1) { pageInfo { endCursor } } }';
  let gateway: PublicGateway;
  let now = Date.now();

  async function start(options: Parameters<typeof startPublicGateway>[0] = {}): Promise<PublicGateway> {
    const started = await startPublicGateway({ pageCacheMs: 60_000, now: () => now, ...options });
    // What a source is asked once, it has been asked.
    await started.ask('{ flagEvents(first: 2) { nodes { id } } }', { headers: { 'x-api-key': KEY } });
    return started;
  }

  /** A cursor knows when its walk began, so no two executions give the same. */
  async function ask(query = ASKED, headers: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    now += 1;
    return gateway.ask(query, { headers });
  }

  it('is given again to who asks the very same once more, and once more', async () => {
    await using own = await start();
    gateway = own;
    const [once, first, second] = [await ask(), await ask(), await ask()];
    expect(first.body).not.toBe(once.body);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect({ ...second.headers, 'x-request-id': '', date: '' }).toEqual({
      ...first.headers,
      'x-request-id': '',
      date: '',
    });
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    const lines = own.lines().slice(1);
    expect(lines.map(({ operation, upstreamCalls }) => [operation, upstreamCalls === 0])).toEqual([
      [{ type: 'query', name: null }, false],
      [{ type: 'query', name: null }, true],
      [{ type: 'query', name: null }, true],
    ]);
  });

  it('is not given to who asks something else, or is somebody else', async () => {
    await using own = await start({ settings: { apiKeys: [KEY, `${KEY}-2`] } });
    gateway = own;
    await ask(ASKED, { 'x-api-key': KEY });
    const bodies = [
      await ask(ASKED, { 'x-api-key': KEY }),
      await ask(`${ASKED} `, { 'x-api-key': KEY }),
      await ask(ASKED, { 'x-api-key': `${KEY}-2` }),
      await ask(ASKED, { 'x-api-key': KEY, accept: 'application/json' }),
      await ask(ASKED, { 'x-api-key': KEY, 'accept-encoding': 'gzip' }),
    ].map(({ body }) => body);
    expect(new Set(bodies).size).toBe(bodies.length);
    expect((await ask(ASKED)).status).toBe(401);
  });

  it('is not given again when it lacks a source, or pages are not remembered', async () => {
    const others = [{ vendor: 'unleash', id: 'unleash-down', url: 'http://127.0.0.1:1', apiToken: 'canary-token' }];
    for (const options of [{ others }, { pageCacheMs: 0 }]) {
      await using own = await start(options);
      gateway = own;
      const [, first, second] = [await ask(), await ask(), await ask()];
      expect(first.status).toBe(200);
      expect(second.body).not.toBe(first.body);
    }
  });

  it('is not given to clients when only the router may ask it', async () => {
    await using own = await start({ federation: { secret: SECRET, nodeField: 'omitted' } });
    gateway = own;
    const query = '{ _entities(representations: []) { __typename } flagEvents(first: 1) { nodes { id } } }';
    const asRouter = { 'x-subgraph-secret': SECRET };
    for (let times = 0; times < 3; times += 1) expect((await ask(query, asRouter)).status).toBe(200);
    expect((await ask(query)).code).toBe('FORBIDDEN');
  });
});

describe('whole answers', () => {
  /** As if it had been asked before. */
  const keep = (answers: Answers, ...answered: Parameters<Answers['keep']>) => {
    answers.keep(...answered);
    answers.keep(...answered);
  };

  const answer: WholeAnswer = { headers: {}, body: Buffer.from('{}'), operation: null };

  it('are kept until the first of their pages is too old, and no longer than pages are', () => {
    const answers = createAnswers({ maxAgeMs: 60_000 });
    keep(answers, 'soon', answer, Date.now() - 1);
    keep(answers, 'settled', answer, Number.POSITIVE_INFINITY);
    keep(answers, 'fresh', answer, Date.now() + 60_000);
    expect(['soon', 'settled', 'fresh'].map((key) => answers.get(key))).toEqual([undefined, answer, answer]);
  });

  it('are not kept when nothing was read for them, or nothing may be', () => {
    const [some, none] = [createAnswers({ maxAgeMs: 60_000 }), createAnswers({ maxAgeMs: 0 })];
    keep(some, 'of the gateway itself', answer, undefined);
    keep(none, 'settled', answer, Number.POSITIVE_INFINITY);
    expect([some.get('of the gateway itself'), none.get('settled')]).toEqual([undefined, undefined]);
  });

  it('fill no more than their room', () => {
    const answers = createAnswers({ maxAgeMs: 60_000, maxBytes: 10_000 });
    const large = { ...answer, body: Buffer.alloc(2_000) };
    for (const key of ['a', 'b', 'c']) keep(answers, key, large, Number.POSITIVE_INFINITY);
    expect(['a', 'b', 'c'].map((key) => answers.get(key) !== undefined)).toEqual([false, true, true]);
  });
});
