/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What kind of actor made a change. */
export type FlagActorKind =
  /** Somebody with an account. */
  | 'PERSON'
  /** The vendor itself. */
  | 'SYSTEM'
  /** A program: an API token, or an app that is connected to the account. */
  | 'TOKEN'
  /** The vendor does not say. */
  | 'UNKNOWN';

/** Narrows a timeline. Fields are combined with AND, the values of a list with OR; a field left out does not restrict, and an empty list matches nothing. Lists take up to 200 values. */
export type FlagEventFilter = {
  /** Only events by these actors: name or e-mail, without regard to case. */
  actors?: Array<string> | null | undefined;
  /** Only events in these environments, by key. Changes that concern every environment have none, and are left out. */
  environments?: Array<string> | null | undefined;
  /** Only events about these flags, letter for letter. */
  flagKeys?: Array<string> | null | undefined;
  /** Only events at this moment or later. */
  from?: string | null | undefined;
  /** Only these kinds. */
  kinds?: Array<FlagEventKind> | null | undefined;
  /** Narrows LaunchDarkly’s events only; others are not touched by it. */
  launchDarkly?: LaunchDarklyFlagEventFilter | null | undefined;
  /** Only events in these projects, by key. */
  projects?: Array<string> | null | undefined;
  /** Only these sources, by `FlagSource.name`. An unknown name is an error. */
  sources?: Array<string> | null | undefined;
  /** Only events before this moment. */
  to?: string | null | undefined;
  /** Only these words of the vendors, letter for letter. */
  types?: Array<string> | null | undefined;
  /** Narrows Unleash’s events only; others are not touched by it. */
  unleash?: UnleashFlagEventFilter | null | undefined;
  /** Only events from these vendors. */
  vendors?: Array<FlagVendor> | null | undefined;
};

/** What happened, in one vocabulary for all vendors. New values may be added: treat one you do not know as `OTHER`. */
export type FlagEventKind =
  /** Users, roles, groups or tokens. */
  | 'ACCESS_CHANGED'
  /** A change request or an approval. */
  | 'APPROVAL_CHANGED'
  /** A flag was archived. */
  | 'ARCHIVED'
  /** Projects, environments, segments and settings around the flags. */
  | 'CONFIGURATION_CHANGED'
  /** A flag was created or cloned. */
  | 'CREATED'
  /** A flag was deleted for good. */
  | 'DELETED'
  /** Prerequisites or dependencies on other flags. */
  | 'DEPENDENCIES_CHANGED'
  /** A flag was turned off in an environment. */
  | 'DISABLED'
  /** A flag was turned on in an environment. */
  | 'ENABLED'
  /** An experiment on the flag. */
  | 'EXPERIMENT_CHANGED'
  /** Flags were exported. */
  | 'EXPORTED'
  /** Something was imported. */
  | 'IMPORTED'
  /** Name, description, type, owner, links: nothing that users notice. */
  | 'METADATA_CHANGED'
  /** The flag moved to another project. */
  | 'MOVED'
  /** A type that this gateway does not know; see `type`. */
  | 'OTHER'
  /** An archived flag was brought back. */
  | 'RESTORED'
  /** A gradual, measured or planned rollout was started, moved on, changed or stopped. */
  | 'ROLLOUT_CHANGED'
  /** A change planned for later was planned, carried out or called off. */
  | 'SCHEDULE_CHANGED'
  /** The flag was marked, or no longer marked, as stale or deprecated. */
  | 'STALE_CHANGED'
  /** Tags were added or removed. */
  | 'TAGS_CHANGED'
  /** Who gets what: rules, targets, strategies, constraints. */
  | 'TARGETING_CHANGED'
  /** The values a flag can have. */
  | 'VARIATIONS_CHANGED';

/** Whether a source answers: for one page or batch, or at all. */
export type FlagSourceStatus =
  /** It does not answer. On a page: events of it are missing; they come on a later page of the same walk, once it answers again. */
  | 'FAILED'
  /** Only on a page or in a batch. On a page: it brings events that an earlier page of the walk missed; they are newer than the rest. In a batch: it brings events that are older than some that were given before. */
  | 'LATE'
  /** It answers. On a page: all of its events that belong there are there. */
  | 'OK';

/** Whose event log it is. More vendors may be added. */
export type FlagVendor =
  /** LaunchDarkly. */
  | 'LAUNCHDARKLY'
  /** Unleash. */
  | 'UNLEASH';

