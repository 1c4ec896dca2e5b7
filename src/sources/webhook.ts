/** A vendor's webhooks, which say that there may be something new. What they say is never believed: the log is read. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { secret } from './settings.ts';

export interface Webhook {
  /** Whether the sender knows one of the secrets. Takes the same time whatever is wrong. */
  isGenuine(headers: IncomingHttpHeaders, body: Buffer): boolean;
  /** Where there may be something new, as far as the body says; empty: anywhere in the source. */
  hintsIn(body: unknown): Hint[];
}

/** Keys, as the vendor's log has them. */
export interface Hint {
  project: string;
  environment?: string;
}

const MIN_LENGTH = 16;

export const webhookSecrets = z
  .array(secret.min(MIN_LENGTH, `must be secrets of at least ${MIN_LENGTH} characters`), 'must be a list of secrets')
  .min(1, 'must hold at least one secret, or be left out')
  .optional();

/** A key that a vendor may have given; anything else in a body is passed over. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-]{1,200}$/.test(value);
}
