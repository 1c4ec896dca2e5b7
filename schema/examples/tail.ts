/**
 * Follows the timeline: writes each new event as a line of JSON, the oldest first, and again when its impact is known:
 * `node schema/examples/tail.ts http://127.0.0.1:4000/graphql --cursor tail.cursor >> events.ndjson`. The file holds the
 * place to go on from, after an interruption of any length. Without it, it begins now. Ends on SIGINT and SIGTERM. If it is
 * killed between the two writes, the last batch is written once more. `GATEWAY_API_KEY` is sent to a gateway that needs one.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { print } from 'graphql';
import { createClient, type ExecutionResult } from 'graphql-sse';
import { NewEventsDocument, type NewEventsSubscription } from '../generated/graphql.ts';

type Batch = NewEventsSubscription['flagEventsAdded'];

const LONGEST_PAUSE_MS = 30_000;
/** The gateway ended the subscription, or is not there at the moment. Any other error would come again. */
const PASSING = new Set(['SUBSCRIPTION_ENDED', 'RATE_LIMITED', 'AUTHENTICATION_UNAVAILABLE']);

class RefusedError extends Error {}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { cursor: { type: 'string' } } });
const [url = 'http://127.0.0.1:4000/graphql'] = positionals;
const { GATEWAY_API_KEY: key } = process.env;
const client = createClient({ url, headers: key ? { 'x-api-key': key } : {}, retryAttempts: 0 });
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

let since = values.cursor === undefined ? null : await readCursor(values.cursor);
let count = 0;
for (let failures = 0; !stopping.signal.aborted; ) {
  try {
    for await (const batch of readBatches()) {
      failures = 0;
      await write(batch);
    }
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    failures += 1;
    tell(`the connection was lost, trying again (${failures})`);
  }
  const pause = Math.min(1_000 * 2 ** failures, LONGEST_PAUSE_MS) * Math.random();
  await wait(pause, undefined, { signal: stopping.signal }).catch(() => {});
}
process.stderr.write('\n');
client.dispose();

/** From the last cursor on, until the connection or the subscription ends. */
async function* readBatches(): AsyncGenerator<Batch> {
  const answers = client.iterate<NewEventsSubscription>({ query: print(NewEventsDocument), variables: { since } });
  stopping.signal.addEventListener('abort', () => void answers.return?.());
  for await (const { data, errors } of answers as AsyncIterable<ExecutionResult<NewEventsSubscription>>) {
    const [error] = errors ?? [];
    if (error && !PASSING.has(String(error.extensions?.code))) throw new RefusedError(error.message);
    if (!data) return;
    yield data.flagEventsAdded;
  }
}

async function write({ cursor, isCaughtUp, nodes, sources, updated }: Batch): Promise<void> {
  const events = [...updated, ...nodes.toReversed()];
  await new Promise((resolve) =>
    process.stdout.write(events.map((each) => `${JSON.stringify(each)}\n`).join(''), resolve),
  );
  since = cursor;
  if (values.cursor !== undefined) await keepCursor(values.cursor, cursor);
  count += nodes.length;
  const failed = sources.filter(({ status }) => status === 'FAILED').map(({ source }) => source.name);
  const place = nodes[0]?.occurredAt;
  const notices = [
    place && `up to ${place}`,
    !isCaughtUp && 'catching up',
    failed.length > 0 && `without ${failed.join(', ')}`,
  ];
  tell([`${count} events`, ...notices].filter(Boolean).join(', '));
}

function tell(text: string): void {
  process.stderr.write(`\r\u001b[K${text}`);
}

async function readCursor(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A reader of the file never finds half of a cursor. */
async function keepCursor(file: string, cursor: string): Promise<void> {
  await writeFile(`${file}.new`, `${cursor}\n`);
  await rename(`${file}.new`, file);
}