/** Narrows LaunchDarkly’s events. */
export type LaunchDarklyFlagEventFilter = {
  /** Only events of these LaunchDarkly applications. */
  applicationKeys?: Array<string> | null | undefined;
  /** True: only changes to every environment at once; false: none of them. Both when left out. */
  global?: boolean | null | undefined;
  /** True: only events with an experiment; false: only those without. */
  hasExperiments?: boolean | null | undefined;
  /** Only changes with an impact of one of these sizes. */
  impactSizes?: Array<LaunchDarklyImpactSize> | null | undefined;
};

/** By how much the proportion of end users who get one or more variations changed. */
export type LaunchDarklyImpactSize =
  /** By more than 80 %. */
  | 'LARGE'
  /** By 20 % to 80 %. */
  | 'MEDIUM'
  /** Not at all. */
  | 'NONE'
  /** A size that this gateway does not know. */
  | 'OTHER'
  /** By less than 20 %. */
  | 'SMALL';

/** Narrows Unleash’s events. */
export type UnleashFlagEventFilter = {
  /** Only events by these users, by number. */
  createdByUserIds?: Array<number> | null | undefined;
  /** Only events of this transaction or change request. */
  groupId?: string | null | undefined;
  /** Only events whose flag had one of these tags, as `type:value`. */
  tags?: Array<string> | null | undefined;
  /** Only events with this text in their old or new state or their tags, without regard to case. */
  text?: string | null | undefined;
};

export type PageChangeQueryVariables = Exact<{
  id: string;
}>;


