/** The audit log's types in the graph, and what an event says better once its entry is selected beside. */
import type { GraphQLResolveInfo } from 'graphql';
import type { Builder } from '../../../graph/builder.ts';
import { loadDetail } from '../../../graph/detail.ts';
import { PERSONAL } from '../../../graph/flag-event.ts';
import { selectedBeside } from '../../../graph/selection.ts';
import type { SharedTypes } from '../../../graph/vendor.ts';
import { type GatewayContext, maySeeNames } from '../../../request/context.ts';
import { type Change, changesWithoutPeople } from '../../changes.ts';
import type { LaunchDarklyEvent } from '../event.ts';
import { CHANGES } from './changes.ts';
import { AUDIT_LOG_ENTRY } from './entries.ts';
import { toPlainText } from './plain-text.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** An entry, and the event that it is shown with. */
export interface ShownEntry {
  event: LaunchDarklyEvent;
  entry: AuditLogEntryRep;
}

/**
 * `null` without one, if it touched something that the caller may not see, and if it cannot be had: the report of the source
 * counts only the last.
 */
export async function entryOf(event: LaunchDarklyEvent, context: GatewayContext): Promise<ShownEntry | null> {
  if (event.wire.rep.auditLogEntryId === null) return null;
  const entry = await loadDetail<AuditLogEntryRep>(context, event, AUDIT_LOG_ENTRY);
  return entry && isVisible(event, entry, context) ? { event, entry } : null;
}

/** One entry may tell of several projects and environments at once. */
function isVisible(
  { source }: LaunchDarklyEvent,
  { accesses }: AuditLogEntryRep,
  { scope }: Pick<GatewayContext, 'scope'>,
): boolean {
  return scope === null || accesses.every(({ environment, project }) => scope.allows({ source, project, environment }));
}

/** A field of an event that its entry says better: the entry is loaded only if it is selected, too. */
export function betterBeside<T>(
  event: LaunchDarklyEvent,
  context: GatewayContext,
  info: GraphQLResolveInfo,
  say: (entry: AuditLogEntryRep | null) => T,
): T | Promise<T> {
  if (!selectedBeside(info).has(AUDIT_LOG_ENTRY)) return say(null);
  return entryOf(event, context).then((shown) => say(shown?.entry ?? null));
}

export function defineAuditLogEntry(builder: Builder, { FlagActor, FlagChange }: SharedTypes) {
  return builder.objectRef<ShownEntry>('LaunchDarklyAuditLogEntry').implement({
    description:
      'What LaunchDarkly’s audit log says of a change: who made it, why, and what exactly. See https://launchdarkly.com/docs/home/releases/change-history',
    fields: (t) => ({
      id: t.string({
        description:
          'LaunchDarkly’s id of the entry. If one entry changed several environments and the event is about one of them, the key of that environment follows, because `changes` are of that environment.',
        resolve: toId,
      }),
      occurredAt: t.field({
        type: 'DateTime',
        description: 'When it was logged, to the millisecond.',
        resolve: ({ entry }) => entry.date,
      }),
      title: t.string({
        tag: PERSONAL,
        description:
          'Who did what, in one plain line without marks and e-mail addresses; empty if LaunchDarkly does not say, or if you may not see who it was.',
        resolve: ({ entry, event }, _args, context) => (maySeeNames(context, event) ? toPlainText(entry.title) : ''),
      }),
      description: t.string({
        nullable: true,
        tag: PERSONAL,
        description:
          'What changed, as plain text of one or several lines, without e-mail addresses. It may name users that the flag targets. Null if LaunchDarkly does not say, or if you may not see who is named.',
        resolve: ({ entry, event }, _args, context) =>
          maySeeNames(context, event) ? toPlainText(entry.description) || null : null,
      }),
      comment: t.string({
        nullable: true,
        description:
          'Why it was done, in the words of whoever did it; null if they gave no reason, or if you may not see who is named.',
        resolve: ({ entry, event }, _args, context) =>
          maySeeNames(context, event) ? entry.comment?.trim() || null : null,
      }),
      actor: t.field({
        type: FlagActor,
        nullable: true,
        description:
          'Who did it: a member, an API token or an app. Null if LaunchDarkly does not say, or if you may not see it.',
        resolve: ({ entry: { actor }, event }, _args, context) =>
          actor !== null && maySeeNames(context, event) ? { ...event, actor } : null,
      }),
      changes: t.field({
        type: [FlagChange],
        nullable: true,
        description:
          'What exactly differs between the flag before and after, in the environment of the event and in what all environments share; empty if there is only one of the two. Keys of targeted users are counted and not shown, secrets are replaced by "[REDACTED]". Costs one upstream call for each event. Null if that call fails: see `FlagSourceReport.missingDetails`.',
        async resolve({ event }, _args, context) {
          const changes = await loadDetail<Change[]>(context, event, CHANGES);
          return changes && !maySeeNames(context, event) ? changesWithoutPeople(changes) : changes;
        },
      }),
      url: t.field({
        type: 'URL',
        nullable: true,
        description: 'LaunchDarkly’s page about it, for people.',
        resolve: ({ entry, event }, _args, { sources }) =>
          toPage(sources.find(({ id }) => id === event.source)?.url, entry.site),
      }),
    }),
  });
}

function toId({ entry: { _id, accesses }, event: { environment } }: ShownEntry): string {
  const environments = new Set(accesses.map((access) => access.environment));
  return environment === null || environments.size < 2 ? _id : `${_id}/${environment}`;
}

/** A link is LaunchDarkly's word for where people go: only its own pages are believed. */
function toPage(base: URL | undefined, href: string | null): string | null {
  if (base === undefined || href === null) return null;
  const address = href.startsWith('/') ? base.href.replace(/\/+$/, '') + href : href;
  const url = URL.parse(address);
  return url?.origin === base.origin && !url.username && !url.password ? url.href : null;
}
