/**
 * Against other people's web pages. Where nobody has to authenticate, being able to reach the gateway is what admits, and
 * a page in a browser on this machine or in this network can reach it too. (With authentication the credentials are
 * headers of their own, which a browser sends to another site only once that site has agreed.)
 */
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { refuse } from './refusal.ts';

/** Any of these makes a browser ask first, and so do content types other than {@link SIMPLE_TYPES}. */
const PREFLIGHT_HEADERS = [
  'apollo-require-preflight',
  'graphql-require-preflight',
  'x-apollo-operation-name',
  'x-graphql-yoga-csrf',
];
const SIMPLE_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Refuses what a browser would send to another site without asking: a bare GET, and a POST from a form. */
export function useCrossSitePrevention(): Plugin<GatewayContext> {
  return {
    onRequestParse({ request: { headers, method } }) {
      if (method !== 'GET' && method !== 'POST') return;
      const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
      const isSimple = type === '' || SIMPLE_TYPES.includes(type);
      if (!isSimple || PREFLIGHT_HEADERS.some((name) => headers.has(name))) return;
      const message =
        'A GET or a form needs the header `graphql-require-preflight: 1`, so that no other web page can send it.';
      throw refuse({ code: 'FORBIDDEN', message, status: 403 });
    },
  };
}

/**
 * For a gateway that listens on loopback alone. A page whose own host name is made to point at this machine (DNS rebinding)
 * is on the same site as far as the browser can tell; its requests name that host.
 */
export function useLoopbackHost(): Plugin<GatewayContext> {
  return {
    onRequestParse({ request: { headers } }) {
      if (LOOPBACK.test(headers.get('host') ?? 'localhost')) return;
      const message = 'Without authentication the gateway answers to `localhost` and the addresses of loopback only.';
      throw refuse({ code: 'FORBIDDEN', message, status: 403 });
    },
  };
}