export type PageChangeQuery = { node:
    | { __typename: 'FeatureFlag', id: string }
    | { __typename: 'FlagSource', id: string }
    | { __typename: 'LaunchDarklyFlagEvent', description: string, actions: Array<string>, eventId: string, id: string, auditLogEntryId: string | null, type: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, auditLogEntry: { id: string, title: string, description: string | null, comment: string | null, url: string | null, actor: { name: string, kind: FlagActorKind } | null, changes: Array<{ path: Array<string>, before: unknown, after: unknown }> | null } | null, impact: { size: LaunchDarklyImpactSize | null, percentage: number | null, reason: string | null, evaluationsSummary: { variations: Array<{ value: unknown, before: number | null, after: number | null }> } | null }, experiments: { nodes: Array<{ key: string, name: string, iteration: { status: string } | null }> } | null, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
    | { __typename: 'UnleashFlagEvent', eventId: string, data: unknown, preData: unknown, id: string, groupId: string | null, groupType: string | null, type: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, tags: Array<{ type: string, value: string }>, changes: Array<{ path: Array<string>, before: unknown, after: unknown }>, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
   | null };

export type PageCountsQueryVariables = Exact<{
  filter: FlagEventFilter;
  buckets: number;
}>;


export type PageCountsQuery = { flagEventCounts: { total: number, isComplete: boolean, buckets: Array<{ from: string, to: string, total: number, kinds: Array<{ kind: FlagEventKind, count: number }>, environments: Array<{ environment: string | null, count: number }> }>, sources: Array<{ reachesBackTo: string | null, notices: Array<string>, failedFeeds: Array<string>, status: FlagSourceStatus, skippedEvents: number, missingDetails: number, detailsFailure: { message: string } | null, source: { id: string, name: string, vendor: FlagVendor }, failure: { code: string, message: string, retryAfterSeconds: number | null } | null }> } | null };

export type PageListQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter: FlagEventFilter;
}>;


export type PageListQuery = { flagEvents: { edges: Array<{ cursor: string, node:
        | { __typename: 'LaunchDarklyFlagEvent', auditLogEntryId: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, auditLogEntry: { id: string, comment: string | null } | null, impact: { size: LaunchDarklyImpactSize | null, percentage: number | null, reason: string | null, evaluationsSummary: { variations: Array<{ value: unknown, before: number | null, after: number | null }> } | null }, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } } & ({ experiments: { nodes: Array<{ key: string, name: string, iteration: { status: string } | null }> } | null } | { experiments?: never })
        | { __typename: 'UnleashFlagEvent', groupId: string | null, groupType: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, changes: Array<{ path: Array<string>, before: unknown, after: unknown }>, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
       }>, pageInfo: { hasNextPage: boolean, startCursor: string | null, endCursor: string | null }, sources: Array<{ reachesBackTo: string | null, notices: Array<string>, failedFeeds: Array<string>, status: FlagSourceStatus, skippedEvents: number, missingDetails: number, detailsFailure: { message: string } | null, source: { id: string, name: string, vendor: FlagVendor }, failure: { code: string, message: string, retryAfterSeconds: number | null } | null }> } | null };

export type PageLiveSubscriptionVariables = Exact<{
  since?: string | null | undefined;
  filter: FlagEventFilter;
}>;


export type PageLiveSubscription = { flagEventsAdded: { cursor: string, isCaughtUp: boolean, edges: Array<{ cursor: string, node:
        | { __typename: 'LaunchDarklyFlagEvent', auditLogEntryId: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, auditLogEntry: { id: string, comment: string | null } | null, impact: { size: LaunchDarklyImpactSize | null, percentage: number | null, reason: string | null, evaluationsSummary: { variations: Array<{ value: unknown, before: number | null, after: number | null }> } | null }, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
        | { __typename: 'UnleashFlagEvent', groupId: string | null, groupType: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, changes: Array<{ path: Array<string>, before: unknown, after: unknown }>, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
       }>, updated: Array<
      | { __typename: 'LaunchDarklyFlagEvent', auditLogEntryId: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, auditLogEntry: { id: string, comment: string | null } | null, impact: { size: LaunchDarklyImpactSize | null, percentage: number | null, reason: string | null, evaluationsSummary: { variations: Array<{ value: unknown, before: number | null, after: number | null }> } | null }, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
      | { __typename: 'UnleashFlagEvent', groupId: string | null, groupType: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, changes: Array<{ path: Array<string>, before: unknown, after: unknown }>, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } }
    >, sources: Array<{ reachesBackTo: string | null, notices: Array<string>, failedFeeds: Array<string>, status: FlagSourceStatus, skippedEvents: number, missingDetails: number, detailsFailure: { message: string } | null, source: { id: string, name: string, vendor: FlagVendor }, failure: { code: string, message: string, retryAfterSeconds: number | null } | null }> } };

type ChangeRow_LaunchDarklyFlagEvent_Fragment = { __typename: 'LaunchDarklyFlagEvent', auditLogEntryId: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, auditLogEntry: { id: string, comment: string | null } | null, impact: { size: LaunchDarklyImpactSize | null, percentage: number | null, reason: string | null, evaluationsSummary: { variations: Array<{ value: unknown, before: number | null, after: number | null }> } | null }, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } };

type ChangeRow_UnleashFlagEvent_Fragment = { __typename: 'UnleashFlagEvent', groupId: string | null, groupType: string | null, type: string, id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, changes: Array<{ path: Array<string>, before: unknown, after: unknown }>, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } };

export type ChangeRowFragment =
  | ChangeRow_LaunchDarklyFlagEvent_Fragment
  | ChangeRow_UnleashFlagEvent_Fragment
;

export type ImpactFragment = { size: LaunchDarklyImpactSize | null, percentage: number | null, reason: string | null, evaluationsSummary: { variations: Array<{ value: unknown, before: number | null, after: number | null }> } | null };

export type SourceStateFragment = { reachesBackTo: string | null, notices: Array<string>, failedFeeds: Array<string>, status: FlagSourceStatus, skippedEvents: number, missingDetails: number, detailsFailure: { message: string } | null, source: { id: string, name: string, vendor: FlagVendor }, failure: { code: string, message: string, retryAfterSeconds: number | null } | null };

export type FilterChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type FilterChoicesQuery = { flagSources: Array<{ id: string, name: string, vendor: FlagVendor, status: FlagSourceStatus, projects: Array<{ key: string, environments: Array<{ key: string }> | null }> | null }> };

type EventLine_LaunchDarklyFlagEvent_Fragment = { __typename: 'LaunchDarklyFlagEvent', id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } };

type EventLine_UnleashFlagEvent_Fragment = { __typename: 'UnleashFlagEvent', id: string, occurredAt: string, title: string, kind: FlagEventKind, url: string | null, flag: { id: string, key: string } | null, project: { key: string } | null, environment: { key: string } | null, actor: { name: string, kind: FlagActorKind } | null, source: { id: string, name: string, vendor: FlagVendor } };

export type EventLineFragment =
  | EventLine_LaunchDarklyFlagEvent_Fragment
  | EventLine_UnleashFlagEvent_Fragment
;

export type SourceNoticeFragment = { status: FlagSourceStatus, skippedEvents: number, missingDetails: number, source: { id: string, name: string, vendor: FlagVendor }, failure: { code: string, message: string, retryAfterSeconds: number | null } | null };

