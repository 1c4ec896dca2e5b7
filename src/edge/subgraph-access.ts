/** Restricts `_service` and `_entities` to the router of the supergraph, if a shared secret is configured. */
import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { createSecretCheck } from '../secrets.ts';
import { bearerOf } from './credentials.ts';
import type { ReadableHeaders } from './headers.ts';
import { refuse } from './refusal.ts';
import { fragmentsOf } from './selections.ts';

const ROUTER_FIELDS = new Set(['_service', '_entities']);
const SCHEMA_FIELDS = new Set(['_service']);

export interface SubgraphAccess {
  secret: string | undefined;
  /** Whether every client may see the schema. */
  introspection: boolean;
}

/**
 * The router sends the secret as `x-subgraph-secret` or as `authorization: Bearer`. Without it, an operation that selects
 * one of these fields is refused before it is executed. If no secret is configured, every client may select them, but for
 * `_service` where introspection is off: its `sdl` is the whole schema.
 */
export function useSubgraphAccess({ introspection, secret }: SubgraphAccess): Plugin<GatewayContext> {
  if (secret === undefined && introspection) return {};
  const kept = secret === undefined ? SCHEMA_FIELDS : ROUTER_FIELDS;
  return {
    onExecute({ args }) {
      const { request } = args.contextValue as unknown as { request: Request };
      if (!selects(kept, args.document, args.operationName)) return;
      if (secret !== undefined && carriesSecret(request.headers, secret)) return;
      const message =
        secret === undefined
          ? 'Introspection is off, and `_service` would tell the whole schema.'
          : 'Only the router of the supergraph may select `_service` and `_entities`.';
      throw refuse({ code: 'FORBIDDEN', message, status: 403 });
    },
  };
}

function selects(
  names: ReadonlySet<string>,
  document: DocumentNode,
  operationName: string | null | undefined,
): boolean {
  const fragments = fragmentsOf(document);
  const has = ({ selections }: SelectionSetNode): boolean =>
    selections.some((node) => {
      if (node.kind === Kind.FIELD) return names.has(node.name.value);
      if (node.kind === Kind.INLINE_FRAGMENT) return has(node.selectionSet);
      const fragment = fragments.get(node.name.value);
      // Visited once: fragments that each spread the next one twice would otherwise take exponential time.
      fragments.delete(node.name.value);
      return fragment !== undefined && has(fragment.selectionSet);
    });
  const operation = getOperationAST(document, operationName);
  return operation ? has(operation.selectionSet) : false;
}

/** Whether a request carries the secret. */
export function carriesSecret(headers: ReadableHeaders, secret: string): boolean {
  const indexOf = createSecretCheck([secret]);
  // Both are always compared, so that the duration reveals nothing.
  return [headers.get('x-subgraph-secret'), bearerOf(headers)].map((given) => indexOf(given ?? '')).includes(0);
}
