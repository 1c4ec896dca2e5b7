/** The vendor-neutral types: an event and everything it points at. */
import { type Actor, FLAG_EVENT_KINDS, type FlagEvent, type FlagEventKind } from '../model.ts';
import { maySeeNames } from '../request/context.ts';
import type { RateLimit, Source } from '../sources/source.ts';
import type { Builder } from './builder.ts';
import { defineFlagChange } from './flag-change.ts';

const KIND_DESCRIPTIONS: Readonly<Record<FlagEventKind, string>> = {
  CREATED: 'A flag was created or cloned.',
  DELETED: 'A flag was deleted for good.',
  ARCHIVED: 'A flag was archived.',
  RESTORED: 'An archived flag was brought back.',
  ENABLED: 'A flag was turned on in an environment.',
  DISABLED: 'A flag was turned off in an environment.',
  TARGETING_CHANGED: 'Who gets what: rules, targets, strategies, constraints.',
  ROLLOUT_CHANGED: 'A gradual, measured or planned rollout was started, moved on, changed or stopped.',
  VARIATIONS_CHANGED: 'The values a flag can have.',
  SCHEDULE_CHANGED: 'A change planned for later was planned, carried out or called off.',
  APPROVAL_CHANGED: 'A change request or an approval.',
  EXPERIMENT_CHANGED: 'An experiment on the flag.',
  METADATA_CHANGED: 'Name, description, type, owner, links: nothing that users notice.',
  TAGS_CHANGED: 'Tags were added or removed.',
  STALE_CHANGED: 'The flag was marked, or no longer marked, as stale or deprecated.',
  DEPENDENCIES_CHANGED: 'Prerequisites or dependencies on other flags.',
  MOVED: 'The flag moved to another project.',
  IMPORTED: 'Something was imported.',
  EXPORTED: 'Flags were exported.',
  ACCESS_CHANGED: 'Users, roles, groups or tokens.',
  CONFIGURATION_CHANGED: 'Projects, environments, segments and settings around the flags.',
  OTHER: 'A type that this gateway does not know; see `type`.',
};

const ACTOR_KINDS: Readonly<Record<Actor['kind'], string>> = {
  PERSON: 'Somebody with an account.',
  TOKEN: 'A program: an API token, or an app that is connected to the account.',
  SYSTEM: 'The vendor itself.',
  UNKNOWN: 'The vendor does not say.',
};

/** The tag of what tells who somebody is, for supergraphs with a variant that leaves it out. */
export const PERSONAL = 'pii';

export interface Flag {
  key: string;
}

interface Project {
  key: string;
  source: string;
}

interface Environment {
  key: string;
  project: Project | null;
}

/** How many of them one source may have, for limits that weigh queries. */
const PROJECTS = { assumedSize: 50 };
const ENVIRONMENTS = { assumedSize: 20 };

export type FlagTypes = ReturnType<typeof defineFlagTypes>;

