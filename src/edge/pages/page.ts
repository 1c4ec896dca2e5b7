/** A page that is the same for everybody: compressed once, and not sent again to a browser that has it. */
import { createHash } from 'node:crypto';
import { compress, type Encoding, negotiateEncoding } from '../compression.ts';

export interface Page {
  type: string;
  /** Read or rendered when it is asked for the first time. */
  read: () => string | Promise<string>;
  headers?: Readonly<Record<string, string>>;
  /** @default 'no-cache': browsers ask whether theirs is still the same */
  cacheControl?: string;
}

/** The answer to a request for the page. */
export type PageAnswer = (request: Request, FetchResponse: typeof Response) => Promise<Response>;

export function createPage({ cacheControl = 'no-cache', headers = {}, read, type }: Page): PageAnswer {
  const load = once(async () => {
    const body = Buffer.from(await read());
    // Weak: it names the page in every encoding.
    return { body, etag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
  });
  const encoded = new Map<Encoding, Promise<Uint8Array>>();

  function encode(body: Buffer, encoding: Encoding): Promise<Uint8Array> {
    const known = encoded.get(encoding) ?? compress(body, encoding, { isKept: true });
    encoded.set(encoding, known);
    return known;
  }

  return async (request, FetchResponse) => {
    const { body, etag } = await load();
    const kept = { etag, 'cache-control': cacheControl, vary: 'accept, accept-encoding' };
    if (isKnown(request.headers.get('if-none-match'), etag)) {
      return new FetchResponse(null, { status: 304, headers: kept });
    }
    const encoding = negotiateEncoding(request.headers.get('accept-encoding'));
    const sent = encoding ? await encode(body, encoding) : body;
    return new FetchResponse(sent as Uint8Array<ArrayBuffer>, {
      headers: {
        ...headers,
        ...kept,
        'content-type': type,
        'content-length': String(sent.length),
        ...(encoding && { 'content-encoding': encoding }),
      },
    });
  };
}

/** Whether one of the tags is this one, compared as weak ones. */
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim()) ?? [];
  return tags.some((tag) => tag === '*' || tag === etag || `W/${tag}` === etag);
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
