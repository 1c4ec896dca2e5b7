/** An Unleash event in the gateway's words. */
import diff from 'microdiff';
import type { Actor, FlagEvent } from '../../model.ts';
import { toTitle } from '../title.ts';
import { toKind } from './kinds.ts';
import type { EventSchema } from './wire.ts';

export const VENDOR = 'UNLEASH';

export type UnleashEvent = FlagEvent<EventSchema>;

export interface EventOrigin {
  source: string;
  feed: string;
  url: URL;
}

/** `names` of people by their number, if they may be asked for by name. */
export function toFlagEvent(
  wire: EventSchema,
  { feed, source, url }: EventOrigin,
  names?: ReadonlyMap<number, string>,
): UnleashEvent {
  return {
    vendor: VENDOR,
    source,
    feed,
    id: String(wire.id),
    occurredAt: wire.createdAt,
    kind: toKind(wire.type),
    type: wire.type,
    title: wire.label && wire.label !== wire.type ? wire.label : toTitle(wire.type),
    flagKey: wire.featureName ?? null,
    project: wire.project ?? null,
    environment: wire.environment ?? null,
    actor: toActor(wire, names),
    url: `${url.href.replace(/\/+$/, '')}/history?id=IS%3A${wire.id}`,
    wire,
  };
}

/** Ids that stand for no person: any admin token, and Unleash itself. */
const ADMIN_TOKEN_USER = -42;
const SYSTEM_USER = -1337;

function toActor({ createdBy, createdByUserId }: EventSchema, names?: ReadonlyMap<number, string>): Actor | null {
  if (!createdBy) return null;
  const email = createdBy.includes('@') ? createdBy : null;
  const alias = names?.get(createdByUserId ?? Number.NaN);
  const kind = kindOf(createdBy, createdByUserId ?? null);
  return { name: createdBy, email, kind, ...(alias !== undefined && { aliases: [alias] }) };
}

function kindOf(createdBy: string, userId: number | null): Actor['kind'] {
  if (userId === ADMIN_TOKEN_USER) return 'TOKEN';
  if (userId === SYSTEM_USER || createdBy === 'migration') return 'SYSTEM';
  return userId === null ? 'UNKNOWN' : 'PERSON';
}

/** What people are called; the log itself has e-mails, user names and names of tokens. */
export function nameActors(events: readonly UnleashEvent[], names: ReadonlyMap<number, string>): (string | null)[] {
  return events.map(({ actor, wire }) => {
    const isPerson = actor?.kind === 'PERSON';
    return (isPerson ? names.get(wire.createdByUserId ?? 0) : undefined) ?? actor?.name ?? null;
  });
}

export type Json = EventSchema['data'];

export interface Change {
  /** Keys and indexes from the outside in. */
  path: (string | number)[];
  before: Json | null;
  after: Json | null;
}

/** What differs between an event's previous and new state. One of them alone is no difference but a whole. */
export function toChanges({ wire }: UnleashEvent): Change[] {
  const [before, after] = [redact(wire.preData ?? null, wire.type), redact(wire.data ?? null, wire.type)];
  if (!isObject(before) || !isObject(after)) return [];
  return diff(before, after).map((difference) => ({
    path: difference.path,
    before: 'oldValue' in difference ? difference.oldValue : null,
    after: 'value' in difference ? difference.value : null,
  }));
}

const REDACTED = '[REDACTED]';
const SECRET_KEY = /(secret|password|token|apikey|authorization|invitelink)$/;
/** API tokens, `project:environment.secret`, and personal ones, `user:secret`. */
const SECRET_VALUE = /^(?:\S+:\S+\.[0-9a-f]{32,}|user:[0-9a-f]{32,}|\S*v2_\S{22}_\S{43})$/;

/** State as it was stored, but for secrets: Unleash keeps the links of sign-up tokens in clear. */
export function redact(value: Json, type: string): Json {
  if (Array.isArray(value)) return value.map((item) => redact(item, type) ?? null);
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        isSecret(key, part, type) ? REDACTED : (redact(part, type) ?? null),
      ]),
    );
  }
  return typeof value === 'string' && SECRET_VALUE.test(value) ? REDACTED : value;
}

function isSecret(key: string, value: Json, type: string): boolean {
  if (value === null || typeof value === 'object' || typeof value === 'boolean') return false;
  const name = key.toLowerCase().replaceAll(/[-_]/g, '');
  return SECRET_KEY.test(name) || (name === 'url' && type.startsWith('public-signup-token'));
}

function isObject(value: Json): value is Record<string, NonNullable<Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
