/** Credentials in the headers of a request. */
import type { ReadableHeaders } from './headers.ts';

/** The token of `authorization: Bearer …`. */
export function bearerOf(headers: ReadableHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}
