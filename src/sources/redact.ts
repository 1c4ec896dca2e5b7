/** What a vendor stored, without what nobody may see. */
import { type Json, MAX_DEPTH } from './decode.ts';

export const REDACTED = '[REDACTED]';

export interface RedactionRules {
  /** Whether the value of this property is taken out, whatever it is. */
  isSecret(key: string, value: Json): boolean;
  /** What is shown of a text. */
  toText(text: string): string;
}

/** Null in the place of what lies deeper than {@link MAX_DEPTH}. */
export function redactBy(rules: RedactionRules, value: Json, depth = MAX_DEPTH): Json {
  if (typeof value === 'string') return rules.toText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((item) => redactBy(rules, item, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      rules.isSecret(key, part) ? REDACTED : redactBy(rules, part, depth - 1),
    ]),
  );
}

/** A property's name, however it is written: `API-Key`, `api_key` and `apiKey` are one. */
export function plainKey(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}
