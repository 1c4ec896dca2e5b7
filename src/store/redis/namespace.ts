/** What every key in Redis begins with. */
import { hash } from 'node:crypto';

/** Raised with every change to what is kept or told. */
const FORMAT = 1;

/**
 * Only replicas of one version whose sources are configured alike share anything, so that no account meets another's data, and no
 * version data that it cannot read.
 */
export function namespaceOf({ settings, version }: { settings: readonly unknown[]; version: string }): string {
  return `flag-events-gateway:${FORMAT}:${hashed(JSON.stringify([version, settings]))}`;
}

/** Keys say nothing of what is hashed. */
export function hashed(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 32);
}
