/**
 * Writes every event there is as a line of JSON each, newest first, and says on the way how far it is:
 * `node schema/examples/export.ts http://127.0.0.1:4000/graphql > events.ndjson`. With `--from` it ends at that moment;
 * `GATEWAY_API_KEY` is what it shows to a gateway that wants to know who asks.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ExportPageDocument, type ExportPageQuery } from '../generated/graphql.ts';
import { request } from './request.ts';

type Page = NonNullable<ExportPageQuery['flagEvents']>;

const MOST_EMPTY_PAGES = 5;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { from: { type: 'string' } } });
const [url = 'http://127.0.0.1:4000/graphql'] = positionals;

await pipeline(Readable.from(toLines(readPages())), process.stdout, { end: false });

/** To the end. A source that fails is asked again: its events come on a later page of the same walk. */
async function* readPages(): AsyncGenerator<Page> {
  let after: string | null = null;
  let emptyPages = 0;
  for (;;) {
    const page: Page = await readPage(after);
    yield page;
    if (!page.pageInfo.hasNextPage) return;
    const failed = page.sources.find(({ status }) => status === 'FAILED');
    emptyPages = page.edges.length === 0 ? emptyPages + 1 : 0;
    if (failed && emptyPages > MOST_EMPTY_PAGES) throw new Error(`${failed.source.name}: ${failed.failure?.message}`);
    if (failed && emptyPages > 0) await wait((failed.failure?.retryAfterSeconds ?? emptyPages) * 1000);
    after = page.pageInfo.endCursor;
  }
}

async function readPage(after: string | null): Promise<Page> {
  const { GATEWAY_API_KEY: key } = process.env;
  const filter = values.from === undefined ? null : { from: values.from };
  const { data, errors } = await request(url, ExportPageDocument, { after, filter }, key ? { 'x-api-key': key } : {});
  if (!data?.flagEvents) throw new Error(errors?.[0]?.message ?? 'The gateway gave no page.');
  return data.flagEvents;
}

async function* toLines(pages: AsyncIterable<Page>): AsyncGenerator<string> {
  let count = 0;
  for await (const { edges, sources } of pages) {
    count += edges.length;
    const failed = sources.filter(({ status }) => status === 'FAILED').map(({ source }) => source.name);
    const notice = failed.length > 0 ? `, waiting for ${failed.join(', ')}` : '';
    const place = edges.at(-1)?.node.occurredAt;
    process.stderr.write(`\r\u001b[K${count} events${place === undefined ? '' : `, back to ${place}`}${notice}`);
    for (const { node } of edges) yield `${JSON.stringify(node)}\n`;
  }
  process.stderr.write('\n');
}
