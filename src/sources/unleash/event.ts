/** An Unleash event in the gateway's words. */
import type { Actor, FlagEvent } from '../../model.ts';
import { type Change, toChanges } from '../changes.ts';
import type { Json } from '../decode.ts';
import { plainKey, REDACTED, redactBy } from '../redact.ts';
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
    title: wire.label !== null && wire.label !== wire.type ? wire.label : toTitle(wire.type),
    flagKey: wire.featureName,
    project: wire.project,
    environment: wire.environment,
    actor: toActor(wire, names),
    url: `${url.href.replace(/\/+$/, '')}/history?id=IS%3A${wire.id}`,
    wire,
  };
}

/** Ids that stand for no person: any admin token, and Unleash itself. */
const ADMIN_TOKEN_USER = -42;
const SYSTEM_USER = -1337;

function toActor({ createdBy, createdByUserId }: EventSchema, names?: ReadonlyMap<number, string>): Actor | null {
  const name = createdBy || (createdByUserId?.toString() ?? '');
  if (name === '') return null;
  const email = createdBy.includes('@') ? createdBy : null;
  const alias = names?.get(createdByUserId ?? Number.NaN);
  const kind = kindOf(createdBy, createdByUserId);
  return { name, email, kind, ...(alias !== undefined && { aliases: [alias] }) };
}

function kindOf(createdBy: string, userId: number | null): Actor['kind'] {
  if (userId === ADMIN_TOKEN_USER) return 'TOKEN';
  if (userId === SYSTEM_USER || createdBy === 'migration') return 'SYSTEM';
  return userId === null ? 'UNKNOWN' : 'PERSON';
}

/** What people are called; the log itself has e-mails, user names and names of tokens. */
export function nameActor({ actor, wire }: UnleashEvent, names: ReadonlyMap<number, string>): string | null {
  const isPerson = actor?.kind === 'PERSON';
  return (isPerson ? names.get(wire.createdByUserId ?? 0) : undefined) ?? actor?.name ?? null;
}

/** What differs between an event's previous and new state. */
export function changesOf({ wire }: UnleashEvent): Change[] {
  return toChanges(redact(wire.preData, wire.type), redact(wire.data, wire.type));
}

const SECRET_KEY = /(secret|password|token|apikey|authorization|invitelink)$/;
/** API tokens, `project:environment.secret`, and personal ones, `user:secret`. */
const SECRET_VALUE = /^(?:\S+:\S+\.[0-9a-f]{32,}|user:[0-9a-f]{32,}|\S*v2_\S{22}_\S{43})$/;

/** State as it was stored, but for secrets: Unleash keeps the links of sign-up tokens in clear. */
export function redact(value: Json, type: string): Json {
  return redactBy({ isSecret: (key, part) => isSecret(key, part, type), toText }, value);
}

function toText(text: string): string {
  return SECRET_VALUE.test(text) ? REDACTED : text;
}

function isSecret(key: string, value: Json, type: string): boolean {
  if (value === null || typeof value === 'object' || typeof value === 'boolean') return false;
  const name = plainKey(key);
  // Of an event that does not say its type, nobody knows what it links to.
  return SECRET_KEY.test(name) || (name === 'url' && (type === '' || type.startsWith('public-signup-token')));
}
