/** LaunchDarkly's own types in the graph. */
import { completeValue } from '@pothos/core';
import { encodeGlobalID } from '@pothos/plugin-relay';
import type { Builder } from '../../graph/builder.ts';
import { checkList } from '../../graph/filter.ts';
import { PERSONAL } from '../../graph/flag-event.ts';
import { type ListArguments, pageOfList } from '../../graph/list-connection.ts';
import { encodeReference } from '../../graph/node.ts';
import type { SharedTypes, VendorGraph } from '../../graph/vendor.ts';
import { maySeeNames } from '../../request/context.ts';
import { betterBeside, defineAuditLogEntry, entryOf } from './audit-log/graph.ts';
import { actorBy, kindBy } from './audit-log/words.ts';
import { type LaunchDarklyEvent, VENDOR } from './event.ts';
import { EXPERIMENTS, experimentsOf } from './experiments.ts';
import { FILTER_FIELD, type ImpactSize, type LaunchDarklyFilter, toImpactSize } from './filter.ts';
import type {
  FlagEventExperiment,
  FlagEventExperimentCollection,
  FlagEventExperimentIteration,
  FlagEventImpactRep,
  FlagEventMemberRep,
  VariationEvalSummary,
} from './wire.ts';

/** Something of LaunchDarkly's, with the source it was read from: its ids are those of one account. */
type Of<T> = T & { source: string };

export const launchDarklyGraph: VendorGraph = {
  namesPeople: [],
  define(builder, shared) {
    const ImpactSize = defineImpactSize(builder);
    return {
      event: defineEvent(builder, shared, ImpactSize),
      filter: {
        field: FILTER_FIELD,
        type: defineFilter(builder, ImpactSize),
        description: 'Narrows LaunchDarkly’s events only; others are not touched by it.',
      },
    };
  },
  toFilter(input, path): LaunchDarklyFilter {
    const filter = Object.fromEntries(
      Object.entries(input).filter(([, value]) => value !== null),
    ) as LaunchDarklyFilter;
    for (const name of ['impactSizes', 'applicationKeys'] as const) {
      if (filter[name]) checkList<string>(filter[name], `${path}.${name}`);
    }
    return filter;
  },
};

type ImpactSizeRef = ReturnType<typeof defineImpactSize>;

function defineImpactSize(builder: Builder) {
  return builder.enumType('LaunchDarklyImpactSize', {
    description: 'By how much the proportion of end users who get one or more variations changed.',
    values: {
      NONE: { description: 'Not at all.' },
      SMALL: { description: 'By less than 20 %.' },
      MEDIUM: { description: 'By 20 % to 80 %.' },
      LARGE: { description: 'By more than 80 %.' },
      OTHER: { description: 'A size that this gateway does not know.' },
    } as const,
  });
}

