import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exchange, type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const DEFERRED = '{ flagEvents(first: 2) { nodes { id ... @defer { title } } } }';

let gateway: PublicGateway;
beforeAll(async () => {
  gateway = await startPublicGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

function ask(accept: string | null): Promise<Exchange> {
  const headers = { 'content-type': 'application/json', ...(accept !== null && { accept }) };
  return gateway.request({ method: 'POST', headers, body: JSON.stringify({ query: DEFERRED }) });
}

describe('a query with @defer', () => {
  it.for([
    null,
    '*/*',
    'application/json, text/plain, */*',
    'multipart/mixed;q=0',
    'multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json,application/json;q=0.9',
    'multipart/mixed;deferSpec=20990101, application/json',
  ])('is answered with one JSON object to a client that accepts %s', async (accept) => {
    const { answer, headers, status } = await ask(accept);
    expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^application\/[a-z+-]*json;/)]);
    const node = { id: expect.any(String), title: expect.any(String) };
    expect(answer).toEqual({ data: { flagEvents: { nodes: [node, node] } } });
  });

  it.for([
    ['multipart/mixed', 'multipart/mixed; boundary="-"'],
    ['multipart/mixed;deferSpec=20220824, application/json', 'multipart/mixed; boundary="-"'],
    ['text/event-stream;q=0.5', 'text/event-stream'],
  ] as const)('is answered in parts to a client that accepts %s', async ([accept, type]) => {
    const { body, headers, status } = await ask(accept);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(body).toMatch(/"hasNext":true[\s\S]*"incremental":\[.*"title":[\s\S]*"hasNext":false/);
  });

  it('is not executed for a client that accepts nothing there is', async () => {
    gateway.unleash.requests.length = 0;
    expect((await ask('text/html')).status).toBe(406);
    expect(gateway.unleash.requests).toEqual([]);
  });
});

describe('@stream', () => {
  const streamed = (count: string) =>
    `query ($count: Int = 1) { flagEvents(first: $count) { nodes @stream(initialCount: ${count}) { id } } }`;

  it.for([
    ['-1', undefined],
    ['null', undefined],
    ['$count', { count: -2 }],
    ['$count', { count: null }],
  ] as const)('says that a count is none: %s', async ([count, variables]) => {
    for (const accept of ['multipart/mixed, application/json', 'application/json']) {
      const { answer } = await gateway.ask(streamed(count), { variables, headers: { accept } });
      expect(answer.errors).toEqual([
        {
          message: '`initialCount` of @stream must be 0 or more.',
          extensions: { code: 'BAD_USER_INPUT', argument: 'initialCount' },
        },
      ]);
    }
  });

  it('sends what is left out at first in further parts', async () => {
    const { body } = await gateway.ask(streamed('1'), {
      variables: { count: 3 },
      headers: { accept: 'multipart/mixed' },
    });
    expect(body.match(/"items":/g)).toHaveLength(2);
  });
});
