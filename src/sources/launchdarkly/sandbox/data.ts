/** The story as LaunchDarkly tells it: its changes in the wire format of the flag events endpoint. */
import { createHash } from 'node:crypto';
import type { FlagEventKind } from '../../../model.ts';
import type { Story, StoryActor, StoryChange, StoryExperiment } from '../../story.ts';

/** @see https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events */
export interface FlagEventRep {
  /** A UUID. */
  id: string;
  projectId: string;
  projectKey: string;
  /** Absent, like `environmentId`, on a global event: one that concerns every environment of the project. */
  environmentKey?: string;
  environmentId?: string;
  flagKey: string;
  eventType: string;
  /** Unix milliseconds. */
  eventTime: number;
  description: string;
  auditLogEntryId?: string;
  member?: FlagEventMemberRep;
  actions?: string[];
  impact: FlagEventImpactRep;
  /** Served only with `expand=experiments`. */
  experiments?: FlagEventExperimentCollection;
}

export interface FlagEventMemberRep {
  id: string;
  email: string;
  firstName: string;
  lastName: string;
}

export interface FlagEventImpactRep {
  size?: 'none' | 'small' | 'medium' | 'large';
  percentage?: number;
  reason?: string;
  evaluationsSummary?: EvaluationsSummary;
}

export interface EvaluationsSummary {
  variations?: VariationEvalSummary[];
}

export interface VariationEvalSummary {
  value?: unknown;
  before?: number;
  after?: number;
}

export interface FlagEventExperimentCollection {
  totalCount: number;
  items: FlagEventExperiment[];
}

export interface FlagEventExperiment {
  key: string;
  name: string;
  iteration: FlagEventExperimentIteration;
  _links?: Record<string, Link>;
}

export interface FlagEventExperimentIteration {
  id: string;
  status: string;
  startedAt: number;
  endedAt?: number;
  _links?: Record<string, Link>;
}

export interface FlagEventCollectionRep {
  totalCount: number;
  items: FlagEventRep[];
  _links?: Record<string, Link> | null;
}

export interface Link {
  href?: string;
  type?: string;
}

/** The changes LaunchDarkly knows of, fully measured, in the story's order. The same story gives the same events. */
export function renderFlagEvents(story: Story): FlagEventRep[] {
  return flagChangesOf(story).map((each) => renderFlagEvent(story, each));
}

export interface FlagChange {
  change: StoryChange & { flag: string };
  /** Counted from the oldest, so that a change that comes later does not rename the earlier ones. */
  number: number;
  /** What its ids are made of. */
  name: string;
}

/** The changes of flags that LaunchDarkly knows of, in the story's order. */
export function flagChangesOf(story: Story): FlagChange[] {
  const changes = story.changes.filter(({ vendors }) => vendors.includes('launchdarkly'));
  return changes.flatMap((change, index) => {
    const { at, flag, kind } = change;
    const number = changes.length - index;
    return flag === null ? [] : [{ change: { ...change, flag }, number, name: `${number} ${at} ${kind} ${flag}` }];
  });
}

export const auditLogEntryIdOf = ({ name }: FlagChange): string => hexadecimalId(`audit log entry ${name}`);

/** Which applications a flag of the story is evaluated in: one of the project's own, and the API for every second flag. */
export function applicationsOf(story: Story): Record<string, string[]> {
  return Object.fromEntries(
    story.flags.map(({ key, project }, index) => [
      key,
      index % 2 === 0 ? [`com.example.${project}`] : [`com.example.${project}`, 'com.example.api'],
    ]),
  );
}

export const projectIdOf = (project: string): string => hexadecimalId(`project ${project}`);
export const environmentIdOf = (project: string, environment: string): string =>
  hexadecimalId(`environment ${project}/${environment}`);

/** Twenty-four hexadecimal digits, as LaunchDarkly's ids of everything but flag events have. */
export function hexadecimalId(name: string): string {
  return hash(name).slice(0, 24);
}

export function uuid(name: string): string {
  const digits = hash(name);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}

