/** A LaunchDarkly flag event in the gateway's words. */
import type { Actor, FlagEvent } from '../../model.ts';
import { toTitle } from '../title.ts';
import type { FlagEventsQuery } from './client.ts';
import { toKind } from './kinds.ts';
import type { FlagEventMemberRep, FlagEventRep } from './wire.ts';

export const VENDOR = 'LAUNCHDARKLY';

export type LaunchDarklyEvent = FlagEvent<LaunchDarklyRecord>;

export interface LaunchDarklyRecord {
  rep: FlagEventRep;
  /** The request whose page it was on, to ask again with more detail. */
  page: FlagEventsQuery;
}

export interface EventOrigin {
  source: string;
  feed: string;
  /** Where people see LaunchDarkly. */
  url: URL;
  /** The environment whose log it was read from. */
  environment: string;
}

export function toFlagEvent(
  rep: FlagEventRep,
  page: FlagEventsQuery,
  { environment, feed, source, url }: EventOrigin,
): LaunchDarklyEvent {
  return {
    vendor: VENDOR,
    source,
    feed,
    id: rep.id,
    occurredAt: rep.eventTime,
    kind: toKind(rep),
    type: rep.eventType,
    title: toTitle(rep.eventType),
    flagKey: rep.flagKey,
    project: rep.projectKey,
    environment: rep.environmentKey ?? null,
    actor: rep.member ? toActor(rep.member) : null,
    url: toPage(url, [rep.projectKey, rep.environmentKey ?? environment, 'features', rep.flagKey]),
    wire: { rep, page },
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
