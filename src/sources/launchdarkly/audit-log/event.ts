/** An entry of the audit log as an event, for accounts that have no flag events. */
import { toTitle } from '../../title.ts';
import { type LaunchDarklyEvent, toPage, VENDOR } from '../event.ts';
import { mostTelling, toKind } from '../kinds.ts';
import { toPlainText } from './plain-text.ts';
import type { Scope } from './query.ts';
import type { Access, AuditLogEntryRep } from './wire.ts';

export interface EntryOrigin extends Scope {
  feed: string;
  /** Where people see LaunchDarkly. */
  url: URL;
}

/**
 * One event however many environments one action touched; then it is about no one of them. `null` for an entry that is not
 * about a flag of this project in one of these environments.
 */
export function toEvent(entry: AuditLogEntryRep, { environments, feed, project, source, url }: EntryOrigin) {
  const own = entry.accesses.filter((access) => access.project === project && access.flag !== null);
  const isVisible = ({ environment }: Access) => environments?.includes(environment ?? '') ?? true;
  const [first] = own;
  if (!own.some(isVisible) || !first?.flag) return null;
  const touched = new Set(own.map(({ environment }) => environment));
  const environment = touched.size === 1 ? first.environment : null;
  const actions = [...new Set(own.flatMap(({ action }) => action || []))];
  const type = mostTelling(actions);
  const event: LaunchDarklyEvent = {
    vendor: VENDOR,
    source,
    feed,
    id: entry._id,
    occurredAt: entry.date,
    kind: toKind({ actions, description: entry.titleVerb, eventType: '' }),
    type,
    title: toTitle(entry.titleVerb || type),
    flagKey: first.flag,
    project,
    environment,
    actor: entry.actor,
    url: toPage(url, [project, environment ?? '~', 'features', first.flag]),
    wire: {
      page: null,
      entry,
      rep: {
        id: entry._id,
        projectId: '',
        projectKey: project,
        flagKey: first.flag,
        eventType: type,
        eventTime: entry.date,
        description: toPlainText(entry.description),
        impact: { size: null, percentage: null, reason: null, evaluationsSummary: null },
        environmentId: null,
        environmentKey: environment,
        auditLogEntryId: entry._id,
        member: entry.member,
        actions,
        experiments: null,
      },
    },
  };
  return event;
}
