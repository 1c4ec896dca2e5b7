/** `FlagChange`: one difference between two states of a flag, whichever vendor kept them. */
import type { Change } from '../sources/changes.ts';
import type { Builder } from './builder.ts';

export function defineFlagChange(builder: Builder) {
  return builder.objectRef<Change>('FlagChange').implement({
    description: 'One difference between the previous and the new state.',
    fields: (t) => ({
      path: t.stringList({
        description: 'Where it is: keys and indexes, from the outside in.',
        resolve: ({ path }) => path.map(String),
      }),
      before: t.expose('before', { type: 'JSON', nullable: true, description: 'What was there; null if nothing was.' }),
      after: t.expose('after', { type: 'JSON', nullable: true, description: 'What is there now; null if nothing is.' }),
    }),
  });
}
