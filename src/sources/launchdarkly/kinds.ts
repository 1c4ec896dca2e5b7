/** LaunchDarkly's words in the common vocabulary. */
import type { FlagEventKind } from '../../model.ts';
import type { FlagEventRep } from './wire.ts';

/**
 * What an event did, for words that say it. Only `enabled_targeting` is published; the others follow its pattern.
 * @see https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events
 */
const KIND_OF_TYPE: ReadonlyMap<string, FlagEventKind> = new Map([
  ['created_flag', 'CREATED'],
  ['cloned_flag', 'CREATED'],
  ['deleted_flag', 'DELETED'],
  ['archived_flag', 'ARCHIVED'],
  ['restored_flag', 'RESTORED'],
  ['enabled_targeting', 'ENABLED'],
  ['disabled_targeting', 'DISABLED'],
]);

/**
 * What an action touched: the names role policies use. Where several come with one event, the earliest row here wins,
 * so the most telling stand first. Actions that do not say their direction (`updateOn`) are left to the event's own words.
 * @see https://launchdarkly.com/docs/home/account/role-actions
 */
const KIND_OF_ACTION: readonly (readonly [FlagEventKind, readonly string[]])[] = [
  ['CREATED', ['createFlag', 'cloneFlag']],
  ['DELETED', ['deleteFlag']],
  [
    'ROLLOUT_CHANGED',
    [
      'updateRulesWithMeasuredRollout',
      'updateFallthroughWithMeasuredRollout',
      'updateMeasuredRolloutConfiguration',
      'stopMeasuredRolloutOnFlagRule',
      'stopMeasuredRolloutOnFlagFallthrough',
      'updateReleasePhaseStatus',
      'addReleasePipeline',
      'removeReleasePipeline',
      'replaceReleasePipeline',
    ],
  ],
  ['DEPENDENCIES_CHANGED', ['updatePrerequisites']],
  [
    'TARGETING_CHANGED',
    [
      'updateRules',
      'updateTargets',
      'updateFallthrough',
      'updateOffVariation',
      'updateExpiringTargets',
      'updateExpiringRules',
      'copyFlagConfigFrom',
      'copyFlagConfigTo',
    ],
  ],
  [
    'VARIATIONS_CHANGED',
    ['updateFlagVariations', 'updateFlagDefaultVariations', 'updateFlagSalt', 'updateFlagConfigMigrationSettings'],
  ],
  [
    'EXPERIMENT_CHANGED',
    [
      'updateExperimentActive',
      'updateExperimentBaseline',
      'updateAttachedGoals',
      'createExperiment',
      'deleteExperiment',
    ],
  ],
  ['APPROVAL_CHANGED', ['applyApprovalRequest', 'bypassRequiredApproval']],
  ['SCHEDULE_CHANGED', ['updateScheduledChanges', 'updateFeatureWorkflows']],
  ['STALE_CHANGED', ['updateDeprecated']],
  ['TAGS_CHANGED', ['updateTags']],
  [
    'METADATA_CHANGED',
    [
      'updateName',
      'updateDescription',
      'updateTemporary',
      'updateMaintainer',
      'updateFlagCustomProperties',
      'updateFlagRuleDescription',
      'createFlagLink',
      'updateFlagLink',
      'deleteFlagLink',
      'manageFlagFollowers',
    ],
  ],
  [
    'CONFIGURATION_CHANGED',
    [
      'updateClientSideFlagAvailability',
      'updateIncludeInSnippet',
      'updateTrackEvents',
      'updateTriggers',
      'createTriggers',
      'deleteTriggers',
    ],
  ],
];

/** Actions whose name does not say which way it went, with the words of an event that do. */
const DIRECTION_OF_ACTION: readonly (readonly [
  actions: readonly string[],
  readonly (readonly [RegExp, FlagEventKind])[],
])[] = [
  [
    ['updateOn', 'toggleFlag'],
    [
      [/\b(disabled|turned off|off)\b/i, 'DISABLED'],
      [/\b(enabled|turned on|on)\b/i, 'ENABLED'],
    ],
  ],
  [
    ['updateGlobalArchived', 'updateArchived'],
    [
      [/\b(restored|unarchived)\b/i, 'RESTORED'],
      [/\barchived\b/i, 'ARCHIVED'],
    ],
  ],
];

export function toKind({
  actions,
  description,
  eventType,
}: Pick<FlagEventRep, 'actions' | 'description' | 'eventType'>): FlagEventKind {
  return (
    KIND_OF_TYPE.get(eventType) ??
    directionOf(actions, `${eventType.replaceAll('_', ' ')} ${description}`) ??
    KIND_OF_ACTION.find(([, names]) => names.some((name) => actions.includes(name)))?.[0] ??
    'OTHER'
  );
}

/** Whether the vendor's own word says it all. */
export function isKnownType(eventType: string): boolean {
  return KIND_OF_TYPE.has(eventType);
}

/** Which way an action went whose name does not say so, as far as these words do. */
export function directionOf(actions: readonly string[], words: string): FlagEventKind | undefined {
  const directed = DIRECTION_OF_ACTION.find(([names]) => names.some((name) => actions.includes(name)));
  return directed?.[1].find(([pattern]) => pattern.test(words))?.[1];
}

/** The actions that may stand behind these kinds; `undefined` if any may, because nobody knows all actions. */
export function actionsOf(kinds: readonly FlagEventKind[]): string[] | undefined {
  if (kinds.includes('OTHER')) return undefined;
  const named = KIND_OF_ACTION.flatMap(([kind, actions]) => (kinds.includes(kind) ? actions : []));
  const directed = DIRECTION_OF_ACTION.flatMap(([actions, words]) =>
    words.some(([, kind]) => kinds.includes(kind)) ? actions : [],
  );
  return [...new Set([...named, ...directed])];
}

/** Of several actions the one that tells most: the kind of an event is that one's. */
export function mostTelling(actions: readonly string[]): string {
  const known = [...DIRECTION_OF_ACTION.flatMap(([names]) => names), ...KIND_OF_ACTION.flatMap(([, names]) => names)];
  return known.find((name) => actions.includes(name)) ?? actions[0] ?? '';
}