function renderFlagEvent(story: Story, own: FlagChange): FlagEventRep {
  const { change, name, number } = own;
  const { project, environment, flag, kind, actor } = change;
  const { eventType, description, actions } = renderKind(kind, number);
  return {
    id: uuid(`flag event ${name}`),
    projectId: projectIdOf(project),
    projectKey: project,
    ...(environment !== null && {
      environmentId: environmentIdOf(project, environment),
      environmentKey: environment,
    }),
    flagKey: flag,
    eventType,
    eventTime: change.at,
    description,
    ...(number % 11 !== 0 && { auditLogEntryId: auditLogEntryIdOf(own) }),
    ...(actor !== null && { member: renderMember(story, actor) }),
    ...(actions && { actions }),
    impact: renderImpact(story, change, name),
    experiments: renderExperiments(story, change),
  };
}

/**
 * Only `enabled_targeting` is published; the other types follow its pattern. The actions are those of role policies.
 *
 * @see https://launchdarkly.com/docs/home/account/roles/role-actions
 */
const WORDS: Partial<Record<FlagEventKind, { eventType: string; description: string; actions: string[][] }>> = {
  CREATED: { eventType: 'created_flag', description: 'Flag created', actions: [['createFlag'], ['cloneFlag']] },
  DELETED: { eventType: 'deleted_flag', description: 'Flag deleted', actions: [['deleteFlag']] },
  ARCHIVED: { eventType: 'archived_flag', description: 'Flag archived', actions: [['updateGlobalArchived']] },
  RESTORED: { eventType: 'restored_flag', description: 'Flag restored', actions: [['updateGlobalArchived']] },
  ENABLED: {
    eventType: 'enabled_targeting',
    description: 'Targeting turned on',
    actions: [['updateOn'], ['updateOn'], ['updateOn', 'updateFallthrough']],
  },
  DISABLED: { eventType: 'disabled_targeting', description: 'Targeting turned off', actions: [['updateOn']] },
  TARGETING_CHANGED: {
    eventType: 'updated_targeting',
    description: 'Targeting rules updated',
    actions: [['updateRules'], ['updateTargets'], ['updateRules', 'updateTargets', 'updateOffVariation']],
  },
  ROLLOUT_CHANGED: {
    eventType: 'updated_rollout',
    description: 'Rollout updated',
    actions: [
      ['updateFallthroughWithMeasuredRollout'],
      ['updateRulesWithMeasuredRollout', 'updateMeasuredRolloutConfiguration'],
    ],
  },
  VARIATIONS_CHANGED: {
    eventType: 'updated_variations',
    description: 'Variations updated',
    actions: [['updateFlagVariations'], ['updateFlagVariations', 'updateFlagDefaultVariations']],
  },
  SCHEDULE_CHANGED: {
    eventType: 'updated_scheduled_changes',
    description: 'Scheduled changes updated',
    actions: [['updateScheduledChanges']],
  },
  APPROVAL_CHANGED: {
    eventType: 'applied_approval_request',
    description: 'Approval request applied',
    actions: [['applyApprovalRequest']],
  },
  EXPERIMENT_CHANGED: {
    eventType: 'updated_experiment',
    description: 'Experiment updated',
    actions: [['updateExperimentActive']],
  },
  DEPENDENCIES_CHANGED: {
    eventType: 'updated_prerequisites',
    description: 'Prerequisites updated',
    actions: [['updatePrerequisites']],
  },
};

/** Some descriptions are empty and some toggles name no action: both are allowed. */
export function renderKind(kind: FlagEventKind, number: number) {
  const words = WORDS[kind];
  if (!words) {
    throw new Error(`LaunchDarkly has no flag event for ${kind}.`);
  }
  const { eventType, description } = words;
  const actions = words.actions[number % words.actions.length];
  const saysAction = number % 7 !== 0 || (kind !== 'ENABLED' && kind !== 'DISABLED');
  return { eventType, description: number % 9 === 0 ? '' : description, actions: saysAction ? actions : undefined };
}

