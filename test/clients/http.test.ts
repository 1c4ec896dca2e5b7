import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway([{ vendor: 'unleash', apiToken: '*:*.nobody-is-asked', url: 'http://127.0.0.1:1' }]);
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** A GET has to show that it comes from a client, not from somebody else's web page. */
const send: typeof fetch = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, 'graphql-require-preflight': '1' } });
const audits = serverAudits({ url: () => gateway.url, fetchFn: send });

describe('GraphQL over HTTP', () => {
  it.for(audits.map(({ name }) => name))('%s', async (name) => {
    const result = await audits.find((each) => each.name === name)?.fn();
    expect(result).toMatchObject({ status: 'ok' });
  });

  it('says what it MUST, what it SHOULD and what it MAY be', () => {
    const words = new Set(audits.map(({ name }) => name.split(' ')[0]));
    expect(words).toEqual(new Set(['MUST', 'SHOULD', 'MAY']));
  });
});
