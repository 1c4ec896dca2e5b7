/**
 * Unleash's JSON under Unleash's names, decoded. An event's id and time are essential; whatever else is absent, null or of
 * another type costs itself alone: it is null, or empty where a type here has no null. Unknown properties are dropped;
 * types, data and previous data are taken as they come.
 * @see https://docs.getunleash.io/reference/api/unleash/search-events
 */
import { count, int32, isoMillis, isRecord, type Json, json, list, record, rows, text, textOrNull } from '../decode.ts';

/** The answer of `GET /api/admin/search/events`. */
export interface EventSearchRep {
  /** `null` for one that lacks what is essential: it costs itself, not its page. */
  events: (EventSchema | null)[];
  total: number;
}

/** The answer of `GET /api/admin/events`; old versions do not count. */
export interface EventsRep {
  events: (EventSchema | null)[];
  totalEvents: number | null;
}

export interface EventSchema {
  id: number;
  type: string;
  createdBy: string;
  createdByUserId: number | null;
  /** Unix milliseconds. */
  createdAt: number;
  data: Json;
  preData: Json;
  tags: TagSchema[];
  featureName: string | null;
  project: string | null;
  environment: string | null;
  groupType: string | null;
  groupId: string | null;
  label: string | null;
  summary: string | null;
}

export interface TagSchema {
  /** `simple` if Unleash does not say. */
  type: string;
  value: string;
}

export interface Creator {
  id: number;
  name: string;
}

export interface UiConfigRep {
  version: string | null;
}

/** `undefined`, here and below: not an answer of this endpoint at all. */
export function decodeEventSearch(body: unknown): EventSearchRep | undefined {
  const events = rows(body, 'events', ['total']);
  if (events === undefined) return undefined;
  const total = count(record(body).total);
  // Rows without a count do not tell whether more follow: to take them for the last would lose the rest.
  if (total === null && events.length > 0) return undefined;
  return { events: events.map(decodeEvent), total: total ?? 0 };
}

export function decodeEvents(body: unknown): EventsRep | undefined {
  const events = rows(body, 'events', ['totalEvents']);
  return events && { events: events.map(decodeEvent), totalEvents: count(record(body).totalEvents) };
}

/** The answer of `GET /api/admin/event-creators`. */
export function decodeCreators(body: unknown): Creator[] | undefined {
  return Array.isArray(body) ? list(body, decodeCreator) : undefined;
}

/** The answer of `GET /api/admin/projects`: ids of projects. */
export function decodeProjects(body: unknown): string[] | undefined {
  const projects = rows(body, 'projects', ['version']);
  return projects && list(projects, (item) => textOrNull(record(item).id));
}

/** The answer of `GET /api/admin/environments`: names of environments, in the order of the instance. */
export function decodeEnvironments(body: unknown): string[] | undefined {
  const environments = rows(body, 'environments', ['version']);
  return environments && list(environments, (item) => textOrNull(record(item).name));
}

/** The answer of `GET /api/admin/ui-config`. */
export function decodeUiConfig(body: unknown): UiConfigRep | undefined {
  if (!isRecord(body)) return undefined;
  const { enterprise, oss } = record(record(body.versionInfo).current);
  return { version: textOrNull(body.version) ?? textOrNull(enterprise) ?? textOrNull(oss) };
}

function decodeEvent(row: unknown): EventSchema | null {
  if (!isRecord(row)) return null;
  const id = int32(row.id);
  const createdAt = isoMillis(row.createdAt);
  if (id === null || createdAt === null) return null;
  const type = text(row.type);
  return {
    id,
    type,
    createdBy: text(row.createdBy),
    createdByUserId: int32(row.createdByUserId),
    createdAt,
    data: json(row.data),
    preData: json(row.preData),
    tags: list(row.tags, decodeTag),
    featureName: 'featureName' in row ? textOrNull(row.featureName) : featureIn(row.data, type),
    project: textOrNull(row.project),
    environment: textOrNull(row.environment),
    groupType: textOrNull(row.groupType),
    groupId: textOrNull(row.groupId),
    label: textOrNull(row.label),
    summary: textOrNull(row.summary),
  };
}

/**
 * Where servers before 4.4 say which flag it is: they have no `featureName` beside the data. In the data of a strategy,
 * `name` is the strategy's own, unless that stands in `strategyName`.
 */
function featureIn(data: unknown, type: string): string | null {
  if (!type.startsWith('feature-') || !isRecord(data)) return null;
  const isNamed = !type.startsWith('feature-strategy-') || textOrNull(data.strategyName) !== null;
  return textOrNull(data.featureName) ?? (isNamed ? textOrNull(data.name) : null);
}

function decodeTag(item: unknown): TagSchema | null {
  if (!isRecord(item)) return null;
  const [type, value] = [textOrNull(item.type), text(item.value)];
  return type === null && value === '' ? null : { type: type ?? 'simple', value };
}

function decodeCreator(item: unknown): Creator | null {
  const { id, name } = record(item);
  const [number, called] = [int32(id), textOrNull(name)];
  return number === null || called === null ? null : { id: number, name: called };
}
