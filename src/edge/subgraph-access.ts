/** Keeps `_service` and `_entities` to the supergraph's gateway, once there is a secret between the two. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { refuse } from './refusal.ts';

const GATEWAY_FIELDS = new Set(['_service', '_entities']);

/**
 * The gateway shows the secret as `x-subgraph-secret` or as `authorization: Bearer`. Without it an operation that asks for
 * what is the gateway's is refused as a whole, before anything of it runs. With no secret configured, anyone may ask.
 */
export function useSubgraphAccess(secret: string | undefined): Plugin<GatewayContext> {
  if (secret === undefined) return {};
  return {
    onExecute({ args }) {
      const { request } = args.contextValue as unknown as { request: Request };
      if (!asksAsGateway(args.document, args.operationName) || shows(request.headers, secret)) return;
      const message = 'Only the gateway of the supergraph may ask for `_service` and `_entities`.';
      throw refuse({ code: 'FORBIDDEN', message, status: 403 });
    },
  };
}

function asksAsGateway(document: DocumentNode, operationName: string | null | undefined): boolean {
  const fragments = new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
  );
  const has = ({ selections }: SelectionSetNode): boolean =>
    selections.some((node) => {
      if (node.kind === Kind.FIELD) return GATEWAY_FIELDS.has(node.name.value);
      if (node.kind === Kind.INLINE_FRAGMENT) return has(node.selectionSet);
      const fragment = fragments.get(node.name.value);
      // Looked at once: fragments that each spread the next one twice would otherwise take forever.
      fragments.delete(node.name.value);
      return fragment !== undefined && has(fragment.selectionSet);
    });
  const operation = getOperationAST(document, operationName);
  return operation ? has(operation.selectionSet) : false;
}

/** Whether a request shows the secret. */
export function shows(headers: Headers, secret: string): boolean {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  // Both are always compared, and hashes are of one length: the time it takes tells nothing.
  const [own, token] = [headers.get('x-subgraph-secret'), bearer].map((shown) => isSame(shown ?? '', secret));
  return own === true || token === true;
}

function isSame(shown: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(shown), hash(secret));
}
