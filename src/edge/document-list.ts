/** The operations that this gateway knows by their hashes, as GraphQL Code Generator has written them down. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** Whether requests may name one of them by its hash, and whether they may do nothing else. */
export const TRUSTED_DOCUMENTS = ['off', 'on', 'only'] as const;

export type TrustedDocumentsMode = (typeof TRUSTED_DOCUMENTS)[number];

/** Documents by their SHA-256, in hexadecimal. */
export type TrustedDocuments = ReadonlyMap<string, string>;

const MANIFEST = new URL('../../schema/generated/persisted-documents.json', import.meta.url);

const manifest = z.record(z.string(), z.string());

/** None where the file was left out. Throws if it holds something else. */
export function readTrustedDocuments(file: URL = MANIFEST): TrustedDocuments {
  if (!existsSync(file)) return new Map();
  const entries = Object.entries(manifest.parse(JSON.parse(readFileSync(file, 'utf8'))));
  return new Map(entries.map(([hash, document]) => [toPlainHash(hash), document]));
}

/** The client preset writes the algorithm in front; Apollo's and Relay's clients do not. */
export function toPlainHash(hash: string): string {
  return hash.replace(/^sha256:/, '').toLowerCase();
}
