/** The kinds of change in five families: as many as a chart can tell apart. */
import type { FlagEventKind } from './generated/graphql.ts';

export const FAMILIES = ['switched', 'served', 'lifecycle', 'planned', 'other'] as const;

export type Family = (typeof FAMILIES)[number];

export const FAMILY_NAMES: Readonly<Record<Family, string>> = {
  switched: 'Turned on or off',
  served: 'Who gets what',
  lifecycle: 'Created, archived, moved',
  planned: 'Schedules, approvals, experiments',
  other: 'Anything else',
};

const FAMILY_OF: Readonly<Record<FlagEventKind, Family>> = {
  ENABLED: 'switched',
  DISABLED: 'switched',
  TARGETING_CHANGED: 'served',
  ROLLOUT_CHANGED: 'served',
  VARIATIONS_CHANGED: 'served',
  DEPENDENCIES_CHANGED: 'served',
  CREATED: 'lifecycle',
  DELETED: 'lifecycle',
  ARCHIVED: 'lifecycle',
  RESTORED: 'lifecycle',
  MOVED: 'lifecycle',
  IMPORTED: 'lifecycle',
  EXPORTED: 'lifecycle',
  STALE_CHANGED: 'lifecycle',
  SCHEDULE_CHANGED: 'planned',
  APPROVAL_CHANGED: 'planned',
  EXPERIMENT_CHANGED: 'planned',
  METADATA_CHANGED: 'other',
  TAGS_CHANGED: 'other',
  ACCESS_CHANGED: 'other',
  CONFIGURATION_CHANGED: 'other',
  OTHER: 'other',
};

export const KINDS = Object.keys(FAMILY_OF) as FlagEventKind[];

/** A gateway that is newer than the page may know others. */
export function familyOf(kind: FlagEventKind): Family {
  return FAMILY_OF[kind] ?? 'other';
}

/** `TARGETING_CHANGED` as people write it: "Targeting changed". */
export function kindName(kind: FlagEventKind): string {
  const words = kind.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
