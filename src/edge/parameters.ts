/** The parameters of a GraphQL request, as clients send them: in the query string, as JSON or as a form. */
import type { IncomingMessage } from 'node:http';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { collect, readBody } from './body.ts';
import type { ReadableHeaders } from './headers.ts';
import { refuse } from './refusal.ts';

/** Replaces the parsers of Yoga, which quote the body in their errors and know no document ids. */
export function useParameters(): Plugin<GatewayContext> {
  return {
    onRequestParse({ request, serverContext, setRequestParser, url }) {
      if (request.method === 'GET') return setRequestParser(async () => normalize(fromSearch(url.searchParams)));
      if (request.method !== 'POST') return;
      const parse = PARSERS[mediaTypeOf(request.headers)];
      if (!parse) {
        const message = 'The body has to be JSON: `content-type: application/json`.';
        throw refuse({ code: 'UNSUPPORTED_MEDIA_TYPE', message, status: 415 });
      }
      const { req } = serverContext as { req?: IncomingMessage };
      const read = async () => (req ? collect(req) : Buffer.from(await request.arrayBuffer()));
      setRequestParser(async () => normalize(parse(await readBody(request.headers, read))));
    },
  };
}

/** By media type, of a body. */
const PARSERS: Readonly<Record<string, (body: string) => unknown>> = {
  'application/json': parseJson,
  'application/graphql+json': parseJson,
  'application/graphql': (body) => ({ query: body }),
  'application/x-www-form-urlencoded': (body) => fromSearch(new URLSearchParams(body)),
};

/** What is sent, in lower case and without parameters. */
export function mediaTypeOf(headers: ReadableHeaders): string {
  return headers.get('content-type')?.split(/[;,]/)[0]?.trim().toLowerCase() ?? '';
}

const NAMES = ['query', 'operationName', 'documentId', 'doc_id'] as const;
const JSON_NAMES = ['variables', 'extensions'] as const;

/** Empty parameters are as if they were left out. */
function fromSearch(search: URLSearchParams): Record<string, unknown> {
  const texts = NAMES.map((name) => [name, search.get(name) || undefined]);
  const values = JSON_NAMES.map((name) => [name, parseJson(search.get(name) || 'null') ?? undefined]);
  return Object.fromEntries([...texts, ...values]);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse({ code: 'BAD_REQUEST', message: 'The request holds invalid JSON.', status: 400 });
  }
}

/** What Yoga checks and executes, in which the id of a document is where Apollo's clients put it. */
export function normalize(parsed: unknown): GraphQLParams {
  // A batch is refused by Yoga.
  if (Array.isArray(parsed)) return parsed as unknown as GraphQLParams;
  if (typeof parsed !== 'object' || parsed === null) {
    throw refuse({ code: 'BAD_REQUEST', message: 'The request has to be a JSON object.', status: 400 });
  }
  const { doc_id: relayId, documentId = relayId, ...params } = parsed as Record<string, unknown>;
  if (params.operationName === '') delete params.operationName;
  if (documentId === undefined || documentId === null) return params as GraphQLParams;
  if (typeof documentId !== 'string') {
    throw refuse({ code: 'BAD_REQUEST', message: 'The id of a document has to be a text.', status: 400 });
  }
  const persistedQuery = { version: 1, sha256Hash: documentId };
  return { ...params, extensions: { ...(params.extensions as object | null), persistedQuery } } as GraphQLParams;
}
