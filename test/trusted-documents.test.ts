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
  it('runs an operation that is named by its hash, with or without the name of the algorithm', async () => {
    await using gateway = await start({ trustedDocuments });
    for (const body of [KNOWN, byHash(HASH.replace('sha256:', ''))]) {
      const { answer, status } = await post<SourceStatesQuery>(gateway.url, body);
      expect([status, answer.data?.flagSources.map(({ name }) => name)]).toEqual([200, ['unleash']]);
    }
  });

  it('refuses a hash that it does not know, and a request that says nothing', async () => {
    await using gateway = await start({ trustedDocuments });
    expect(await codeOf(gateway.url, UNKNOWN)).toEqual([400, 'PERSISTED_QUERY_NOT_IN_LIST']);
    expect(await codeOf(gateway.url, { variables: {} })).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('TRUSTED_DOCUMENTS', () => {
  it('on: runs other operations, too', async () => {
    await using gateway = await start({ trustedDocuments: 'on' });
    expect(await codeOf(gateway.url, QUERY)).toEqual([200, undefined]);
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

  it('off: knows no hash', async () => {
    await using gateway = await start({ trustedDocuments: 'off' });
    expect(await codeOf(gateway.url, KNOWN)).toEqual([400, 'BAD_REQUEST']);
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
