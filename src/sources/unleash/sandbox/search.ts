import type { SandboxEvent } from './event.ts';

export interface Page {
  events: SandboxEvent[];
  /** All that match, before `offset` and `limit`. */
  total: number;
}

/** Only the message is certain. */
interface ErrorBody {
  name?: string;
  message: string;
  details?: { message: string; path?: string }[];
}

/** An answer other than 200, as Unleash words it. */
export class Refused extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

/** Whether dotted number `version` is `wanted` or newer. */
export function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}

/**
 * `GET /api/admin/search/events`, of events in the server's order. @throws {@link Refused}
 * @see https://docs.getunleash.io/api/search-events
 */
export function searchEvents(ordered: readonly SandboxEvent[], query: URLSearchParams, version: string): Page {
  const parameters = parameterShapes(query, knownParameters(version));
  const matching = select(ordered, conditionsOf(parameters));
  const limit = Number(parameters.limit ?? 50);
  const offset = Number(parameters.offset ?? 0);
  const rows = wholeNumber(limit > 0 && limit <= 1000 ? limit : 50);
  const skipped = offset > 0 ? wholeNumber(offset) : 0;
  return { events: matching.slice(skipped, skipped + rows), total: matching.length };
}

/** The parameters that a release knows; it ignores all others. */
function knownParameters(version: string): string[] {
  return [
    'query',
    ...(isAtLeast(version, '7.0.4') ? ['id', 'groupId'] : []),
    ...['feature', 'project', 'type', 'createdBy', 'from', 'to', 'offset', 'limit'],
    ...(isAtLeast(version, '7.0.0') ? ['environment'] : []),
  ];
}

/** The query builder reads numbers as text again, so 1e21 counts as 1. */
function wholeNumber(value: number): number {
  const parsed = Number.parseInt(String(value), 10);
  return Number.isNaN(parsed) ? 0 : parsed;
}

type Parameters = Record<string, string | undefined>;

const DAY_PATTERN = '^(IS):\\d{4}-\\d{2}-\\d{2}$';
const NUMBERS_PATTERN = '^(IS|IS_ANY_OF):(.*?)(,([0-9]+))*$';
const VALUES_PATTERN = '^(IS|IS_ANY_OF):(.*?)(,([a-zA-Z0-9_]+))*$';
const PATTERNS: Record<string, string> = {
  id: NUMBERS_PATTERN,
  groupId: NUMBERS_PATTERN,
  feature: VALUES_PATTERN,
  project: VALUES_PATTERN,
  type: VALUES_PATTERN,
  createdBy: VALUES_PATTERN,
  environment: VALUES_PATTERN,
  from: DAY_PATTERN,
  to: DAY_PATTERN,
};

/** Each parameter's only value; one given twice, or of another shape than its pattern, is refused. */
function parameterShapes(query: URLSearchParams, names: readonly string[]): Parameters {
  const parameters: Parameters = {};
  for (const name of names) {
    const value = onlyValue(query, name);
    if (value === undefined) continue;
    const pattern = PATTERNS[name];
    if (pattern && !new RegExp(pattern, 'u').test(value)) {
      throw badParameter(name, `must match pattern "${pattern}"`, value);
    }
    parameters[name] = value;
  }
  return parameters;
}

/** @throws {@link Refused} when given twice */
export function onlyValue(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1) throw badParameter(name, 'must be string', values);
  return values[0];
}

function badParameter(name: string, demand: string, sent: string | string[]): Refused {
  const path = `/query/${name}`;
  const details = [{ message: `The \`${path}\` property ${demand}. You sent ${JSON.stringify(sent)}.`, path }];
  const problem = 'your request body or params contain invalid data';
  const message = `Request validation failed: ${problem}. Refer to the \`details\` list for more information.`;
  return new Refused(400, { name: 'BadDataError', message, details });
}

interface Condition {
  /** With a `?` for each bound value. */
  sql: string;
  matches: (event: SandboxEvent) => boolean;
  /** What Postgres says instead of an answer. */
  failure?: string | undefined;
}

function select(ordered: readonly SandboxEvent[], conditions: Condition[]): SandboxEvent[] {
  const failure = conditions.find((condition) => condition.failure !== undefined)?.failure;
  if (failure !== undefined) throw databaseError(conditions, failure);
  return ordered.filter((event) => conditions.every(({ matches }) => matches(event)));
}

/** Unleash hands the database's message on, together with the statement. */
function databaseError(conditions: Condition[], failure: string): Refused {
  const where = `${conditions.map(({ sql }) => sql).join(' and ')} limit ?`;
  let position = 0;
  const statement = `select count(*) from "events" where ${where}`.replaceAll('?', () => `$${++position}`);
  return unknownError(`${statement} - ${failure}`);
}

/** A 500, which carries no id but whatever message there was. */
export function unknownError(message: string): Refused {
  return new Refused(500, { name: 'UnknownError', message, details: [{ message }] });
}