export function defineFlagTypes(builder: Builder, vendors: readonly { vendor: string; name: string }[]) {
  const FlagVendor = builder.enumType('FlagVendor', {
    description: 'Whose event log it is. More vendors may be added.',
    values: Object.fromEntries(vendors.map(({ name, vendor }) => [vendor, { description: `${name}.` }])),
  });

  const FlagEventKind = builder.enumType('FlagEventKind', {
    description:
      'What happened, in one vocabulary for all vendors. New values may be added: treat one you do not know as `OTHER`.',
    values: describeAll(KIND_DESCRIPTIONS, FLAG_EVENT_KINDS),
  });

  const FlagSourceRateLimit = builder.objectRef<RateLimit>('FlagSourceRateLimit').implement({
    description: 'What a vendor’s latest answer said of its rate limit; of several limits, the one with least left.',
    fields: (t) => ({
      limit: t.exposeFloat('limit', {
        nullable: true,
        description: 'Requests allowed in one period, if the vendor says.',
      }),
      remaining: t.exposeFloat('remaining', { description: 'Requests left in this period.' }),
      resetsAt: t.expose('resetsAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When the next period begins, by the gateway’s clock, if the vendor says.',
      }),
    }),
  });

  const FlagSourceStatus = builder.enumType('FlagSourceStatus', {
    description: 'Whether a source answers: for one page or batch, or at all.',
    values: {
      OK: { description: 'It answers. On a page: all of its events that belong there are there.' },
      FAILED: {
        description:
          'It does not answer. On a page: events of it are missing; they come on a later page of the same walk, once it answers again.',
      },
      LATE: {
        description:
          'Only on a page or in a batch. On a page: it brings events that an earlier page of the walk missed; they are newer than the rest. In a batch: it brings events that are older than some that were given before.',
      },
    } as const,
  });

  const FlagSource = builder.objectRef<Source>('FlagSource');
  builder.node(FlagSource, {
    description: 'One account or instance of a vendor that this gateway reads.',
    id: { resolve: (source) => source.id },
    isTypeOf: (value) => typeof value === 'object' && value !== null && 'parts' in value,
    fields: (t) => ({
      name: t.exposeString('id', { description: 'What the gateway calls it: use it in `FlagEventFilter.sources`.' }),
      vendor: t.field({ type: FlagVendor, description: 'Whose it is.', resolve: (source) => source.vendor }),
      url: t.expose('url', { type: 'URL', description: 'Where people reach it.' }),
      rateLimit: t.field({
        type: FlagSourceRateLimit,
        nullable: true,
        description: 'What is left of the vendor’s rate limit; null as long as the vendor has not said. Asks nobody.',
        resolve: (source) => source.rateLimit(),
      }),
      status: t.field({
        type: FlagSourceStatus,
        description:
          '`FAILED` if the vendor gave no answer when it was last asked, whatever the request was; else `OK`. Asks nobody. How it answered for a page is in `FlagSourceReport.status`.',
        resolve: (source): 'OK' | 'FAILED' => (source.isHealthy() ? 'OK' : 'FAILED'),
      }),
    }),
  });

  const FeatureFlag = builder.objectRef<Flag>('FeatureFlag');
  builder.node(FeatureFlag, {
    description: 'A feature flag, whichever vendors know it: while a team migrates, one key may live in several.',
    id: { resolve: (flag) => flag.key },
    isTypeOf: (value) => typeof value === 'object' && value !== null && 'key' in value,
    fields: (t) => ({
      key: t.exposeString('key', { description: 'The key or name that code asks for.' }),
    }),
  });

  const FlagProject = builder.objectRef<Project>('FlagProject').implement({
    description: 'A project of one source.',
    fields: (t) => ({
      key: t.exposeString('key', {
        description: 'Key or id of the project. Unleash writes `*` where something concerns all of them.',
      }),
      source: t.field({
        type: FlagSource,
        description: 'Where the project is.',
        resolve: (project, _args, context) => sourceOf(context.sources, project.source),
      }),
    }),
  });

  builder.objectField(FlagSource, 'projects', (t) =>
    t.field({
      type: [FlagProject],
      nullable: true,
      listSize: PROJECTS,
      description:
        'The projects that this gateway reads, of those that the vendor shows: what `FlagEventFilter.projects` can be. Asks the vendor when it is selected, one call for up to a hundred projects, and remembers the answer for five minutes. Null, with an error, if the vendor does not answer. Of an open-source Unleash without `UNLEASH_PROJECTS`, only `default`: it names no other.',
      resolve: async (source, _args, { budget, scope }) =>
        (await source.listProjects(budget))
          .filter((key) => scope?.canHold(source.id, key) ?? true)
          .map((key) => ({ key, source: source.id })),
    }),
  );

  const FlagEnvironment = builder.objectRef<Environment>('FlagEnvironment').implement({
    description: 'An environment of one source.',
    fields: (t) => ({
      key: t.exposeString('key', { description: 'Key or name of the environment.' }),
      project: t.expose('project', {
        type: FlagProject,
        nullable: true,
        description: 'The project that the environment is of; null where an event does not say it.',
      }),
    }),
  });
  builder.objectField(FlagProject, 'environments', (t) =>
    t.field({
      type: [FlagEnvironment],
      nullable: true,
      listSize: ENVIRONMENTS,
      description:
        'The environments of the project that this gateway reads: what `FlagEventFilter.environments` can be. Unleash names those of the whole instance, of which a project may use only some. Asks the vendor when it is selected, with the projects or in one more call, and remembers the answer for five minutes. Null if the vendor does not show them; null, with an error, if it does not answer.',
      resolve: async (project, _args, context) => {
        const source = sourceOf(context.sources, project.source);
        const keys = await source.listEnvironments(project.key, context.budget);
        const isVisible = (key: string) => context.scope?.canHold(source.id, project.key, key) ?? true;
        return keys?.filter(isVisible).map((key) => ({ key, project })) ?? null;
      },
    }),
  );

  const FlagActorKind = builder.enumType('FlagActorKind', {
    description: 'What kind of actor made a change.',
    values: describeAll(ACTOR_KINDS, ['PERSON', 'TOKEN', 'SYSTEM', 'UNKNOWN']),
  });

  const FlagActor = builder.objectRef<FlagEvent & { actor: Actor }>('FlagActor').implement({
    description: 'Who made a change.',
    fields: (t) => ({
      name: t.string({
        tag: PERSONAL,
        description:
          'What people call them: their name, else their e-mail address, user name or token name, else the vendor’s id.',
        resolve(event, _args, context) {
          const name = context.loadField<string>(event, 'actorName');
          if (!(name instanceof Promise)) return name ?? event.actor.name;
          return name.catch(() => null).then((given) => given ?? event.actor.name);
        },
      }),
      email: t.string({
        nullable: true,
        tag: PERSONAL,
        description: 'E-mail address, where the vendor tells.',
        resolve: ({ actor }) => actor.email,
      }),
      kind: t.field({
        type: FlagActorKind,
        description: 'Person, token or system.',
        resolve: ({ actor }) => actor.kind,
      }),
    }),
  });

  const typeOfVendor = new Map<string, string>();
  const FlagEventRef = builder.interfaceRef<FlagEvent>('FlagEvent').implement({
    description:
      'One change in a vendor’s event log. Select a vendor’s own fields with `... on LaunchDarklyFlagEvent`.',
    interfaces: [builder.nodeInterfaceRef()],
    resolveType: (event) => typeOfVendor.get(event.vendor),
    fields: (t) => ({
      source: t.field({
        type: FlagSource,
        description: 'Where it was logged.',
        resolve: (event, _args, context) => sourceOf(context.sources, event.source),
      }),
      occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'When it happened, to the millisecond.' }),
      kind: t.expose('kind', { type: FlagEventKind, description: 'What happened, in the common vocabulary.' }),
      type: t.exposeString('type', {
        description:
          'The vendor’s own word, such as `enabled_targeting` or `feature-environment-enabled`; empty if it does not say.',
      }),
      title: t.exposeString('title', { description: 'One plain line for people, without marks: "Enabled targeting".' }),
      flag: t.field({
        type: FeatureFlag,
        nullable: true,
        description: 'The flag it is about; null for events about something else.',
        resolve: (event): Flag | null => (event.flagKey === null ? null : { key: event.flagKey }),
      }),
      project: t.field({
        type: FlagProject,
        nullable: true,
        description: 'The project at the time; null for events about no project.',
        resolve: toProject,
      }),
      environment: t.field({
        type: FlagEnvironment,
        nullable: true,
        description: 'The environment; null for a change to all of them or to none.',
        resolve: (event) => (event.environment === null ? null : { key: event.environment, project: toProject(event) }),
      }),
      actor: t.field({
        type: FlagActor,
        nullable: true,
        description: 'Who did it; null if the vendor does not say, or if you may not see it.',
        resolve: (event, _args, context) => (hasActor(event) && maySeeNames(context, event) ? event : null),
      }),
      url: t.expose('url', { type: 'URL', nullable: true, description: 'The vendor’s page about it, for people.' }),
    }),
  });

  return {
    FeatureFlag,
    FlagActor,
    FlagChange: defineFlagChange(builder),
    FlagEvent: FlagEventRef,
    FlagEventKind,
    FlagSource,
    FlagSourceStatus,
    FlagVendor,
    typeOfVendor,
  };
}

function hasActor(event: FlagEvent): event is FlagEvent & { actor: Actor } {
  return event.actor !== null;
}

function toProject({ project, source }: FlagEvent): Project | null {
  return project === null ? null : { key: project, source };
}

function sourceOf(sources: readonly Source[], id: string): Source {
  const source = sources.find((each) => each.id === id);
  if (source === undefined) throw new Error(`No source ${id}: an event has come from nowhere.`);
  return source;
}

function describeAll<Value extends string>(descriptions: Readonly<Record<Value, string>>, values: readonly Value[]) {
  return Object.fromEntries(values.map((value) => [value, { value, description: descriptions[value] }])) as {
    [value in Value]: { value: value; description: string };
  };
}