export function renderMember(story: Story, { email, firstName, lastName }: StoryActor): FlagEventMemberRep {
  // One member never filled in a profile: the names are required, yet may be empty.
  const isNameless = email === story.actors.at(-1)?.email;
  return {
    id: hexadecimalId(`member ${email}`),
    email,
    firstName: isNameless ? '' : firstName,
    lastName: isNameless ? '' : lastName,
  };
}

/** Variation values of every JSON type: off first, then on. */
export const VALUES: [off: unknown, on: unknown][] = [
  [false, true],
  ['control', 'treatment'],
  [0, 0.25],
  [false, true],
  [{ model: 'v1' }, { model: 'v2', threshold: 0.8 }],
  [['card'], ['card', 'invoice']],
  [false, true],
  [null, 'on'],
];

/** How much of the traffic each kind of change moves, in percent. */
const SHIFTS: Partial<Record<FlagEventKind, [low: number, high: number]>> = {
  ENABLED: [45, 100],
  DISABLED: [45, 100],
  TARGETING_CHANGED: [1, 30],
  ROLLOUT_CHANGED: [5, 60],
};

function renderImpact(story: Story, change: FlagChange['change'], name: string): FlagEventImpactRep {
  if (change.environment === null) {
    return { reason: 'global' };
  }
  if (change.kind === 'EXPERIMENT_CHANGED') {
    return {};
  }
  const chance = fraction(`impact ${name}`);
  const [low, high] = SHIFTS[change.kind] ?? [0, 0];
  const percentage = Math.round((low + chance * (high - low)) * 10) / 10;
  return {
    size: sizeOf(percentage),
    percentage,
    reason: 'evaluations',
    ...(percentage > 0 && { evaluationsSummary: { variations: countEvaluations(story, change, percentage, chance) } }),
  };
}

/** @see https://launchdarkly.com/docs/home/releases/release-insights for the bounds: 20 and 80 are medium */
function sizeOf(percentage: number): 'none' | 'small' | 'medium' | 'large' {
  if (percentage === 0) {
    return 'none';
  }
  if (percentage < 20) {
    return 'small';
  }
  return percentage <= 80 ? 'medium' : 'large';
}

function countEvaluations(
  story: Story,
  { flag, environment, kind }: FlagChange['change'],
  percentage: number,
  chance: number,
): VariationEvalSummary[] {
  const index = story.flags.findIndex(({ key }) => key === flag);
  const [off, on] = VALUES[index % VALUES.length] ?? [false, true];
  // The busiest flag is evaluated more often than 32 bits can count.
  const busy = flag === 'fraud-score-v3' ? 6_000_000_000 : 42_000;
  const total = Math.round((environment === 'production' ? busy : 900) * (0.5 + chance));
  const moved = Math.round((total * percentage) / 100);
  const [onBefore, onAfter] = kind === 'DISABLED' ? [moved, 0] : [0, moved];
  return [
    { value: off, before: total - onBefore, after: total - onAfter },
    { value: on, before: onBefore, after: onAfter },
  ];
}

/** The experiments that were on when the change was made. */
function renderExperiments(story: Story, change: FlagChange['change']): FlagEventExperimentCollection {
  const wasOn = ({ flag, startedAt, endedAt = Number.POSITIVE_INFINITY }: StoryExperiment) =>
    flag === change.flag && change.at >= startedAt && change.at <= endedAt;
  const items = change.environment === 'staging' ? [] : story.experiments.filter(wasOn).map(renderExperiment(change));
  return { totalCount: items.length, items };
}

const renderExperiment =
  ({ project }: FlagChange['change']) =>
  ({ key, name, status, startedAt, endedAt }: StoryExperiment): FlagEventExperiment => ({
    key,
    name,
    iteration: {
      id: hexadecimalId(`iteration ${key}`),
      status,
      startedAt,
      ...(endedAt !== undefined && { endedAt }),
    },
    _links: {
      self: {
        href: `/api/v2/projects/${project}/environments/production/experiments/${key}`,
        type: 'application/json',
      },
    },
  });

function hash(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** A number in [0, 1) that belongs to the name. */
function fraction(name: string): number {
  return Number.parseInt(hash(name).slice(0, 8), 16) / 2 ** 32;
}
