/** The trusted documents: the operations that can be requested by their hash, as GraphQL Code Generator wrote them. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** `on`: requests may send the hash of a trusted document. `only`: they may send nothing else. */
export const TRUSTED_DOCUMENTS = ['off', 'on', 'only'] as const;

export type TrustedDocumentsMode = (typeof TRUSTED_DOCUMENTS)[number];

/** Documents by their SHA-256, in hexadecimal. */
export type TrustedDocuments = ReadonlyMap<string, string>;

const MANIFEST = new URL('../../schema/generated/persisted-documents.json', import.meta.url);

const manifest = z.record(z.string(), z.string());

/** Empty if there is no such file. Throws if the file holds something else. */
export function readTrustedDocuments(file: URL = MANIFEST): TrustedDocuments {
  if (!existsSync(file)) return new Map();
  const entries = Object.entries(manifest.parse(JSON.parse(readFileSync(file, 'utf8'))));
  return new Map(entries.map(([hash, document]) => [toPlainHash(hash), document]));
}

/** The client preset puts the algorithm before the hash; Apollo's and Relay's clients do not. */
export function toPlainHash(hash: string): string {
  return hash.replace(/^sha256:/, '').toLowerCase();
}
