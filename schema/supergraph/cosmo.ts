/** Composition as WunderGraph's Cosmo does it, which its router takes its configuration from. */
import { federateSubgraphsContract, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import { parse } from 'graphql';
import type { Subgraph } from './compose.ts';

/** What clients of the composed graph see, as `Type.field`; or what does not fit. */
export type CosmoComposition = { fields: string[] } | { errors: string[] };

/** A contract: the graph without what has one of the tags in `without`. */
export function composeWithCosmo(subgraphs: readonly Subgraph[], without: readonly string[] = []): CosmoComposition {
  const result = federateSubgraphsContract({
    subgraphs: subgraphs.map(({ name, sdl, url }) => ({ name, url, definitions: parse(sdl) })),
    contractTagOptions: { tagNamesToExclude: new Set(without), tagNamesToInclude: new Set() },
    version: ROUTER_COMPATIBILITY_VERSION_ONE,
  });
  if (!result.success) return { errors: result.errors.map(({ message }) => message) };
  // By their methods: the schema is one of the composer's own copy of graphql.
  const types = Object.values(result.federatedGraphClientSchema.getTypeMap());
  const fields = types.flatMap((type) =>
    'getFields' in type && !type.name.startsWith('__')
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  );
  return { fields };
}
