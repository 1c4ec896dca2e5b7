import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceStatesDocument, type SourceStatesQuery } from '../schema/generated/graphql.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../src/sources/unleash/sandbox.ts';
import { type GraphQLAnswer, startGateway, type TestGatewayOptions } from './support/gateway.ts';

const SECRET = 'known-to-the-supergraph-only';
const QUERY = { query: '{ flagSources { name } }' };

/** As the client preset has put it into the document. */
const HASH = (SourceStatesDocument as unknown as { __meta__: { hash: string } }).__meta__.hash;
const KNOWN = byHash(HASH);
const UNKNOWN = byHash('0'.repeat(64));

let unleash: UnleashSandbox;
beforeAll(async () => {
  unleash = await startUnleashSandbox();
});
afterAll(() => unleash[Symbol.asyncDispose]());

describe.for(['on', 'only'] as const)('TRUSTED_DOCUMENTS=%s', (trustedDocuments) => {
  const PLAIN = HASH.replace('sha256:', '');

  it.for([
    ['Apollo’s clients and urql', KNOWN],
    ['them, without the name of the algorithm', byHash(PLAIN)],
    ['them, beside an empty query', { ...KNOWN, query: '' }],
    ['the specification', { documentId: HASH }],
    ['the specification, without the name of the algorithm', { documentId: PLAIN.toUpperCase() }],
    ['Relay', { doc_id: PLAIN, variables: {} }],
  ] as const)('runs an operation that is named as by %s, sent by POST and by GET', async ([, body]) => {
    await using gateway = await start({ trustedDocuments });
    for (const send of [post, get]) {
      const { answer, status } = await send<SourceStatesQuery>(gateway.url, body);
      expect([status, answer.data?.flagSources.map(({ name }) => name)]).toEqual([200, ['unleash']]);
    }
  });

  it('runs an operation that is named in a form, as Relay’s examples send it', async () => {
    await using gateway = await start({ trustedDocuments });
    const body = new URLSearchParams({ doc_id: PLAIN, variables: '{}' });
    const sent = await fetch(gateway.url, { method: 'POST', body, headers: { 'graphql-require-preflight': '1' } });
    expect(await sent.json()).toMatchObject({ data: { flagSources: [{ name: 'unleash' }] } });
  });

  it('refuses a request that says nothing, and a name that is none', async () => {
    await using gateway = await start({ trustedDocuments });
    for (const body of [{ variables: {} }, { documentId: 4 }, { doc_id: ['a'] }, { documentId: null }]) {
      expect(await codeOf(gateway.url, body)).toEqual([400, 'BAD_REQUEST']);
    }
  });
});

describe('a hash that no document has', () => {
  it.for([
    ['on', 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'],
    ['off', 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported'],
    ['only', 'PERSISTED_QUERY_NOT_IN_LIST', 'No trusted document has this hash.'],
  ] as const)(
    'is told so that clients know whether to send the text: %s',
    async ([trustedDocuments, code, message]) => {
      await using gateway = await start({ trustedDocuments });
      for (const body of [UNKNOWN, { documentId: 'sha256:0' }, { doc_id: '4711' }, { doc_id: '__proto__' }]) {
        for (const send of [post, get]) {
          const { answer, status } = await send(gateway.url, body);
          expect([status, answer]).toEqual([400, { errors: [{ message, extensions: { code } }] }]);
        }
      }
    },
  );
});

describe('TRUSTED_DOCUMENTS', () => {
  it('on: runs other operations, too, with and without their hash', async () => {
    await using gateway = await start({ trustedDocuments: 'on' });
    expect(await codeOf(gateway.url, QUERY)).toEqual([200, undefined]);
    expect(await codeOf(gateway.url, { ...QUERY, ...UNKNOWN })).toEqual([200, undefined]);
  });

  it('only: refuses other operations before anything of them is looked at', async () => {
    await using gateway = await start({ trustedDocuments: 'only' });
    expect(await codeOf(gateway.url, QUERY)).toEqual([400, 'PERSISTED_QUERY_ONLY']);
    expect(await codeOf(gateway.url, { query: '{' })).toEqual([400, 'PERSISTED_QUERY_ONLY']);
    expect(await codeOf(gateway.url, { ...QUERY, ...KNOWN })).toEqual([400, 'PERSISTED_QUERY_ONLY']);
  });

  it('only: lets the gateway of a supergraph write its own operations, once it shows its secret', async () => {
    await using gateway = await start({ trustedDocuments: 'only', federation: { secret: SECRET } });
    expect(await codeOf(gateway.url, QUERY, { 'x-subgraph-secret': SECRET })).toEqual([200, undefined]);
    expect(await codeOf(gateway.url, QUERY, { 'x-subgraph-secret': 'another' })).toEqual([400, 'PERSISTED_QUERY_ONLY']);
  });

  it('off: knows no hash, and runs what is sent as text', async () => {
    await using gateway = await start({ trustedDocuments: 'off' });
    expect(await codeOf(gateway.url, KNOWN)).toEqual([400, 'PERSISTED_QUERY_NOT_SUPPORTED']);
    expect(await codeOf(gateway.url, { ...QUERY, ...KNOWN })).toEqual([200, undefined]);
    expect(await codeOf(gateway.url, QUERY)).toEqual([200, undefined]);
  });
});

function start(options: TestGatewayOptions) {
  return startGateway([{ vendor: 'unleash', apiToken: unleash.token, url: unleash.url }], options);
}

function byHash(sha256Hash: string) {
  return { extensions: { persistedQuery: { version: 1, sha256Hash } } };
}

async function codeOf(url: string, body: object, headers: Record<string, string> = {}): Promise<unknown[]> {
  const { answer, status } = await post(url, body, headers);
  return [status, answer.errors?.[0]?.extensions?.code];
}

async function post<Data>(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as GraphQLAnswer<Data> };
}

async function get<Data>(url: string, body: object) {
  const search = Object.entries(body).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = await fetch(`${url}?${new URLSearchParams(Object.fromEntries(search))}`, {
    headers: { accept: 'application/graphql-response+json', 'graphql-require-preflight': '1' },
  });
  return { status: response.status, answer: (await response.json()) as GraphQLAnswer<Data> };
}
