/** Parsed documents, kept from one request to the next by what they weigh: a caller may send another one each time. */
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Bytes of all documents that are kept, as {@link weigh} estimates them. */
export const MAX_DOCUMENTS_BYTES = 32 * 1024 * 1024;

/** A token, and its part of the nodes and their places: measured on graphql 16. */
const TOKEN_BYTES = 500;

export interface DocumentCaches {
  documentCache: LRUCache<string, DocumentNode>;
  errorCache: { get(text: string): unknown; set(text: string, error: unknown): void };
}

/** As Yoga takes them. What cannot be parsed is not kept: parsing it again costs less than the memory. */
export function createDocumentCaches(maxBytes = MAX_DOCUMENTS_BYTES): DocumentCaches {
  return {
    documentCache: new LRUCache({ maxSize: maxBytes, sizeCalculation: (document, text) => weigh(text, document) }),
    errorCache: { get: () => undefined, set: () => {} },
  };
}

/** Bytes of a parsed document and its text. Comments are tokens, too. */
function weigh(text: string, { loc }: DocumentNode): number {
  let tokens = 0;
  for (let token = loc?.startToken; token; token = token.next ?? undefined) tokens += 1;
  return 2 * text.length + TOKEN_BYTES * tokens;
}
