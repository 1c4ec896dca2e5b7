/** The last answer on a connection: the client is still sending a body that nobody will read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** For how long, and how much of it, the rest of a body is received and dropped. */
const LONGEST_MS = 1_000;
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Sends the whole answer, and closes the connection once the client has sent everything or has had some time to read:
 * a connection that is closed while data arrives is reset, and the client loses the answer.
 */
export async function sendAndClose(
  answer: Response,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    ...Object.fromEntries(answer.headers),
    'content-length': body.length,
    connection: 'close',
  });
  response.write(body);
  await receiveRest(request);
  response.end();
}

async function receiveRest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  using stack = new DisposableStack();
  const ended = Promise.withResolvers<void>();
  let received = 0;
  const drop = (chunk: Buffer) => {
    received += chunk.length;
    if (received > MOST_BYTES) ended.resolve();
  };
  request
    .on('data', drop)
    .once('end', ended.resolve)
    .once('close', ended.resolve)
    .once('error', ended.resolve)
    .resume();
  const leaving = new AbortController();
  stack.defer(() => leaving.abort());
  await Promise.race([ended.promise, wait(LONGEST_MS, undefined, { signal: leaving.signal }).catch(() => {})]);
  request.off('data', drop);
}
