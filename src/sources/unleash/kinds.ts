/** Unleash's event types in the common vocabulary. */
import type { FlagEventKind } from '../../model.ts';

/**
 * Every type that a released version up to 8.2 knows; what later ones add is `OTHER`.
 * A kind says what happened to a flag: what was done to projects, segments or environments is configuration.
 * @see https://docs.getunleash.io/reference/events
 */
const TYPES_OF_KIND: Readonly<Partial<Record<FlagEventKind, string>>> = {
  CREATED: 'feature-created',
  DELETED: 'feature-deleted drop-features',
  ARCHIVED: 'feature-archived',
  RESTORED: 'feature-revived',
  ENABLED: 'feature-environment-enabled',
  DISABLED: 'feature-environment-disabled',
  TARGETING_CHANGED: 'feature-strategy-add feature-strategy-remove feature-strategy-update strategy-order-changed',
  ROLLOUT_CHANGED: `
    release-plan-added release-plan-removed release-plan-milestone-started release-plan-progressions-paused
    release-plan-progressions-resumed milestone-progression-created milestone-progression-updated
    milestone-progression-changed milestone-progression-deleted safeguard-changed safeguard-deleted
    safeguard-triggered`,
  VARIATIONS_CHANGED: 'feature-variants-updated feature-environment-variants-updated',
  SCHEDULE_CHANGED: `
    change-request-scheduled change-request-schedule-suspended change-request-scheduled-application-success
    change-request-scheduled-application-failure scheduled-change-request-executed`,
  APPROVAL_CHANGED: `
    change-added change-discarded change-edited change-request-created change-request-discarded
    change-request-rejected change-request-approved change-request-approval-added change-request-cancelled
    change-request-sent-to-review change-request-requested-approvers-updated change-request-applied`,
  METADATA_CHANGED: `
    feature-updated feature-metadata-updated feature-type-updated feature-completed feature-uncompleted
    feature-favorited feature-unfavorited feature-link-added feature-link-updated feature-link-removed`,
  TAGS_CHANGED: 'feature-tagged feature-untagged drop-feature-tags',
  STALE_CHANGED: 'feature-stale-on feature-stale-off feature-potentially-stale-on',
  DEPENDENCIES_CHANGED: 'feature-dependency-added feature-dependency-removed feature-dependencies-removed',
  MOVED: 'feature-project-change',
  IMPORTED: `
    feature-import feature-tag-import features-imported project-import tag-import tag-type-import
    strategy-import environment-import segment-import`,
  EXPORTED: 'features-exported',
  ACCESS_CHANGED: `
    project-access-added project-access-updated project-access-user-roles-updated
    project-access-user-roles-deleted project-access-group-roles-updated project-access-group-roles-deleted
    project-user-added project-user-removed project-user-role-changed project-group-added
    project-group-removed project-group-role-changed role-created role-updated role-deleted user-created
    user-updated user-deleted user-access-request-registered user-access-request-approved
    user-access-request-rejected group-created group-updated group-deleted group-user-added group-user-removed
    scim-users-deleted scim-groups-deleted service-account-created service-account-updated
    service-account-deleted service-account-token-created service-account-token-deleted pat-created
    pat-deleted api-token-created api-token-updated api-token-deleted cdn-token-created
    public-signup-token-created public-signup-token-updated public-signup-token-user-added
    signal-endpoint-token-created signal-endpoint-token-updated signal-endpoint-token-deleted`,
  CONFIGURATION_CHANGED: `
    actions-created actions-deleted actions-updated addon-config-created addon-config-deleted
    addon-config-updated banner-created banner-deleted banner-updated change-request-configuration-updated
    context-field-created context-field-deleted context-field-updated default-strategy-updated
    drop-environments drop-projects drop-strategies drop-tag-types drop-tags environment-created
    environment-deleted environment-updated impact-metric-created impact-metric-deleted impact-metric-updated
    project-archived project-created project-deleted project-environment-added project-environment-removed
    project-favorited project-revived project-unfavorited project-updated release-plan-template-archived
    release-plan-template-created release-plan-template-deleted release-plan-template-updated
    remote-mcp-server-settings-updated segment-created segment-deleted segment-updated setting-created
    setting-deleted setting-updated signal-endpoint-created signal-endpoint-deleted signal-endpoint-updated
    strategy-created strategy-deleted strategy-deprecated strategy-reactivated strategy-updated tag-created
    tag-deleted tag-type-created tag-type-deleted tag-type-updated`,
  OTHER: 'application-created client-metrics client-register db-pool-update user-preference-updated',
};

const KIND_OF_TYPE: ReadonlyMap<string, FlagEventKind> = new Map(
  Object.entries(TYPES_OF_KIND).flatMap(([kind, types]) =>
    types
      .trim()
      .split(/\s+/)
      .map((type) => [type, kind as FlagEventKind] as const),
  ),
);

export function toKind(type: string): FlagEventKind {
  return KIND_OF_TYPE.get(type) ?? 'OTHER';
}

/** The types that make up these kinds; `undefined` if they cannot be listed, because unknown types are among them. */
export function typesOfKinds(kinds: readonly FlagEventKind[]): string[] | undefined {
  if (kinds.includes('OTHER')) return undefined;
  return [...KIND_OF_TYPE].filter(([, kind]) => kinds.includes(kind)).map(([type]) => type);
}
