/** What the supergraph's people gain: their own flag events. The type itself is another subgraph's. */
import { ForbiddenError } from '../errors.ts';
import type { Builder, ObjectRef } from './builder.ts';
import { LIST_SIZE, readConnection, type Vendor } from './connection.ts';
import type { EventConnectionRef } from './event-connection.ts';
import type { FilterInput, FilterRef } from './filter.ts';
import type { FlagTypes } from './flag-event.ts';

/** How often one feed is read for one page of one person's events: many people may be on one answer. */
const MAX_READS = 3;

export interface User {
  email: string;
}

export function defineUser(
  builder: Builder,
  name: string,
  { FlagEvent }: FlagTypes,
  vendors: readonly Vendor[],
  filter: FilterRef,
  connection: EventConnectionRef,
): ObjectRef<User> {
  return builder.objectRef<User>(name).implement({
    description: 'Somebody who may have changed flags.',
    isTypeOf: (value) => typeof value === 'object' && value !== null && 'email' in value,
    fields: (t) => ({
      email: t.exposeString('email', {
        description: 'E-mail address, by which the vendors know them too.',
        // Its owner need not make it a key: this way it composes with a plain field as well.
        extensions: { directives: [{ name: 'external' }] },
      }),
      flagEvents: t.connection(
        {
          type: FlagEvent,
          nullable: true,
          listSize: LIST_SIZE,
          description: 'The flag events they made, in all sources, newest first, by their e-mail address.',
          args: {
            filter: t.arg({
              type: filter,
              description: 'Which of them to keep. Keep the filter itself the same while paging.',
            }),
          },
          resolve({ email }, args, context, info) {
            const { scope } = context;
            if (scope?.named().isEmpty && !scope.isEmpty) {
              throw new ForbiddenError('You may not see who made a change, and so not the changes of one person.');
            }
            return readConnection(
              { args: { ...args, filter: narrow(args.filter ?? {}, email) }, vendors, maxReadsPerFeed: MAX_READS },
              context,
              info,
            );
          },
        },
        connection,
      ),
    }),
  });
}

/** The filter for one person's own events: their address, unless the filter leaves it out itself. */
function narrow(filter: FilterInput, email: string): FilterInput {
  const isOwn = (actor: string) => actor.toLowerCase() === email.toLowerCase();
  return { ...filter, actors: filter.actors?.some(isOwn) === false ? [] : [email] };
}
