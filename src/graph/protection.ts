/** What a router has to see of its client before it asks us: `@authenticated` and `@requiresScopes` in the SDL. */
import { type ConstDirectiveNode, Kind, type ObjectTypeDefinitionNode, parse, print, visit } from 'graphql';

export interface Protection {
  /** A token that the router has verified. */
  authenticated?: boolean | undefined;
  /** All of these, in the token's `scope`. */
  requiredScopes?: readonly string[] | undefined;
}

/** The directives to be imported. */
export function protectionDirectives({ authenticated, requiredScopes }: Protection): string[] {
  return [...(authenticated ? ['@authenticated'] : []), ...(requiredScopes ? ['@requiresScopes'] : [])];
}

/**
 * Protects events, pages of events and sources: what cannot be had without asking a vendor, or tells which accounts there
 * are. Objects only, since composition refuses it on interfaces; whatever leads to them needs the same.
 */
export function protect(sdl: string, protection: Protection): string {
  const directives = toDirectives(protection);
  if (directives.length === 0) return sdl;
  const ObjectTypeDefinition = (node: ObjectTypeDefinitionNode) =>
    isProtected(node) ? { ...node, directives: [...(node.directives ?? []), ...directives] } : undefined;
  return print(visit(parse(sdl), { ObjectTypeDefinition }));
}

const PROTECTED: ReadonlySet<string> = new Set(['FlagEventConnection', 'FlagEventBatch', 'FlagSource']);

function isProtected({ interfaces = [], name }: ObjectTypeDefinitionNode): boolean {
  return PROTECTED.has(name.value) || interfaces.some((each) => each.name.value === 'FlagEvent');
}

function toDirectives({ authenticated, requiredScopes }: Protection): ConstDirectiveNode[] {
  const nameOf = (value: string) => ({ kind: Kind.NAME, value }) as const;
  const all: ConstDirectiveNode[] = [];
  if (authenticated) all.push({ kind: Kind.DIRECTIVE, name: nameOf('authenticated') });
  if (requiredScopes) {
    const scopes = requiredScopes.map((value) => ({ kind: Kind.STRING, value }) as const);
    // A list of alternatives: there is one.
    const value = { kind: Kind.LIST, values: [{ kind: Kind.LIST, values: scopes }] } as const;
    const argument = { kind: Kind.ARGUMENT, name: nameOf('scopes'), value } as const;
    all.push({ kind: Kind.DIRECTIVE, name: nameOf('requiresScopes'), arguments: [argument] });
  }
  return all;
}
