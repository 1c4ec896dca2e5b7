import { exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import { createIssuerKeys, KeysUnavailableError } from '../../src/edge/issuer-keys.ts';

const pair = await generateKeyPair('ES256', { extractable: true });
const KEYS: JSONWebKeySet = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'known', alg: 'ES256' }] };
const SECOND = 1_000;

/** An issuer that answers as it is told, and a clock that stands still. */
function createIssuer() {
  const state = { isDown: false, fetches: 0, counted: 0, now: 0 };
  const keys = createIssuerKeys(
    async () => {
      state.fetches += 1;
      if (state.isDown) throw new Error('down');
      return KEYS;
    },
    () => state.now,
  );
  const find = keys(async () => {
    state.counted += 1;
  });
  return { state, find: async (kid: string) => find({ alg: 'ES256', kid }, { payload: '', signature: '' }) };
}

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens, and again after ten minutes', async () => {
    const { find, state } = createIssuer();
    await Promise.all([find('known'), find('known'), find('known')]);
    state.now = 599 * SECOND;
    await find('known');
    expect(state.fetches).toBe(1);
    state.now = 601 * SECOND;
    await find('known');
    expect(state.fetches).toBe(2);
  });

  it('are fetched again for a key that nobody knows, once in thirty seconds', async () => {
    const { find, state } = createIssuer();
    await find('known');
    for (const at of [1, 29, 31, 32]) {
      state.now = at * SECOND;
      await expect(find('unknown')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    }
    expect(state.fetches).toBe(2);
  });

  it('are not asked for while the issuer is known to be down, and found as soon as it is back', async () => {
    const { find, state } = createIssuer();
    state.isDown = true;
    for (const at of [0, 1, 4, 6, 10]) {
      state.now = at * SECOND;
      await expect(find('known')).rejects.toThrow(KeysUnavailableError);
    }
    expect(state.fetches).toBe(2);
    state.isDown = false;
    state.now = 12 * SECOND;
    await find('known');
    expect(state.fetches).toBe(3);
  });

  it('are looked for without counting anybody, unless the issuer has to be asked', async () => {
    const { find, state } = createIssuer();
    await find('known');
    await find('known');
    expect(state.counted).toBe(1);
    state.isDown = true;
    state.now = 601 * SECOND;
    for (const _time of [1, 2, 3]) await expect(find('known')).rejects.toThrow(KeysUnavailableError);
    expect([state.counted, state.fetches]).toEqual([4, 2]);
  });

  it('are not fetched for a caller that has had its share', async () => {
    let fetches = 0;
    const keys = createIssuerKeys(async () => {
      fetches += 1;
      return KEYS;
    });
    const find = keys(() => Promise.reject(new Error('too many')));
    const looked = Promise.resolve(find({ alg: 'ES256', kid: 'known' }, { payload: '', signature: '' }));
    await expect(looked).rejects.toThrow('too many');
    expect(fetches).toBe(0);
  });
});
