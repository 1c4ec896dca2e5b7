/**
 * Protection against cross-site request forgery (CSRF). Where nobody has to authenticate, everybody who can reach the
 * gateway is accepted, and a web page in a browser on this machine or in this network can reach it too. (With
 * authentication the credentials are custom headers, which a browser sends to another origin only after a preflight.)
 */
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { refuse } from './refusal.ts';

/** Each of these makes a browser send a preflight, and so do content types other than {@link SIMPLE_TYPES}. */
const PREFLIGHT_HEADERS = [
  'apollo-require-preflight',
  'graphql-require-preflight',
  'x-apollo-operation-name',
  'x-graphql-yoga-csrf',
];
const SIMPLE_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/**
 * Refuses what a browser would send to another origin without a preflight: a plain GET, and a POST from a form. An
 * `EventSource` can send nothing but a plain GET: it may, from the gateway's own pages and from origins that are allowed.
 */
export function useCsrfPrevention({ corsOrigins }: { corsOrigins: readonly string[] }): Plugin<GatewayContext> {
  return {
    onRequestParse({ request: { headers, method } }) {
      if (method !== 'GET' && method !== 'POST') return;
      const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
      const isSimple = type === '' || SIMPLE_TYPES.includes(type);
      if (!isSimple || PREFLIGHT_HEADERS.some((name) => headers.has(name))) return;
      // No page can set these two: the browser says by them where the request comes from.
      const isOwn = headers.get('sec-fetch-site') === 'same-origin';
      if (method === 'GET' && (isOwn || corsOrigins.includes(headers.get('origin') ?? ''))) return;
      const message = 'A GET or a form needs the header `graphql-require-preflight: 1`, as protection against CSRF.';
      throw refuse({ code: 'FORBIDDEN', message, status: 403 });
    },
  };
}
