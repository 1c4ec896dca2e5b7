/** Credentials in the headers of a request, and how they are compared. */
import { createHash } from 'node:crypto';
import type { ReadableHeaders } from './headers.ts';

/** The token of `authorization: Bearer …`. */
export function bearerOf(headers: ReadableHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}

/** What `timingSafeEqual` takes: of one length, whatever the secret's is. */
export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
