/** The public keys of a token issuer. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { createProxiedFetch, type ProxySettings } from '../http/proxy.ts';

/** The issuer's keys could not be fetched. */
export class KeysUnavailableError extends Error {
  constructor(cause: unknown) {
    super('The keys to verify tokens with cannot be fetched.', { cause });
    this.name = 'KeysUnavailableError';
  }
}

/**
 * Finds the key of a token. If the issuer has to be asked, `beforeFetch` comes first, and what it throws is thrown. Throws
 * {@link KeysUnavailableError} if the issuer does not answer.
 */
export type IssuerKeys = (beforeFetch: () => Promise<void>) => JWTVerifyGetKey;

const KEPT_MS = 600_000;
/** A token that names an unknown key does not make the gateway ask again before this is over. */
const ASKED_AGAIN_MS = 30_000;
/** While the issuer does not answer it is asked once in this time; all other tokens fail at once. */
const OUTAGE_MS = 5_000;

export function createIssuerKeys(fetchKeys: () => Promise<JSONWebKeySet>, now: () => number = Date.now): IssuerKeys {
  let known: { find: ReturnType<typeof createLocalJWKSet>; at: number } | null = null;
  let outage: { error: KeysUnavailableError; at: number } | null = null;
  let fetching: Promise<ReturnType<typeof createLocalJWKSet>> | null = null;
  const isWithin = (ms: number, since: { at: number } | null) => since !== null && now() - since.at < ms;

  async function load() {
    try {
      known = { find: createLocalJWKSet(await fetchKeys()), at: now() };
      return known.find;
    } catch (cause) {
      outage = { error: new KeysUnavailableError(cause), at: now() };
      throw outage.error;
    } finally {
      fetching = null;
    }
  }

  return (beforeFetch) => async (header, token) => {
    if (known && isWithin(KEPT_MS, known)) {
      try {
        return await known.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || isWithin(ASKED_AGAIN_MS, known)) throw error;
      }
    }
    await beforeFetch();
    if (outage && isWithin(OUTAGE_MS, outage)) throw outage.error;
    fetching ??= load();
    return (await fetching)(header, token);
  };
}

const FETCH_TIMEOUT_MS = 5_000;

/** Asks the address where the issuer publishes its keys. */
export function createKeyFetch(url: URL, proxy: ProxySettings = {}): () => Promise<JSONWebKeySet> {
  const fetch = createProxiedFetch(proxy);
  const headers = { accept: 'application/json, application/jwk-set+json' };
  return async () => {
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (response.status !== 200) throw new Error(`The issuer answered with status ${response.status}.`);
    return (await response.json()) as JSONWebKeySet;
  };
}
