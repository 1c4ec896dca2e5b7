/** A LaunchDarkly flag event in the gateway's words. */
import type { Actor, FlagEvent } from '../../model.ts';
import { toTitle } from '../title.ts';
import { toKind } from './kinds.ts';
import type { FlagEventMemberRep, FlagEventRep } from './wire.ts';

export const VENDOR = 'LAUNCHDARKLY';

export type LaunchDarklyEvent = FlagEvent<FlagEventRep>;

export interface EventOrigin {
  source: string;
  feed: string;
  /** Where people see LaunchDarkly. */
  url: URL;
  /** The environment whose log it was read from. */
  environment: string;
}

export function toFlagEvent(wire: FlagEventRep, { environment, feed, source, url }: EventOrigin): LaunchDarklyEvent {
  return {
    vendor: VENDOR,
    source,
    feed,
    id: wire.id,
    occurredAt: wire.eventTime,
    kind: toKind(wire),
    type: wire.eventType,
    title: toTitle(wire.eventType),
    flagKey: wire.flagKey,
    project: wire.projectKey,
    environment: wire.environmentKey ?? null,
    actor: wire.member ? toActor(wire.member) : null,
    url: toPage(url, [wire.projectKey, wire.environmentKey ?? environment, 'features', wire.flagKey]),
    wire,
  };
}

/** A change to every environment at once; it carries no environment of its own. */
export function isGlobal(event: LaunchDarklyEvent): boolean {
  return event.environment === null;
}

function toActor({ email, firstName, lastName }: FlagEventMemberRep): Actor {
  const name = `${firstName} ${lastName}`.trim();
  return { name: name || email, email: email || null, kind: 'PERSON' };
}

function toPage(base: URL, parts: readonly string[]): string {
  return `${base.href.replace(/\/+$/, '')}/${parts.map(encodeURIComponent).join('/')}`;
}
