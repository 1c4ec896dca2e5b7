/** Authentication: an API key or a signed token, either of which is enough. */
import { errors, jwtVerify } from 'jose';
import type { ProxySettings } from '../http/proxy.ts';
import type { Caller } from '../request/caller.ts';
import { createSecretCheck } from '../secrets.ts';
import { type AccessRule, type AccessRules, createAccess } from './access.ts';
import { bearerOf } from './credentials.ts';
import type { ReadableHeaders } from './headers.ts';
import { createIssuerKeys, createKeyFetch } from './issuer-keys.ts';

export interface AuthenticationOptions {
  apiKeys: readonly string[];
  jwt: JwtOptions | null;
  /** Who sees what. @default everybody sees everything */
  access?: readonly AccessRule[] | undefined;
  /** For the request that fetches the issuer's keys. @default no proxy */
  proxy?: ProxySettings | undefined;
}

export interface JwtOptions {
  issuer: string;
  audience: string;
  /** Where the issuer publishes its public keys. */
  jwksUrl: URL;
}

/**
 * `null` if the credentials are missing or wrong. If the issuer has to be
 * asked for its keys, `beforeFetch` comes first, and what it throws is thrown. Throws `KeysUnavailableError` if a token
 * cannot be checked.
 */
export type Authenticator = (headers: ReadableHeaders, beforeFetch?: () => Promise<void>) => Promise<Caller | null>;

/** Whether everybody is accepted. */
export function isOpen({
  access = [],
  apiKeys,
  jwt,
}: Pick<AuthenticationOptions, 'access' | 'apiKeys' | 'jwt'>): boolean {
  return apiKeys.length === 0 && jwt === null && access.length === 0;
}

/** `null` if neither is configured. */
export function createAuthenticator(options: AuthenticationOptions): Authenticator | null {
  if (isOpen(options)) return null;
  const { apiKeys, jwt, proxy } = options;
  const access = createAccess(options.access ?? []);
  const callerOfKey = createKeyCheck([...new Set([...apiKeys, ...(access?.keys ?? [])])], access);
  const callerOfToken = jwt && createTokenCheck(jwt, proxy, access);
  return async (headers, beforeFetch = async () => {}) => {
    const bearer = bearerOf(headers);
    const key = headers.get('x-api-key');
    return (
      (key === null ? null : callerOfKey(key)) ??
      (bearer === undefined ? null : (callerOfKey(bearer) ?? (await callerOfToken?.(bearer, beforeFetch)) ?? null))
    );
  };
}

function createKeyCheck(keys: readonly string[], access: AccessRules | null): (given: string) => Caller | null {
  const indexOf = createSecretCheck(keys);
  const callers = keys.map(
    (key, index): Caller => ({ name: `key ${index}`, ...(access && { scope: access.scopeOfKey(key) }) }),
  );
  return (given) => callers[indexOf(given)] ?? null;
}

/** No algorithm with a shared secret: a public key would be accepted as one, and everybody knows it. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_S = 5;

function createTokenCheck(
  { audience, issuer, jwksUrl }: JwtOptions,
  proxy: AuthenticationOptions['proxy'],
  access: AccessRules | null,
): (token: string, beforeFetch: () => Promise<void>) => Promise<Caller | null> {
  const keys = createIssuerKeys(createKeyFetch(jwksUrl, proxy));
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub'],
  };
  return async (token, beforeFetch) => {
    try {
      const { payload } = await jwtVerify(token, keys(beforeFetch), options);
      // A claim is what the issuer has put there: it may be empty, or no text at all.
      const { exp = 0, sub } = payload;
      if (typeof sub !== 'string' || sub.trim() === '') return null;
      const scope = access && { scope: access.scopeOfToken(payload) };
      return { name: `subject ${sub}`, expiresAt: (exp + CLOCK_TOLERANCE_S) * 1000, ...scope };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}
