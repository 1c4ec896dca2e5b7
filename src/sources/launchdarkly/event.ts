/** A LaunchDarkly flag event in the gateway's words. */
import type { Actor, FlagEvent } from '../../model.ts';
import { toTitle } from '../title.ts';
import type { AuditLogEntryRep } from './audit-log/wire.ts';
import type { FlagEventsQuery } from './client.ts';
import { toKind } from './kinds.ts';
import type { FlagEventMemberRep, FlagEventRep } from './wire.ts';

export const VENDOR = 'LAUNCHDARKLY';

export type LaunchDarklyEvent = FlagEvent<LaunchDarklyRecord>;

export interface LaunchDarklyRecord {
  rep: FlagEventRep;
  /** The request whose page it was on, to ask again with more detail; `null` for an event that is made of an entry. */
  page: FlagEventsQuery | null;
  /** The entry of the audit log that it is made of, where there are no flag events. */
  entry?: AuditLogEntryRep;
}

export interface EventOrigin {
  source: string;
  /** The feed of the environment whose log it was read from. */
  feed: string;
  /** The feed of the changes to every environment, which stand in every environment's log. */
  globalFeed: string;
  /** Where people see LaunchDarkly. */
  url: URL;
  /** The environment whose log it was read from. */
  environment: string;
  /** Whether that log was asked for the changes to every environment, too. */
  withGlobal: boolean;
}

export function toFlagEvent(
  rep: FlagEventRep,
  page: FlagEventsQuery,
  { environment: askedFor, feed, globalFeed, source, url, withGlobal }: EventOrigin,
): LaunchDarklyEvent {
  const project = rep.projectKey || page.projectKey;
  // A change to every environment has neither; one of the two may be missing otherwise.
  const environment = rep.environmentKey ?? (rep.environmentId === null ? null : askedFor);
  return {
    vendor: VENDOR,
    source,
    // Part of the event's place in the timeline: no word of the vendor's, which may change, has a say in it.
    feed: environment === null && withGlobal ? globalFeed : feed,
    id: rep.id,
    occurredAt: rep.eventTime,
    kind: toKind(rep),
    type: rep.eventType,
    title: toTitle(rep.eventType),
    flagKey: rep.flagKey,
    project,
    environment,
    actor: rep.member && toActor(rep.member),
    url: toPage(url, [project, environment ?? askedFor, 'features', rep.flagKey]),
    wire: { rep, page },
  };
}

function toActor({ email, firstName, id, lastName }: FlagEventMemberRep): Actor {
  const name = `${firstName} ${lastName}`.trim();
  return { name: name || email || (id ?? ''), email: email || null, kind: 'PERSON' };
}

export function toPage(base: URL, parts: readonly string[]): string {
  return `${base.href.replace(/\/+$/, '')}/${parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}`;
}
