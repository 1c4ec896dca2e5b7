/** Queries that a schema allows, made of a list of numbers: the same numbers, the same query. */
import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

export interface RandomQuery {
  text: string;
  variables: Record<string, boolean>;
}

export interface RandomQueryOptions {
  /** A literal for an argument; `undefined` to leave it out. Asked for every argument. */
  literalOf(argument: GraphQLArgument, choose: Choose): string | undefined;
  /** Fields that are never selected. */
  without?: readonly string[];
  /** @default 5 */
  depth?: number;
  /** Selections of one level. @default 4 */
  width?: number;
}

/** A number from 0 to below `below`. */
export type Choose = (below: number) => number;

export function createRandomQuery(
  schema: GraphQLSchema,
  tape: readonly number[],
  { depth: maxDepth = 5, literalOf, width = 4, without = [] }: RandomQueryOptions,
): RandomQuery {
  let at = 0;
  const choose: Choose = (below) => {
    const number = tape[at % tape.length] ?? 0;
    at += 1;
    return (number + at) % below;
  };
  let aliases = 0;
  const fragments: string[] = [];
  const variables: Record<string, boolean> = { yes: true, no: false, either: choose(2) === 0 };

  function set(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + choose(width);
    return `{ ${Array.from({ length: count }, () => selection(type, depth)).join(' ')} }`;
  }

  function selection(type: GraphQLCompositeType, depth: number): string {
    const kind = choose(10);
    if (kind === 0 || isUnionType(type)) return inFragment(type, depth);
    if (kind === 1) return `__typename${directive()}`;
    const fields = Object.values(type.getFields()).filter(
      (each) => !without.includes(each.name) && (depth < maxDepth || !isCompositeType(getNamedType(each.type))),
    );
    const own = fields[choose(Math.max(1, fields.length))];
    return own ? field(own, depth) : '__typename';
  }

  function field({ args, name, type }: GraphQLField<unknown, unknown>, depth: number): string {
    const given = args.flatMap((argument) => {
      const literal = literalOf(argument, choose);
      if (literal !== undefined) return `${argument.name}: ${literal}`;
      return isNonNullType(argument.type) && argument.defaultValue === undefined ? `${argument.name}: null` : [];
    });
    const isRenamed = given.length > 0 || choose(4) === 0;
    aliases += 1;
    const named = getNamedType(type);
    return [
      isRenamed ? `${['a', 'then', 'constructor', 'toJSON', '_x'][choose(5)]}${aliases}: ` : '',
      name,
      given.length > 0 ? `(${given.join(', ')})` : '',
      directive(),
      isCompositeType(named) ? ` ${set(named, depth + 1)}` : '',
    ].join('');
  }

  function inFragment(type: GraphQLCompositeType, depth: number): string {
    const candidates = isAbstractType(type)
      ? [type, ...schema.getPossibleTypes(type)]
      : [type, ...type.getInterfaces()];
    const chosen = candidates[choose(candidates.length)] ?? type;
    const inside = isObjectType(chosen) || !isUnionType(chosen) ? set(chosen, depth + 1) : '{ __typename }';
    if (choose(2) === 0)
      return `... ${choose(3) === 0 && chosen === type ? '' : `on ${chosen.name}`}${directive()} ${inside}`;
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${chosen.name} ${inside}`);
    return `...${name}${directive()} ...${name}`;
  }

  function directive(): string {
    if (choose(6) !== 0) return '';
    const value = ['true', 'false', '$yes', '$no', '$either'][choose(5)];
    return ` @${choose(2) === 0 ? 'skip' : 'include'}(if: ${value})`;
  }

  const query = schema.getQueryType();
  if (!query) throw new Error('The schema has no queries.');
  const body = set(query, 0);
  const text = [body, ...fragments].join('\n');
  const declared = Object.keys(variables).filter((name) => text.includes(`$${name})`));
  const head = declared.length > 0 ? `query (${declared.map((name) => `$${name}: Boolean!`).join(', ')}) ` : '';
  return { text: `${head}${text}`, variables };
}
