/** Unleash's own types in the graph. */
import { BadInputError } from '../../errors.ts';
import type { Builder } from '../../graph/builder.ts';
import { checkList, checkText } from '../../graph/filter.ts';
import { PERSONAL } from '../../graph/flag-event.ts';
import { encodeReference } from '../../graph/node.ts';
import type { SharedTypes, VendorGraph } from '../../graph/vendor.ts';
import { type GatewayContext, maySeeNames } from '../../request/context.ts';
import { changesWithoutPeople } from '../changes.ts';
import type { Json } from '../decode.ts';
import { withoutPeople } from '../people.ts';
import { changesOf, redact, type UnleashEvent, VENDOR } from './event.ts';
import { FILTER_FIELD, type UnleashFilter } from './filter.ts';
import type { TagSchema } from './wire.ts';

export const unleashGraph: VendorGraph = {
  // The states hold names of people, too.
  namesPeople: ['text', 'createdByUserIds'],
  define(builder, shared) {
    return {
      event: defineEvent(builder, shared),
      filter: {
        field: FILTER_FIELD,
        type: defineFilter(builder),
        description: 'Narrows Unleash’s events only; others are not touched by it.',
      },
    };
  },
  toFilter(input, path): UnleashFilter {
    const filter = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) as UnleashFilter;
    for (const name of ['text', 'groupId'] as const) {
      if (filter[name] !== undefined) checkText(filter[name], `${path}.${name}`);
    }
    if (filter.tags) checkList(filter.tags, `${path}.tags`);
    if (filter.createdByUserIds) checkList(filter.createdByUserIds, `${path}.createdByUserIds`);
    if (filter.groupId !== undefined && !/^[^,\s]+$/.test(filter.groupId)) {
      throw new BadInputError(`${path}.groupId`, `\`${path}.groupId\` must be one group id.`);
    }
    return filter;
  },
};

function defineEvent(builder: Builder, { FlagChange, FlagEvent }: SharedTypes) {
  const Tag = builder.objectRef<TagSchema>('UnleashTag').implement({
    description: 'A tag that the flag had when the event happened.',
    fields: (t) => ({
      type: t.exposeString('type', { description: 'Type of the tag, `simple` if Unleash does not say.' }),
      value: t.exposeString('value', { description: 'Value of the tag; empty if Unleash does not say.' }),
    }),
  });
  return builder.node(builder.objectRef<UnleashEvent>('UnleashFlagEvent'), {
    description:
      'An entry of Unleash’s event log, about flags and everything around them. See https://docs.getunleash.io/reference/events',
    interfaces: [FlagEvent],
    id: { resolve: encodeReference },
    isTypeOf: (value) => (value as UnleashEvent).vendor === VENDOR,
    fields: (t) => ({
      eventId: t.string({
        description: 'Unleash’s number of the event, in digits. It does not always grow with time.',
        resolve: ({ id }) => id,
      }),
      createdBy: t.string({
        tag: PERSONAL,
        description:
          'E-mail address, user name or name of the API token; empty if the log does not say, or if you may not see it.',
        resolve: (event, _args, context) => (maySeeNames(context, event) ? event.wire.createdBy : ''),
      }),
      createdByUserId: t.int({
        nullable: true,
        description:
          'Number of the user; -42 is any admin API token, -1337 Unleash itself. Null in old events, and if you may not see it.',
        resolve: (event, _args, context) => (maySeeNames(context, event) ? event.wire.createdByUserId : null),
      }),
      data: t.field({
        type: 'JSON',
        nullable: true,
        description:
          'The new state, with secrets replaced by "[REDACTED]". Its shape depends on `type`. Of people there is nothing if you may not see who is named in events.',
        resolve: (event, _args, context) => stateOf(event, event.wire.data, context),
      }),
      preData: t.field({
        type: 'JSON',
        nullable: true,
        description: 'The previous state, with secrets replaced by "[REDACTED]".',
        resolve: (event, _args, context) => stateOf(event, event.wire.preData, context),
      }),
      changes: t.field({
        type: [FlagChange],
        description: 'What differs between `preData` and `data`; empty unless the event has both.',
        resolve(event, _args, context) {
          if (maySeeNames(context, event)) return changesOf(event);
          return isAboutPeople(event) ? [] : changesWithoutPeople(changesOf(event));
        },
      }),
      tags: t.field({
        type: [Tag],
        description: 'The flag’s tags at that time.',
        resolve: ({ wire }) => wire.tags,
      }),
      label: t.string({
        nullable: true,
        description: 'Unleash’s short name for the type of event. Since Unleash 6.3.',
        resolve: ({ wire }) => wire.label,
      }),
      summary: t.string({
        nullable: true,
        description:
          'Unleash’s sentence about it, in unescaped Markdown that quotes user input: sanitise it before you show it. Since Unleash 6.3. It names who did it, and is null if you may not see that.',
        resolve: (event, _args, context) => (maySeeNames(context, event) ? event.wire.summary : null),
      }),
      groupType: t.string({
        nullable: true,
        description: 'What the group is: `transaction`, `change-request`. Since Unleash 7.0.4.',
        resolve: ({ wire }) => wire.groupType,
      }),
      groupId: t.string({
        nullable: true,
        description: 'What events of one user action have in common. Since Unleash 7.0.4.',
        resolve: ({ wire }) => wire.groupId,
      }),
    }),
  });
}

function stateOf(event: UnleashEvent, state: Json, context: GatewayContext): Json {
  const shown = redact(state, event.wire.type);
  if (maySeeNames(context, event)) return shown;
  return isAboutPeople(event) ? null : withoutPeople(shown);
}

/** Users, groups and tokens: what is stored of them is who they are. */
function isAboutPeople({ kind }: UnleashEvent): boolean {
  return kind === 'ACCESS_CHANGED' || kind === 'OTHER';
}

function defineFilter(builder: Builder) {
  return builder.inputRef('UnleashFlagEventFilter').implement({
    description: 'Narrows Unleash’s events.',
    fields: (t) => ({
      text: t.string({
        description: 'Only events with this text in their old or new state or their tags, without regard to case.',
      }),
      tags: t.stringList({ description: 'Only events whose flag had one of these tags, as `type:value`.' }),
      groupId: t.string({ description: 'Only events of this transaction or change request.' }),
      createdByUserIds: t.intList({ description: 'Only events by these users, by number.' }),
    }),
  });
}
