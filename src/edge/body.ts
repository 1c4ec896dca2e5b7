/** The body of a request, read with a limit on its size, compressed or not. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ReadableHeaders } from './headers.ts';
import { refuse } from './refusal.ts';

/** Bytes of a request's body, as it is sent and as it is once it is decompressed. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Throws a refusal if the body is too large, is cut off, or is compressed in a way that is not supported. */
export async function readBody(headers: ReadableHeaders, read: () => Promise<Buffer>): Promise<string> {
  const encoding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (!['identity', 'gzip'].includes(encoding)) throw unsupportedEncoding();
  if (Number(headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const sent = await read();
  if (sent.length > MAX_BODY_BYTES) throw tooLarge();
  return (encoding === 'gzip' ? await decompress(sent) : sent).toString();
}

/**
 * The body, read from the connection itself: the streams of `Request` cost more than all the rest of a small request. No
 * more is read than a body may have.
 */
export function collect(incoming: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const add = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return chunks.push(chunk);
      incoming.off('data', add).pause();
      reject(tooLarge());
    };
    if (incoming.destroyed) return reject(cutOff());
    incoming.on('data', add);
    incoming.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    incoming.once('error', () => reject(cutOff()));
  });
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

async function decompress(sent: Buffer): Promise<Buffer> {
  try {
    return await inflate(sent, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw refuse({ code: 'BAD_REQUEST', message: 'The body cannot be decompressed.', status: 400 });
  }
}

/** Not read to its end, so no other request can follow on this connection. */
function tooLarge() {
  const message = `The body is larger than ${MAX_BODY_BYTES / 1024} kB.`;
  return refuse({ code: 'REQUEST_ENTITY_TOO_LARGE', message, status: 413 });
}

function cutOff() {
  return refuse({ code: 'BAD_REQUEST', message: 'The body is not complete.', status: 400 });
}

function unsupportedEncoding() {
  const message = 'The body has to be sent as it is, or compressed with gzip.';
  const headers = { 'accept-encoding': 'gzip' };
  return refuse({ code: 'UNSUPPORTED_MEDIA_TYPE', message, status: 415, headers });
}
