/** What an entry of the audit log says better than the flag event it stands behind. */
import type { Actor, FlagEventKind } from '../../../model.ts';
import type { LaunchDarklyEvent } from '../event.ts';
import { directionOf, isKnownType, toKind } from '../kinds.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** Which way it went, where the event's own words do not tell; else the event's own kind. */
export function kindBy({ kind, wire }: LaunchDarklyEvent, { accesses, titleVerb }: AuditLogEntryRep): FlagEventKind {
  const { actions, eventType } = wire.rep;
  if (isKnownType(eventType)) return kind;
  const all = [...actions, ...accesses.map(({ action }) => action)];
  const direction = directionOf(all, titleVerb);
  if (direction) return direction;
  return kind === 'OTHER' ? toKind({ actions: all, description: titleVerb, eventType: '' }) : kind;
}

/** The event names members only: of tokens and apps the entry knows the name. */
export function actorBy({ actor }: LaunchDarklyEvent, entry: AuditLogEntryRep): Actor | null {
  return actor ?? entry.actor;
}
