/** Rules that say who sees what, and the scope they give to a caller. */
import { createScope, type Grant, type Pattern, type Scope } from '../timeline/scope.ts';

export interface AccessRule {
  /** For whoever sends this key, or a token with this claim. */
  caller: { apiKey: string } | { claim: Claim };
  patterns: readonly Pattern[];
  personalData: boolean;
}

export interface Claim {
  name: string;
  value: string;
}

export interface AccessRules {
  /** The keys that the rules name, which admit by themselves. */
  readonly keys: readonly string[];
  scopeOfKey(key: string): Scope;
  scopeOfToken(claims: Readonly<Record<string, unknown>>): Scope;
}

/** `null` without rules: then everybody who is admitted sees everything. */
export function createAccess(rules: readonly AccessRule[]): AccessRules | null {
  if (rules.length === 0) return null;
  const scopes = new Map<string, Scope>();

  /** The same scope for the same rules: what it has worked out is worked out once. */
  function scopeOf(matches: (caller: AccessRule['caller']) => boolean): Scope {
    const own = rules.flatMap((rule, index) => (matches(rule.caller) ? index : []));
    const name = own.join(' ');
    const scope = scopes.get(name) ?? createScope(own.flatMap((index) => grantsOf(rules[index])));
    if (scopes.size < MAX_SCOPES) scopes.set(name, scope);
    return scope;
  }

  return {
    keys: [...new Set(rules.flatMap(({ caller }) => ('apiKey' in caller ? caller.apiKey : [])))],
    // The key is one of the gateway's own: it was compared, in constant time, when its caller was admitted.
    scopeOfKey: (key) => scopeOf((caller) => 'apiKey' in caller && caller.apiKey === key),
    scopeOfToken: (claims) => scopeOf((caller) => 'claim' in caller && holds(claims, caller.claim)),
  };
}

/** Of rules, as callers match them together. */
const MAX_SCOPES = 1_000;

function grantsOf(rule: AccessRule | undefined): Grant[] {
  return rule?.patterns.map((pattern) => ({ pattern, personalData: rule.personalData })) ?? [];
}

/** Claims whose text is a list of words. @see https://www.rfc-editor.org/rfc/rfc8693#section-4.2 */
const LISTS_OF_WORDS: ReadonlySet<string> = new Set(['scope', 'scp']);

/** Only the issuer's own claim counts, letter for letter: a text, one of a list, or a word of a token's `scope`. */
function holds(claims: Readonly<Record<string, unknown>>, { name, value }: Claim): boolean {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (Array.isArray(claim)) return claim.includes(value);
  if (typeof claim !== 'string') return false;
  return claim === value || (LISTS_OF_WORDS.has(name) && claim.split(' ').includes(value));
}
