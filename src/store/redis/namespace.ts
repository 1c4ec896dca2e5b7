/** What things are called in Redis. */
import { hash } from 'node:crypto';

/** Raised with every change to what is kept or told. */
const FORMAT = 1;

export interface Namespace {
  /** What every key and channel begins with. */
  readonly prefix: string;
  /** A key that does not say what it is for: names may be personal. */
  keyOf(kind: 'lease' | 'page' | 'calls', name: string): string;
}

/**
 * Only replicas of one version that are configured alike share anything, so that no account meets another's data, no caller is
 * taken for another's, and no version reads what it does not know.
 */
export function createNamespace({ settings, version }: { settings: unknown; version: string }): Namespace {
  const all = JSON.stringify([version, settings]);
  const prefix = `flag-events-gateway:${FORMAT}:${digest(`names ${all}`)}`;
  // There are secrets in the settings: nobody who does not know them can try which name is behind a key.
  const salt = digest(`keys ${all}`);
  return { prefix, keyOf: (kind, name) => `${prefix}:${kind}:${digest(`${salt} ${name}`)}` };
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 32);
}
