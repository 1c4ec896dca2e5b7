/**
 * Entries of the audit log under LaunchDarkly's names, decoded. An entry's id and date are essential; whatever else is
 * absent, null or of another type costs itself alone. What must not get further than here is dropped: the last characters
 * of a token, and what an external trigger has sent.
 * @see https://launchdarkly.com/docs/api/audit-log/get-audit-log-entries
 */
import type { Actor } from '../../../model.ts';
import {
  count,
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
} from '../../decode.ts';
import { decodeMember, type FlagEventMemberRep } from '../wire.ts';

export interface AuditLogCollectionRep {
  /** `null` for one that lacks what is essential: it costs itself, not its page. */
  items: (AuditLogEntryRep | null)[];
  /** The link to the next page. Nobody knows whether the answers to POST have one. */
  next: string | null;
}

export interface AuditLogEntryRep {
  _id: string;
  /** Unix milliseconds. */
  date: number;
  kind: string;
  name: string;
  accesses: Access[];
  /** "turned on the flag": which way it went, where the action does not say. */
  titleVerb: string;
  /** Markdown, and so is `description`. */
  title: string;
  description: string;
  /** Absent, null and empty are all seen where there is none. */
  comment: string | null;
  actor: Actor | null;
  member: FlagEventMemberRep | null;
  /** A page for people, below LaunchDarkly's address. */
  site: string | null;
  /** It came from the call for one entry, which alone gives what it was about, before and after. */
  isWhole: boolean;
  previousVersion: Json;
  currentVersion: Json;
}

/** One action and what it touched. The tags that may follow a name are left out. */
export interface Access {
  action: string;
  project: string | null;
  environment: string | null;
  flag: string | null;
}

export interface AuditLogCountsRep {
  buckets: { timestamp: number; count: number }[];
  bucketIntervalMs: number;
}

/** `undefined`: not an answer of the audit log at all. */
export function decodeAuditLogCollection(body: unknown): AuditLogCollectionRep | undefined {
  const items = rows(body, 'items', ['_links']);
  if (items === undefined) return undefined;
  return { items: items.map(decodeListing), next: textOrNull(record(record(record(body)._links).next).href) };
}

export function decodeAuditLogEntry(body: unknown): AuditLogEntryRep | undefined {
  const entry = decodeListing(body);
  if (entry === null) return undefined;
  const { currentVersion, previousVersion } = record(body);
  return {
    ...entry,
    isWhole: true,
    previousVersion: decodeVersion(previousVersion),
    currentVersion: decodeVersion(currentVersion),
  };
}

export function decodeAuditLogCounts(body: unknown): AuditLogCountsRep | undefined {
  const { bucketIntervalMs, buckets } = record(body);
  const interval = millis(bucketIntervalMs);
  if (interval === null || interval <= 0 || !Array.isArray(buckets)) return undefined;
  return { buckets: list(buckets.slice(0, MAX_BUCKETS), decodeBucket), bucketIntervalMs: interval };
}

function decodeBucket(item: unknown): { timestamp: number; count: number } | null {
  const { count: held, timestamp } = record(item);
  const [at, number] = [millis(timestamp), count(held)];
  return at === null || number === null ? null : { timestamp: at, count: number };
}

/** No answer has more. @see https://launchdarkly.com/docs/api/audit-log/get-audit-log-entry-counts */
export const MAX_BUCKETS = 500;

function decodeListing(item: unknown): AuditLogEntryRep | null {
  if (!isRecord(item)) return null;
  const id = textOrNull(item._id);
  const date = millis(item.date);
  if (id === null || date === null) return null;
  const member = record(item.member);
  return {
    _id: id,
    date,
    kind: text(item.kind),
    name: text(item.name),
    accesses: list(item.accesses, decodeAccess),
    titleVerb: text(item.titleVerb),
    title: text(item.title),
    description: text(item.description),
    comment: textOrNull(item.comment),
    actor: decodeActor(item),
    member: decodeMember({ ...member, id: member._id }),
    site: textOrNull(record(record(item._links).site).href),
    isWhole: false,
    previousVersion: null,
    currentVersion: null,
  };
}

/** `proj/my-project:env/production;critical:flag/my-flag;tag`: each segment is cut at its tags. */
function decodeAccess(item: unknown): Access | null {
  if (!isRecord(item)) return null;
  const segments = text(item.resource)
    .split(':')
    .map((segment) => segment.replace(/;.*$/s, ''));
  const named = (type: string) =>
    segments.find((segment) => segment.startsWith(`${type}/`))?.slice(type.length + 1) || null;
  return { action: text(item.action), project: named('proj'), environment: named('env'), flag: named('flag') };
}

/** A member, else a token, else an app, else whoever LaunchDarkly calls the subject. */
function decodeActor({ app, member, subject, token }: Readonly<Record<string, unknown>>): Actor | null {
  const { email, firstName, lastName } = record(member);
  const name = `${text(firstName)} ${text(lastName)}`.trim() || text(email);
  if (name) return { name, email: textOrNull(email), kind: 'PERSON' };
  const program = text(record(token).name) || text(record(app).name);
  if (program) return { name: program, email: null, kind: 'TOKEN' };
  const other = text(record(subject).name);
  if (other === '') return null;
  return { name: other, email: null, kind: isRecord(token) || isRecord(app) ? 'TOKEN' : 'UNKNOWN' };
}

function decodeVersion(value: unknown): Json {
  return isRecord(value) && !isDeeperThan(value, MAX_DEPTH) ? json(value) : null;
}
