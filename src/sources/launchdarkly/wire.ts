/**
 * LaunchDarkly's JSON under LaunchDarkly's names, decoded. An event's id, time and flag are essential; whatever else is
 * absent, null or of another type costs itself alone: it is null, or empty where a type here has no null. Unknown properties
 * are dropped, unknown words are kept: the vendor may add to all of its vocabularies.
 * @see https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events
 */
import {
  count,
  finiteNumber,
  isDeeperThan,
  isRecord,
  type Json,
  json,
  list,
  MAX_DEPTH,
  millis,
  record,
  rows,
  text,
  textOrNull,
} from '../decode.ts';

export interface FlagEventCollectionRep {
  totalCount: number | null;
  /** `null` for one that lacks what is essential: it costs itself, not its page. */
  items: (FlagEventRep | null)[];
  /** The link to the next page. */
  next: string | null;
}

export interface FlagEventRep {
  id: string;
  projectId: string;
  projectKey: string;
  flagKey: string;
  eventType: string;
  /** Unix milliseconds. */
  eventTime: number;
  description: string;
  impact: FlagEventImpactRep;
  environmentId: string | null;
  environmentKey: string | null;
  auditLogEntryId: string | null;
  member: FlagEventMemberRep | null;
  actions: string[];
  /** `null` unless asked for. */
  experiments: FlagEventExperimentCollection | null;
}

export interface FlagEventImpactRep {
  size: string | null;
  percentage: number | null;
  reason: string | null;
  evaluationsSummary: { variations: VariationEvalSummary[] } | null;
}

export interface VariationEvalSummary {
  value: Json;
  before: number | null;
  after: number | null;
}

/** At least one of its properties says something. */
export interface FlagEventMemberRep {
  id: string | null;
  email: string;
  firstName: string;
  lastName: string;
}

export interface FlagEventExperimentCollection {
  /** LaunchDarkly's own count; of the items if it has none. */
  totalCount: number;
  items: FlagEventExperiment[];
}

/** It has a key or a name. */
export interface FlagEventExperiment {
  key: string;
  name: string;
  iteration: FlagEventExperimentIteration | null;
}

/** At least one of its properties says something. */
export interface FlagEventExperimentIteration {
  id: string | null;
  status: string;
  /** Unix milliseconds, as is `endedAt`. */
  startedAt: number | null;
  endedAt: number | null;
}

export interface EnvironmentCollectionRep {
  keys: string[];
  totalCount: number | null;
}

export interface ProjectCollectionRep {
  projects: ProjectRep[];
  totalCount: number | null;
}

export interface ProjectRep {
  key: string;
  /** The first ones: `totalCount` says how many there are. `null` if the answer has none. */
  environments: EnvironmentCollectionRep | null;
}

/** `undefined`: not an answer of the flag events endpoint at all. */
export function decodeFlagEventCollection(body: unknown): FlagEventCollectionRep | undefined {
  const items = rows(body, 'items', ['totalCount', '_links']);
  if (items === undefined) return undefined;
  const { _links, totalCount } = record(body);
  return {
    totalCount: count(totalCount),
    items: items.map(decodeFlagEvent),
    next: textOrNull(record(record(_links).next).href),
  };
}

/** Keys only: an environment's row also carries its SDK and mobile keys, which must not get further than here. */
export function decodeEnvironmentCollection(body: unknown): EnvironmentCollectionRep | undefined {
  const items = rows(body, 'items', ['totalCount', '_links']);
  if (items === undefined) return undefined;
  return {
    keys: list(items, (item) => textOrNull(record(item).key)),
    totalCount: count(record(body).totalCount),
  };
}

/** Keys only, as above. */
export function decodeProjectCollection(body: unknown): ProjectCollectionRep | undefined {
  const items = rows(body, 'items', ['totalCount', '_links']);
  if (items === undefined) return undefined;
  return { projects: list(items, decodeProject), totalCount: count(record(body).totalCount) };
}

function decodeProject(item: unknown): ProjectRep | null {
  const { environments, key } = record(item);
  const name = textOrNull(key);
  return name === null ? null : { key: name, environments: decodeEnvironmentCollection(environments) ?? null };
}

function decodeFlagEvent(item: unknown): FlagEventRep | null {
  if (!isRecord(item)) return null;
  const id = textOrNull(item.id);
  const flagKey = textOrNull(item.flagKey);
  const eventTime = millis(item.eventTime);
  if (id === null || flagKey === null || eventTime === null) return null;
  return {
    id,
    projectId: text(item.projectId),
    projectKey: text(item.projectKey),
    flagKey,
    eventType: text(item.eventType),
    eventTime,
    description: text(item.description),
    impact: decodeImpact(item.impact),
    environmentId: textOrNull(item.environmentId),
    environmentKey: textOrNull(item.environmentKey),
    auditLogEntryId: textOrNull(item.auditLogEntryId),
    member: decodeMember(item.member),
    actions: list(item.actions, textOrNull),
    experiments: decodeExperiments(item.experiments),
  };
}

function decodeImpact(value: unknown): FlagEventImpactRep {
  const { evaluationsSummary, percentage, reason, size } = record(value);
  return {
    size: textOrNull(size),
    percentage: finiteNumber(percentage),
    reason: textOrNull(reason),
    evaluationsSummary: isRecord(evaluationsSummary)
      ? { variations: list(evaluationsSummary.variations, decodeVariation) }
      : null,
  };
}

function decodeVariation(item: unknown): VariationEvalSummary | null {
  if (!isRecord(item)) return null;
  const { after, before, value } = item;
  return {
    value: isDeeperThan(value, MAX_DEPTH) ? null : json(value),
    before: finiteNumber(before),
    after: finiteNumber(after),
  };
}

/**
 * One parameter of a link to another page. The rest of it is not used: the published sample's link drops every other
 * parameter, and a link is the upstream's word for where to send the token.
 */
export function linkParameter(href: string | null, name: string): string | undefined {
  return (href && URL.parse(href, 'https://launchdarkly.invalid')?.searchParams.get(name)) || undefined;
}

export function decodeMember(value: unknown): FlagEventMemberRep | null {
  if (!isRecord(value)) return null;
  const id = textOrNull(value.id);
  const [email, firstName, lastName] = [text(value.email), text(value.firstName), text(value.lastName)];
  return id || email || firstName || lastName ? { id, email, firstName, lastName } : null;
}

function decodeExperiments(value: unknown): FlagEventExperimentCollection | null {
  if (!isRecord(value)) return null;
  const items = list(value.items, decodeExperiment);
  return { totalCount: count(value.totalCount) ?? items.length, items };
}

function decodeExperiment(item: unknown): FlagEventExperiment | null {
  if (!isRecord(item)) return null;
  const [key, name] = [text(item.key), text(item.name)];
  return key || name ? { key, name, iteration: decodeIteration(item.iteration) } : null;
}

function decodeIteration(value: unknown): FlagEventExperimentIteration | null {
  if (!isRecord(value)) return null;
  const id = textOrNull(value.id);
  const status = text(value.status);
  const [startedAt, endedAt] = [millis(value.startedAt), millis(value.endedAt)];
  const saysNothing = id === null && status === '' && startedAt === null && endedAt === null;
  return saysNothing ? null : { id, status, startedAt, endedAt };
}
