/** An issuer of tokens, as an identity provider is. */
import { createServer } from 'node:http';
import { exportJWK, type generateKeyPair, type JWTPayload } from 'jose';
import { listen } from './gateway.ts';

export const ISSUER = 'https://issuer.example.com/';
export const AUDIENCE = 'flag-events';

export type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** Publishes public keys as an identity provider does. */
export async function startKeyServer(pairs: Readonly<Record<string, [alg: string, pair: KeyPair]>>) {
  const entries = Object.entries(pairs);
  const keys = await Promise.all(
    entries.map(async ([kid, [alg, { publicKey }]]) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
  );
  const state = { status: 200, requests: 0 };
  const server = createServer((_request, response) => {
    state.requests += 1;
    response.writeHead(state.status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
  });
  const url = `${await listen(server)}/jwks.json`;
  return {
    url,
    state,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export function jwtSettings(url: string) {
  return { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URL: url };
}

/** The claims of a good token, but for what is given. */
export function claims(other: Record<string, unknown> = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'canary-subject', iat: now, exp: now + 300, ...other };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
