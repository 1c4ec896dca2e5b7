/** Makes one supergraph of several subgraphs, with either of the two composers. */
import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { parse } from 'graphql';

export interface Subgraph {
  name: string;
  /** Where a gateway reaches it. */
  url: string;
  sdl: string;
}

export type Composition = { supergraph: string } | { errors: { code: string; message: string }[] };
export type Composer = (subgraphs: readonly Subgraph[]) => Composition;

/** Both give the same supergraph for subgraphs that fit; they differ in what they notice when these do not. */
export const composers: Readonly<Record<'apollo' | 'guild', Composer>> = {
  apollo: (subgraphs) => toComposition(composeWithApollo(parseAll(subgraphs))),
  guild: (subgraphs) => toComposition(composeWithGuild(parseAll(subgraphs))),
};

/** With the composer under the MIT licence. Throws, with everything that does not fit. */
export function compose(subgraphs: readonly Subgraph[]): string {
  const composition = composers.guild(subgraphs);
  if ('supergraph' in composition) return composition.supergraph;
  throw new Error(`The subgraphs do not compose:\n${composition.errors.map(({ message }) => message).join('\n')}`);
}

function parseAll(subgraphs: readonly Subgraph[]) {
  return subgraphs.map(({ name, sdl, url }) => ({ name, url, typeDefs: parse(sdl) }));
}

interface Result {
  supergraphSdl?: string | undefined;
  errors?: readonly { message: string; extensions?: Readonly<Record<string, unknown>> | undefined }[] | undefined;
}

function toComposition({ errors = [], supergraphSdl }: Result): Composition {
  if (supergraphSdl !== undefined && errors.length === 0) return { supergraph: supergraphSdl };
  return { errors: errors.map(({ extensions, message }) => ({ code: String(extensions?.code), message })) };
}
