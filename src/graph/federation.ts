/** The graph as part of a supergraph: which types are entities, how a gateway asks for them, and what composition reads. */
import { printSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLResolveInfo, GraphQLScalarType, lexicographicSortSchema } from 'graphql';
import { z } from 'zod';
import { BadInputError } from '../errors.ts';
import type { FlagEvent } from '../model.ts';
import type { GatewayContext } from '../request/context.ts';
import type { Builder, ObjectRef } from './builder.ts';
import { checkText } from './filter.ts';
import type { Flag, FlagTypes } from './flag-event.ts';
import type { NodeFinder } from './node.ts';
import { type Protection, protect, protectionDirectives } from './protection.ts';
import type { User } from './user.ts';

export const NODE_FIELDS = ['owner', 'hidden', 'omitted'] as const;

export interface FederationOptions extends Protection {
  /**
   * Whether `node` and `nodes` are in the supergraph. Only one of its subgraphs can have them: this one if `owner`; if
   * `hidden` this one too, but out of the clients' sight; another one, or none, if `omitted`. Clients of this gateway
   * itself always have them.
   */
  nodeField: (typeof NODE_FIELDS)[number];
  /** Name of the supergraph's type of people, if it is to gain `flagEvents`. Its owner gives it `email: String!`. */
  userType?: string | undefined;
}

/** The newest version that both composers know. */
const LINK_URL = 'https://specs.apollo.dev/federation/v2.9';
const DIRECTIVES = ['@external', '@inaccessible', '@key', '@listSize', '@shareable', '@tag'];
const MAX_REPRESENTATIONS = 1_000;

const ARGUMENT = 'representations';

export interface Entities {
  types: readonly (ObjectRef<Flag> | ObjectRef<FlagEvent> | ObjectRef<User>)[];
  /** By `__typename`, which may be an interface's. */
  loaders: ReadonlyMap<unknown, EntityLoader>;
}

/** Gives what a representation stands for. Throws {@link BadInputError} if the representation is none of its type. */
type EntityLoader = (
  representation: Readonly<Record<string, unknown>>,
  context: GatewayContext,
  info: GraphQLResolveInfo,
) => Promise<object | null> | object | null;

/** Gives its keys to every type that other subgraphs may refer to. `find` is what `node` finds things with. */
export function defineEntities(
  builder: Builder,
  { FeatureFlag, FlagEvent }: FlagTypes,
  events: readonly ObjectRef<FlagEvent>[],
  user: ObjectRef<User> | undefined,
  find: NodeFinder,
): Entities {
  const loaders = new Map<unknown, EntityLoader>();
  // One key each: of an entity with two, Hive Gateway 2.15 forgets to fetch what neighbours add by `@interfaceObject`.
  const define = (type: ObjectRef<object> | FlagTypes['FlagEvent'], key: string, load: EntityLoader) => {
    loaders.set(type.name, load);
    builder.asEntity(type as ObjectRef<object>, {
      key: builder.selection<Record<string, unknown>>(key as never),
      resolveReference: load as never,
    });
  };
  const byId = (types: readonly string[]): EntityLoader => {
    return ({ id }, context, info) => find(typeof id === 'string' ? id : '', ARGUMENT, context, info, types);
  };

  // By what code and other teams know a flag by. Asks nobody.
  define(FeatureFlag, 'key', ({ key }) => ({ key: toText(key) }));
  for (const event of events) define(event, 'id', byId([event.name]));
  // An interface with a key lets a neighbour add fields to every event: `type FlagEvent @interfaceObject`.
  define(FlagEvent, 'id', byId(events.map(({ name }) => name)));
  if (user) define(user, 'email', ({ email }) => ({ email: toText(email) }));
  return { types: [FeatureFlag, ...events, ...(user ? [user] : [])], loaders };
}

/** `_service` and `_entities`: what a gateway asks. `printSdl` is called once, when it is first asked for. */
export function defineGatewayQueries(builder: Builder, { loaders, types }: Entities, printSdl: () => string): void {
  let sdl: string | undefined;
  const Service = builder.objectRef<object>('_Service').implement({
    description: 'This graph as a subgraph.',
    fields: (t) => ({
      sdl: t.string({
        description: 'The SDL to compose a supergraph from.',
        resolve: () => {
          sdl ??= printSdl();
          return sdl;
        },
      }),
    }),
  });
  const Entity = builder.unionType('_Entity', { description: 'Whatever has a key.', types: [...types] });
  const anyEntity = {
    name: '_Any',
    description: 'The type of an entity, as `__typename`, and one of its keys.',
    specifiedByURL: 'https://www.apollographql.com/docs/graphos/reference/federation/subgraph-specification',
  };
  builder.addScalarType('_Any', new GraphQLScalarType<unknown, unknown>(anyEntity));

  builder.queryFields((t) => ({
    _service: t.field({ type: Service, description: 'For federation gateways: what to compose.', resolve: () => ({}) }),
    _entities: t.field({
      type: [Entity],
      nullable: { list: false, items: true },
      description: `For federation gateways: entities by their keys, in the order of the representations. One that does not exist is null. At most ${MAX_REPRESENTATIONS}.`,
      args: {
        representations: t.arg({
          type: ['_Any'],
          required: true,
          description: `Up to ${MAX_REPRESENTATIONS} of them.`,
        }),
      },
      resolve: (_root, { representations }, context, info) => {
        if (representations.length > MAX_REPRESENTATIONS) {
          throw new BadInputError(ARGUMENT, `\`${ARGUMENT}\` takes at most ${MAX_REPRESENTATIONS}.`, {
            max: MAX_REPRESENTATIONS,
          });
        }
        // Each on its own, so that one that is bad is one null and one error; a stock subgraph fails them all, and
        // leaves the others' rejections to nobody, which ends the process.
        return representations.map(async (each) => {
          const representation = representationSchema.safeParse(each).data ?? {};
          const load = loaders.get(representation.__typename);
          if (load === undefined) throw new BadInputError(ARGUMENT, `\`${ARGUMENT}\` names a type that is no entity.`);
          return load(representation, context, info) as Flag;
        });
      },
    }),
  }));
}

/** The graph as a subgraph, with its federation directives and without what only gateways ask. */
export function printComposable(builder: Builder, protection: Protection): string {
  const directives = [...DIRECTIVES, ...protectionDirectives(protection)].toSorted();
  const link = { name: 'link', args: { url: LINK_URL, import: directives } };
  const schema = builder.toSchema({ extensions: { directives: [link] } });
  return protect(printSubgraphSchema(lexicographicSortSchema(schema)), protection);
}

const representationSchema = z.record(z.string(), z.unknown());

function toText(value: unknown): string {
  if (typeof value !== 'string') throw new BadInputError(ARGUMENT, `\`${ARGUMENT}\` has an entity without its key.`);
  return checkText(value, ARGUMENT);
}