function defineEvent(builder: Builder, shared: SharedTypes, ImpactSize: ImpactSizeRef) {
  const { FlagActor, FlagEvent, FlagEventKind } = shared;
  const AuditLogEntry = defineAuditLogEntry(builder, shared);
  const Impact = defineImpact(builder, ImpactSize);
  const Member = defineMember(builder);
  const Experiments = defineExperiments(builder);

  return builder.node(builder.objectRef<LaunchDarklyEvent>('LaunchDarklyFlagEvent'), {
    description:
      'A change of a flag in LaunchDarkly: from its engineering insights (beta), which have what affects how a flag is evaluated and no changes of name, description or tags; or, for accounts without them, from its audit log, which has all changes and no impact. See https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events',
    interfaces: [FlagEvent],
    id: { resolve: encodeReference },
    isTypeOf: (value) => (value as LaunchDarklyEvent).vendor === VENDOR,
    fields: (t) => ({
      eventId: t.string({ description: 'LaunchDarkly’s id of the event.', resolve: ({ wire }) => wire.rep.id }),
      projectId: t.string({
        description: 'LaunchDarkly’s id of the project; empty if LaunchDarkly does not say.',
        resolve: ({ wire }) => wire.rep.projectId,
      }),
      environmentId: t.string({
        nullable: true,
        description: 'LaunchDarkly’s id of the environment; null for a change to every environment.',
        resolve: ({ wire }) => wire.rep.environmentId,
      }),
      auditLogEntryId: t.string({
        nullable: true,
        description: 'Id of the entry in the audit log that says more.',
        resolve: ({ wire }) => wire.rep.auditLogEntryId,
      }),
      auditLogEntry: t.field({
        type: AuditLogEntry,
        nullable: true,
        description:
          'What the audit log says of it: who, why, and what exactly. Costs nothing unless selected; then one upstream call for up to 16 events of a page, all at once, and at most 4 more for entries that are elsewhere. Null without an entry, and if it cannot be had: see `FlagSourceReport.missingDetails`.',
        resolve: (event, _args, context) => entryOf(event, context),
      }),
      kind: t.field({
        type: FlagEventKind,
        description:
          'What happened, in the common vocabulary. If `auditLogEntry` is selected, too, its words tell whether a flag was turned on or off where the event’s own do not; filters go by the event’s own.',
        resolve: (event, _args, context, info) =>
          betterBeside(event, context, info, (entry) => (entry ? kindBy(event, entry) : event.kind)),
      }),
      actor: t.field({
        type: FlagActor,
        nullable: true,
        description:
          'Who did it; null if LaunchDarkly does not say, or if you may not see it. Events name members only: tokens and apps have a name if `auditLogEntry` is selected, too. Filters go by the event’s own.',
        resolve: (event, _args, context, info) =>
          betterBeside(event, context, info, (entry) => {
            const actor = entry ? actorBy(event, entry) : event.actor;
            return actor && maySeeNames(context, event) ? { ...event, actor } : null;
          }),
      }),
      description: t.string({
        description: 'What LaunchDarkly says of it; may be empty, and is if you may not see who is named in events.',
        resolve: (event, _args, context) => (maySeeNames(context, event) ? event.wire.rep.description : ''),
      }),
      actions: t.stringList({
        description:
          'What was done, as role policies name it: `updateOn`, `updateRules`. Empty if LaunchDarkly does not say.',
        resolve: ({ wire }) => wire.rep.actions,
      }),
      impact: t.field({
        type: Impact,
        description:
          'What it did to users. It may be completed up to ten minutes after the change; all of it is null in events from the audit log.',
        resolve: ({ wire }) => wire.rep.impact,
      }),
      member: t.field({
        type: Member,
        nullable: true,
        description:
          'The account member who did it; null for tokens, triggers and schedules, and if you may not see it.',
        resolve(event, _args, context) {
          const { member } = event.wire.rep;
          return member && maySeeNames(context, event) ? { ...member, source: event.source } : null;
        },
      }),
      experiments: t.field({
        type: Experiments,
        nullable: true,
        description:
          'Experiments run on the flag. Costs nothing unless selected; deferred, or on events fetched by id, one upstream call for each page the events came from. Null, with an error, if that call fails; and null without one for an account whose audit log is read in place of flag events: see `FlagSourceReport.notices`.',
        args: {
          first: t.arg.int({ description: 'At most so many, from the beginning of the list. All when left out.' }),
          after: t.arg.string({ description: 'Only what follows this cursor of the same event’s experiments.' }),
          last: t.arg.int({ description: 'At most so many, from the end of the list.' }),
          before: t.arg.string({ description: 'Only what precedes this cursor of the same event’s experiments.' }),
        },
        resolve(event, args, context) {
          if (event.wire.page === null) return null;
          const given =
            experimentsOf(event.wire) ?? context.loadField<FlagEventExperimentCollection>(event, EXPERIMENTS);
          return completeValue(given, (all) => toPage(event, args, all ?? NO_EXPERIMENTS));
        },
      }),
    }),
  });
}

type Experiment = Omit<FlagEventExperiment, 'iteration'> & { iteration: Of<FlagEventExperimentIteration> | null };

const NO_EXPERIMENTS: FlagEventExperimentCollection = { totalCount: 0, items: [] };

function toPage({ source }: LaunchDarklyEvent, args: ListArguments, all: FlagEventExperimentCollection) {
  const items = all.items.map(
    (item): Experiment => ({ ...item, iteration: item.iteration && { ...item.iteration, source } }),
  );
  return { ...pageOfList(items, args), totalCount: all.totalCount };
}

/** Unique in the graph: LaunchDarkly's own is unique in its kind only, and in one account. */
function toGlobalId(typename: string, { id, source }: Of<{ id: string | null }>): string | null {
  return id === null ? null : encodeGlobalID(typename, JSON.stringify([source, id]));
}

