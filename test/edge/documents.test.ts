import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createDocumentCaches, MAX_DOCUMENTS_BYTES } from '../../src/edge/documents.ts';
import { createGateway } from '../../src/gateway.ts';
import { definitions } from '../../src/sources/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const BYTES = 250_000;
const large = (index: number) => `{ __typename } # ${index} ${'x'.repeat(BYTES)}`;
const busy = (index: number) => `{ a${index} ${'a '.repeat(1_900)}}`;

describe('parsed documents', () => {
  it.for([
    ['of long texts', large],
    ['of many words', busy],
    ['of many comments', (index: number) => `{ a${index} }\n${'#\n'.repeat(1_000)}`],
  ] as const)('are kept up to so many bytes, however many there are: %s', ([, make]) => {
    const maxBytes = 2 * 1024 * 1024;
    const { documentCache } = createDocumentCaches(maxBytes);
    for (let index = 0; index < 40; index += 1) {
      const text = make(index);
      // A parsed document of its own, as large as its text makes it.
      documentCache.set(text, parse(text));
      expect(documentCache.calculatedSize).toBeLessThanOrEqual(maxBytes);
    }
    expect(documentCache.size).toBeGreaterThan(0);
    expect(documentCache.size).toBeLessThan(10);
  });

  it('do not fill the heap of a gateway: 1,100 of 250 kB, whether or not they can be parsed', async () => {
    const gateway = createGateway({ definitions, sources: [], requestTimeoutMs: 1_000 });
    const send = async (query: string) => {
      const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
      const init = { method: 'POST', headers, body: JSON.stringify({ query }) };
      return (await gateway.fetch('http://localhost/graphql', init)).status;
    };
    expect([await send(large(-1)), await send(large(-1).slice(2))]).toEqual([200, 400]);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 1_100; index += 1) await send(index % 2 ? large(index) : large(index).slice(2));
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * MAX_DOCUMENTS_BYTES);
    await gateway.dispose();
  });
});
