import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import {
  ApolloClient as ApolloClient3,
  HttpLink as HttpLink3,
  InMemoryCache as InMemoryCache3,
} from 'apollo-client-3/core';
import { createPersistedQueryLink } from 'apollo-client-3/link/persisted-queries';
import { type DocumentNode, parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { SourceStatesDocument } from '../../schema/generated/graphql.ts';
import type { TrustedDocumentsMode } from '../../src/edge/document-list.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { startGateway } from '../support/gateway.ts';

const TRUSTED: DocumentNode = SourceStatesDocument;
const OTHER = parse('query Other { flagSources { name vendor } }');

/** Where the client preset puts it; else what the clients compute themselves. */
function hashOf(document: DocumentNode & { __meta__?: { hash: string } }): string {
  return document.__meta__?.hash ?? createHash('sha256').update(print(document)).digest('hex');
}

type Ask = (uri: string, query: DocumentNode, fetch: typeof globalThis.fetch) => Promise<unknown>;

const apollo =
  (options: object): Ask =>
  async (uri, query, fetch) => {
    const link = new PersistedQueryLink({ generateHash: hashOf, ...options }).concat(new HttpLink({ uri, fetch }));
    const { data } = await new ApolloClient({ cache: new InMemoryCache(), link }).query({ query });
    return data;
  };

const urql =
  (preferGetForPersistedQueries: 'force' | false): Ask =>
  async (url, query, fetch) => {
    const generateHash = async (_text: string, document: DocumentNode) => hashOf(document);
    const client = new Client({
      url,
      fetch,
      // A GET has no content type: the gateway has to be shown that no other web page sends it.
      fetchOptions: { headers: { 'graphql-require-preflight': '1' } },
      exchanges: [
        persistedExchange({ generateHash: generateHash as never, preferGetForPersistedQueries }),
        fetchExchange,
      ],
      preferGetMethod: false,
    });
    const { data, error } = await client.query(query, {});
    if (error) throw error;
    return data;
  };

const clients: Record<string, { ask: Ask; method: 'GET' | 'POST' }> = {
  'Apollo Client 4': { ask: apollo({}), method: 'POST' },
  'Apollo Client 4, by GET': { ask: apollo({ useGETForHashedQueries: true }), method: 'GET' },
  'Apollo Client 3': {
    async ask(uri, query, fetch) {
      const link = createPersistedQueryLink({ generateHash: hashOf }).concat(new HttpLink3({ uri, fetch }));
      return (await new ApolloClient3({ cache: new InMemoryCache3(), link }).query({ query })).data;
    },
    method: 'POST',
  },
  urql: { ask: urql(false), method: 'POST' },
  'urql, by GET': { ask: urql('force'), method: 'GET' },
};

describe.for(Object.entries(clients))('the persisted-query link of %s', ([, { ask, method }]) => {
  it.for<[TrustedDocumentsMode, string, DocumentNode, string[]]>([
    ['only', 'the hash of a trusted document', TRUSTED, ['hash']],
    ['on', 'the hash of a trusted document', TRUSTED, ['hash']],
    ['on', 'a hash that is not known, then the text', OTHER, ['hash', 'text']],
    ['off', 'the hash of a trusted document, then the text', TRUSTED, ['hash', 'text']],
  ])('has its answer with TRUSTED_DOCUMENTS=%s after it has sent %s', async ([trustedDocuments, , query, expected]) => {
    await using unleash = await startUnleashSandbox();
    const source = { vendor: 'unleash', apiToken: unleash.token, url: unleash.url };
    await using gateway = await startGateway([source], { trustedDocuments });
    const sent: [method: unknown, what: string][] = [];
    const answer = await ask(gateway.url, query, (url, init) => {
      const hasText = /"query":"|[?&]query=./.test(`${url} ${init?.body ?? ''}`);
      sent.push([init?.method, hasText ? 'text' : 'hash']);
      return fetch(url, init);
    });
    expect(answer).toMatchObject({ flagSources: [{ name: 'unleash' }] });
    expect(sent.map(([, what]) => what)).toEqual(expected);
    expect(sent[0]?.[0]).toBe(method);
  });
});
