/** The text of an answer, decompressed if it is compressed: some proxies do so although nobody asked. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** More than one is legal and unheard of. */
const MAX_ENCODINGS = 2;

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECOMPRESS: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
  // Some servers leave out the two bytes that belong before it, of which the first ends in 8.
  deflate: (bytes, options) => promisify(((bytes[0] ?? 8) & 0x0f) === 8 ? inflate : inflateRaw)(bytes, options),
};

/** The body came whole, and cannot be decompressed. */
export class UnreadableBodyError extends Error {
  constructor(cause?: unknown) {
    super('The body could not be decompressed', { cause });
    this.name = 'UnreadableBodyError';
  }
}

/** Throws {@link UnreadableBodyError}, what undici throws, and `ERR_BUFFER_TOO_LARGE` for more than `maxBytes` of text. */
export async function readText(
  { body, headers }: Pick<Dispatcher.ResponseData, 'body' | 'headers'>,
  maxBytes: number,
): Promise<string> {
  const encodings = encodingsOf(headers['content-encoding']);
  if (encodings.length === 0) return body.text();
  let bytes: Buffer = Buffer.from(await body.arrayBuffer());
  if (encodings.length > MAX_ENCODINGS) throw new UnreadableBodyError();
  for (const encoding of encodings.toReversed()) {
    const decompress = DECOMPRESS[encoding];
    if (!decompress) throw new UnreadableBodyError();
    bytes = await decompress(bytes, { maxOutputLength: maxBytes }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ERR_BUFFER_TOO_LARGE' ? error : new UnreadableBodyError(error);
    });
  }
  return bytes.toString('utf8');
}

function encodingsOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  const names = String(header)
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}