export type ChangeLineFragment = { path: Array<string>, before: unknown, after: unknown };

export type EventExperimentsFragment = { experiments: { nodes: Array<{ key: string, name: string, iteration: { status: string } | null }> } | null };

export const EventLineFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"EventLine"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"flag"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"project"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"actor"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}}]}},{"kind":"Field","name":{"kind":"Name","value":"source"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"vendor"}}]}}]}}]} as unknown as DocumentNode<EventLineFragment, unknown>;
export const ImpactFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Impact"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"LaunchDarklyImpact"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"percentage"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"evaluationsSummary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"variations"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"before"}},{"kind":"Field","name":{"kind":"Name","value":"after"}}]}}]}}]}}]} as unknown as DocumentNode<ImpactFragment, unknown>;
export const ChangeLineFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChangeLine"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagChange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"before"}},{"kind":"Field","name":{"kind":"Name","value":"after"}}]}}]} as unknown as DocumentNode<ChangeLineFragment, unknown>;
export const ChangeRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChangeRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"EventLine"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"LaunchDarklyFlagEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"auditLogEntryId"}},{"kind":"Field","name":{"kind":"Name","value":"auditLogEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"comment"}}]}},{"kind":"Field","name":{"kind":"Name","value":"impact"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Impact"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnleashFlagEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"groupId"}},{"kind":"Field","name":{"kind":"Name","value":"groupType"}},{"kind":"Field","name":{"kind":"Name","value":"changes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChangeLine"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"EventLine"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"flag"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"project"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"actor"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}}]}},{"kind":"Field","name":{"kind":"Name","value":"source"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"vendor"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Impact"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"LaunchDarklyImpact"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"percentage"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"evaluationsSummary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"variations"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"before"}},{"kind":"Field","name":{"kind":"Name","value":"after"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChangeLine"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagChange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"before"}},{"kind":"Field","name":{"kind":"Name","value":"after"}}]}}]} as unknown as DocumentNode<ChangeRowFragment, unknown>;
export const SourceNoticeFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SourceNotice"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagSourceReport"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"source"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"vendor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"skippedEvents"}},{"kind":"Field","name":{"kind":"Name","value":"missingDetails"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]} as unknown as DocumentNode<SourceNoticeFragment, unknown>;
export const SourceStateFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SourceState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagSourceReport"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SourceNotice"}},{"kind":"Field","name":{"kind":"Name","value":"reachesBackTo"}},{"kind":"Field","name":{"kind":"Name","value":"notices"}},{"kind":"Field","name":{"kind":"Name","value":"failedFeeds"}},{"kind":"Field","name":{"kind":"Name","value":"detailsFailure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SourceNotice"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FlagSourceReport"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"source"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"vendor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"skippedEvents"}},{"kind":"Field","name":{"kind":"Name","value":"missingDetails"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]} as unknown as DocumentNode<SourceStateFragment, unknown>;
export const EventExperimentsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"EventExperiments"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"LaunchDarklyFlagEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"10"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"iteration"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]}}]} as unknown as DocumentNode<EventExperimentsFragment, unknown>;
export const PageChangeDocument = {"__meta__":{"hash":"sha256:e8787a0f0fc9148ad9843c3cdcb062442a443e45c45e7ae1ae1c64273543af69"}} as unknown as DocumentNode<PageChangeQuery, PageChangeQueryVariables>;
export const PageCountsDocument = {"__meta__":{"hash":"sha256:37aaaf5176bacda950525ce2c31f8ff479a2544b23e5fb076316350ac9dd4019"}} as unknown as DocumentNode<PageCountsQuery, PageCountsQueryVariables>;
export const PageListDocument = {"__meta__":{"hash":"sha256:af4e198930757fc225512e8939e5d5f44e8b5a3afa2c839e2d1ea047ee1fc998","deferredFields":{"EventExperiments":["experiments"]}}} as unknown as DocumentNode<PageListQuery, PageListQueryVariables>;
export const PageLiveDocument = {"__meta__":{"hash":"sha256:a4183610f726cec26afdf529568019573afe33f838f66460f550a6fea86bef23"}} as unknown as DocumentNode<PageLiveSubscription, PageLiveSubscriptionVariables>;
export const FilterChoicesDocument = {"__meta__":{"hash":"sha256:613ddf1dffe8821bceded55ae677817d9812bd855f1156f36ce8ce8e655b67df"}} as unknown as DocumentNode<FilterChoicesQuery, FilterChoicesQueryVariables>;