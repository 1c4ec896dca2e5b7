/** Compression of answers, by what the client accepts. Runs outside of the event loop. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';
import type { Plugin } from 'graphql-yoga';
import { addVary } from './headers.ts';
import { readRanges } from './ranges.ts';

export type Encoding = (typeof ENCODINGS)[number];

/** In the order of preference among equals. */
const ENCODINGS = ['zstd', 'br', 'gzip'] as const;

/** Smaller answers fit into one packet either way. */
export const COMPRESSED_FROM_BYTES = 1_400;

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = constants;
const [zstd, br, gz] = [promisify(zstdCompress), promisify(brotliCompress), promisify(gzip)];

/** `isKept`: the result is sent many times, and may take longer. */
export function compress(body: Uint8Array, encoding: Encoding, { isKept = false } = {}): Promise<Uint8Array> {
  switch (encoding) {
    case 'zstd':
      return zstd(body, { params: { [ZSTD_c_compressionLevel]: isKept ? 9 : 3 } });
    case 'br':
      return br(body, { params: { [BROTLI_PARAM_QUALITY]: isKept ? 6 : 4, [BROTLI_PARAM_SIZE_HINT]: body.length } });
    case 'gzip':
      return gz(body);
  }
}

/** `null` if the client wants it as it is, or says nothing. */
export function negotiateEncoding(acceptEncoding: string | null): Encoding | null {
  const ranges = readRanges(acceptEncoding ?? '');
  const qualityOf = (name: string) => ranges.find(({ value }) => value === name)?.quality;
  const others = qualityOf('*') ?? 0;
  const [best] = ENCODINGS.map((encoding) => ({ encoding, quality: qualityOf(encoding) ?? others })).toSorted(
    (one, other) => other.quality - one.quality,
  );
  return best && best.quality > 0 && best.quality >= (qualityOf('identity') ?? 0) ? best.encoding : null;
}

/** Compresses answers of one part. Answers in several parts are sent as they are, so that no part waits for another. */
export function useCompression(): Plugin {
  return {
    async onResponse({ fetchAPI, request, response, setResponse }) {
      const { headers } = response;
      const size = Number(headers.get('content-length') ?? 0);
      if (size < COMPRESSED_FROM_BYTES || headers.has('content-encoding')) return;
      addVary(headers, 'accept-encoding');
      const encoding = negotiateEncoding(request.headers.get('accept-encoding'));
      if (!encoding) return;
      const body = await compress(Buffer.from(await response.text()), encoding);
      headers.set('content-encoding', encoding);
      headers.set('content-length', String(body.length));
      const { status, statusText } = response;
      setResponse(new fetchAPI.Response(body as Uint8Array<ArrayBuffer>, { headers, status, statusText }));
    },
  };
}
