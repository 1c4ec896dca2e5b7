/** `@defer` and `@stream`, declared in the schema so that clients' compilers know them. graphql 16 itself does not. */
import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLString,
} from 'graphql';

const common = {
  if: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: true, description: 'Only if true.' },
  label: { type: GraphQLString, description: 'A name for the part, unique in the operation.' },
};

export const GraphQLDeferDirective = new GraphQLDirective({
  name: 'defer',
  description: 'Lets a fragment come in a later part of the answer, after the rest.',
  locations: [DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
  args: common,
});

export const GraphQLStreamDirective = new GraphQLDirective({
  name: 'stream',
  description: 'Lets the items of a list come one by one in later parts of the answer.',
  locations: [DirectiveLocation.FIELD],
  args: {
    ...common,
    initialCount: { type: GraphQLInt, defaultValue: 0, description: 'How many items come at once.' },
  },
});