function conditionsOf({ query, from, to, ...lists }: Parameters): Condition[] {
  return [
    ...(from ? [since(from.slice('IS:'.length))] : []),
    ...(to ? [until(to.slice('IS:'.length))] : []),
    ...oneOfIntegers('created_by_user_id', lists.createdBy, ({ createdByUserId }) => createdByUserId),
    ...oneOf('feature_name', lists.feature, ({ featureName }) => featureName),
    ...oneOf('group_id', lists.groupId, ({ groupId }) => groupId),
    ...oneOf('project', lists.project, ({ project }) => project),
    ...oneOf('type', lists.type, ({ type }) => type),
    ...oneOf('environment', lists.environment, ({ environment }) => environment),
    ...oneOfIntegers('id', lists.id, ({ id }) => id),
    ...(query ? [textContains(query)] : []),
  ];
}

const DAY_MICROS = 86_400_000_000;

function since(day: string): Condition {
  const { micros, failure } = midnight(day);
  return { sql: '"created_at" >= ?', matches: ({ createdAtMicros: at }) => at !== null && at >= micros, failure };
}

/** JavaScript adds the day, and lets the 31st of February roll over; Postgres only sees the result. */
function until(day: string): Condition {
  const time = Date.parse(day);
  if (Number.isNaN(time)) throw unknownError('Invalid time value');
  const next = new Date(time + DAY_MICROS / 1000).toISOString().replace(/T.*/, '');
  const { micros, failure } = midnight(next);
  return { sql: '"created_at" < ?', matches: ({ createdAtMicros: at }) => at !== null && at < micros, failure };
}

function midnight(day: string): { micros: number; failure?: string } {
  const time = Date.parse(`${day}T00:00:00Z`);
  const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) && !day.startsWith('0000');
  return exists ? { micros: time * 1000 } : { micros: 0, failure: `date/time field value out of range: "${day}"` };
}

type Column<T> = (event: SandboxEvent) => T | null | undefined;

function oneOf(column: string, filter: string | undefined, read: Column<string>): Condition[] {
  const values = valuesOf(filter);
  if (values.length === 0) return [];
  const wanted = new Set(values);
  const failure = values.some((value) => value.includes('\0')) ? NUL_BYTE : undefined;
  return [{ sql: membership(column, values), matches: (event) => wanted.has(read(event) ?? '\0'), failure }];
}

function oneOfIntegers(column: string, filter: string | undefined, read: Column<number>): Condition[] {
  const values = valuesOf(filter);
  if (values.length === 0) return [];
  const wanted = new Set(values.map(Number));
  const failure = values.map(integerFailure).find((each) => each !== undefined);
  return [{ sql: membership(column, values), matches: (event) => wanted.has(read(event) ?? Number.NaN), failure }];
}

/** `IS:` followed by nothing is no filter at all. A comma always separates, and nothing escapes it. */
function valuesOf(filter = ''): string[] {
  const values = /^(?:IS|IS_ANY_OF):(.+)$/u.exec(filter)?.[1];
  return values?.split(',').map((value) => value.trim()) ?? [];
}

function membership(column: string, values: string[]): string {
  return `"${column}" in (${values.map(() => '?').join(', ')})`;
}

const NUL_BYTE = 'invalid byte sequence for encoding "UTF8": 0x00';

function integerFailure(value: string): string | undefined {
  if (value.includes('\0')) return NUL_BYTE;
  if (!/^([+-]?\d+|0x[\da-f]+)$/iu.test(value)) return `invalid input syntax for type integer: "${value}"`;
  const isInt32 = Math.abs(Number(value)) < 2 ** 31;
  return isInt32 ? undefined : `value "${value}" is out of range for type integer`;
}

function textContains(query: string): Condition {
  const pattern = likePattern(`%${query}%`);
  const holds = (text: string | undefined) => text !== undefined && pattern.test(text);
  return {
    sql: '(data::text ILIKE ? or tags::text ILIKE ? or pre_data::text ILIKE ?)',
    matches: ({ data, tags, preData }) =>
      holds(data === null ? undefined : JSON.stringify(data)) ||
      holds(JSON.stringify(tags)) ||
      holds(preData === null ? undefined : jsonbText(preData)),
    failure: query.includes('\0') ? NUL_BYTE : undefined,
  };
}

/** @see https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-LIKE */
function likePattern(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|[\s\S]/gu, (character, escaped?: string) => {
    if (escaped !== undefined) return literal(escaped);
    if (character === '%') return '[\\s\\S]*';
    return character === '_' ? '[\\s\\S]' : literal(character);
  });
  return new RegExp(`^${source}$`, 'iu');
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

/** The column `pre_data` is jsonb, whose text has blanks that the column `data`, being json, has not. */
function jsonbText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = sortedEntries(value).map(([key, each]) => `${JSON.stringify(key)}: ${jsonbText(each)}`);
  return `{${members.join(', ')}}`;
}

/** What becomes of a value that is stored as jsonb. */
export function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalised);
  if (!isObject(value)) return value;
  return Object.fromEntries(sortedEntries(value).map(([key, each]) => [key, normalised(each)]));
}

/** Postgres puts short keys first. @see https://www.postgresql.org/docs/current/datatype-json.html */
function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