function defineImpact(builder: Builder, ImpactSize: ImpactSizeRef) {
  const VariationEvaluations = builder.objectRef<VariationEvalSummary>('LaunchDarklyVariationEvaluations').implement({
    description: 'How often one variation was served around the change.',
    fields: (t) => ({
      value: t.field({
        type: 'JSON',
        nullable: true,
        description: 'The variation’s value: any JSON.',
        resolve: ({ value }) => value,
      }),
      before: t.exposeFloat('before', {
        nullable: true,
        description: 'Evaluations in the ten minutes before. A whole number.',
      }),
      after: t.exposeFloat('after', {
        nullable: true,
        description: 'Evaluations in the ten minutes after. A whole number.',
      }),
    }),
  });
  const EvaluationsSummary = builder
    .objectRef<NonNullable<FlagEventImpactRep['evaluationsSummary']>>('LaunchDarklyEvaluationsSummary')
    .implement({
      description: 'Evaluations before and after the change.',
      fields: (t) => ({
        variations: t.field({
          type: [VariationEvaluations],
          description: 'One entry for each variation that was served.',
          resolve: ({ variations }) => variations,
        }),
      }),
    });
  return builder.objectRef<FlagEventImpactRep>('LaunchDarklyImpact').implement({
    description: 'What a change did to users. Everything in it may be missing.',
    fields: (t) => ({
      size: t.field({
        type: ImpactSize,
        nullable: true,
        description: 'How large the impact was; null while it is not known.',
        resolve: ({ size }) => toImpactSize(size),
      }),
      percentage: t.exposeFloat('percentage', {
        nullable: true,
        description: 'The change in the proportion of end users, in percent; fractions occur.',
      }),
      reason: t.exposeString('reason', {
        nullable: true,
        description:
          'Where the size comes from: `evaluations`; `global` when every environment may be affected; `waiting` while it is not evaluated yet; or a later word.',
      }),
      evaluationsSummary: t.field({
        type: EvaluationsSummary,
        nullable: true,
        description: 'The numbers behind it.',
        resolve: ({ evaluationsSummary }) => evaluationsSummary,
      }),
    }),
  });
}

function defineMember(builder: Builder) {
  return builder.objectRef<Of<FlagEventMemberRep>>('LaunchDarklyMember').implement({
    description: 'A member of the LaunchDarkly account, as far as the event tells.',
    fields: (t) => ({
      id: t.id({
        nullable: true,
        description:
          'Opaque, and unique among everything in this graph; null if LaunchDarkly does not say who it is. A member cannot be asked for by it.',
        resolve: (member) => toGlobalId('LaunchDarklyMember', member),
      }),
      memberId: t.exposeString('id', { nullable: true, description: 'LaunchDarkly’s id of the member, if it says.' }),
      email: t.exposeString('email', { tag: PERSONAL, description: 'E-mail address; may be empty.' }),
      firstName: t.exposeString('firstName', { tag: PERSONAL, description: 'First name; may be empty.' }),
      lastName: t.exposeString('lastName', { tag: PERSONAL, description: 'Last name; may be empty.' }),
    }),
  });
}

function defineExperiments(builder: Builder) {
  const Iteration = builder.objectRef<Of<FlagEventExperimentIteration>>('LaunchDarklyExperimentIteration').implement({
    description: 'One run of an experiment, as far as LaunchDarkly tells.',
    fields: (t) => ({
      id: t.id({
        nullable: true,
        description:
          'Opaque, and unique among everything in this graph; null if LaunchDarkly does not say which it is. A run cannot be asked for by it.',
        resolve: (iteration) => toGlobalId('LaunchDarklyExperimentIteration', iteration),
      }),
      iterationId: t.exposeString('id', { nullable: true, description: 'LaunchDarkly’s id of the run, if it says.' }),
      status: t.exposeString('status', { description: '`running`, `stopped` or a later word; may be empty.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it was started; null for one that has not been.',
      }),
      endedAt: t.expose('endedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it ended; null while it runs.',
      }),
    }),
  });
  const ExperimentRef = builder.objectRef<Experiment>('LaunchDarklyExperiment').implement({
    description: 'An experiment run on a flag.',
    fields: (t) => ({
      key: t.exposeString('key', { description: 'Key of the experiment; empty if LaunchDarkly only gives its name.' }),
      name: t.string({
        description: 'Name of the experiment, else its key.',
        resolve: ({ key, name }) => name || key,
      }),
      iteration: t.expose('iteration', {
        type: Iteration,
        nullable: true,
        description: 'The run that the event belongs to, if LaunchDarkly says.',
      }),
    }),
  });
  return builder.connectionObject<typeof ExperimentRef, ReturnType<typeof toPage>>(
    {
      type: ExperimentRef,
      name: 'LaunchDarklyExperimentConnection',
      description: 'Experiments related to an event.',
      fields: (t) => ({
        totalCount: t.exposeInt('totalCount', {
          description: 'How many experiments the event has, as LaunchDarkly counts them, on all pages.',
        }),
      }),
    },
    { name: 'LaunchDarklyExperimentEdge', description: 'One experiment and its place in the list.' },
  );
}

function defineFilter(builder: Builder, ImpactSize: ImpactSizeRef) {
  return builder.inputRef<{ impactSizes?: readonly ImpactSize[] | null }>('LaunchDarklyFlagEventFilter').implement({
    description: 'Narrows LaunchDarkly’s events.',
    fields: (t) => ({
      impactSizes: t.field({ type: [ImpactSize], description: 'Only changes with an impact of one of these sizes.' }),
      hasExperiments: t.boolean({ description: 'True: only events with an experiment; false: only those without.' }),
      global: t.boolean({
        description: 'True: only changes to every environment at once; false: none of them. Both when left out.',
      }),
      applicationKeys: t.stringList({ description: 'Only events of these LaunchDarkly applications.' }),
    }),
  });
}
