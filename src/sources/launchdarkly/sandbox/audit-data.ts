/** The story as LaunchDarkly's audit log tells it: who did what, why, and the whole flag before and after. */
import type { FlagEventKind } from '../../../model.ts';
import type { Story } from '../../story.ts';
import {
  auditLogEntryIdOf,
  type FlagChange,
  flagChangesOf,
  hexadecimalId,
  type Link,
  renderKind,
  renderMember,
} from './data.ts';
import type { ResourceAccess } from './specifier.ts';
import { createFlagVersions, type FlagVersions } from './versions.ts';

/** @see https://launchdarkly.com/docs/api/audit-log/get-audit-log-entries */
export interface AuditLogEntryListingRep {
  /** Twenty-four hexadecimal digits. */
  _id: string;
  _accountId: string;
  /** Unix milliseconds. */
  date: number;
  /** All that one action touched: one for each environment. */
  accesses: ResourceAccess[];
  kind: string;
  name: string;
  /** Markdown; may be empty. */
  description: string;
  shortDescription: string;
  /** Absent, empty and null are all seen where there is none. */
  comment?: string | null;
  subject?: { name?: string; avatarUrl?: string };
  member?: { _id?: string; email?: string; firstName?: string; lastName?: string };
  token?: { _id?: string; name?: string; ending?: string; serviceToken?: boolean };
  app?: { _id?: string; name?: string; isScim?: boolean; maintainerName?: string };
  titleVerb?: string;
  /** Markdown, with the e-mail address in a link. */
  title?: string;
  target?: { name?: string; resources?: string[] };
  parent?: { name?: string; resource?: string };
  _links: Record<string, Link>;
}

export interface AuditLogEntryRep extends AuditLogEntryListingRep {
  /** A JSON patch; null for a semantic patch, that is for most changes of flags. */
  delta?: unknown;
  triggerBody?: unknown;
  merge?: unknown;
  previousVersion?: unknown;
  currentVersion?: unknown;
  subentries?: AuditLogEntryListingRep[];
}

/** The entries behind the flag events of the same story, newest first. */
export function renderAuditLog(story: Story): AuditLogEntryRep[] {
  const versions = createFlagVersions(story);
  const oldestFirst = flagChangesOf(story).toReversed();
  return oldestFirst.map((each) => renderEntry(story, each, versions.next(each))).toReversed();
}

function renderEntry(story: Story, own: FlagChange, versions: FlagVersions): AuditLogEntryRep {
  const { change, number } = own;
  const { actor, at, environment, flag, kind, project } = change;
  const name = story.flags.find(({ key }) => key === flag)?.name ?? flag;
  const { actions = ['updateOn'] } = renderKind(kind, number);
  const environments = environment === null ? story.environments : [environment];
  // Tags may follow any segment.
  const tagged = (key: string) => (key === 'production' ? `${key};critical` : key);
  const resourceIn = (key: string) => `proj/${project}:env/${tagged(key)}:flag/${flag}`;
  const [verb, description] = WORDS[kind] ?? ['updated the flag', ''];
  const who = renderWho(story, own);
  const place = environment === null ? '' : ` in \`${titleOf(environment)}\``;
  return {
    _id: auditLogEntryIdOf(own),
    _accountId: hexadecimalId('account'),
    date: at,
    accesses: environments.flatMap((key) => actions.map((action) => ({ action, resource: resourceIn(key) }))),
    kind: 'flag',
    name,
    description,
    shortDescription: '',
    ...renderComment(kind, number),
    ...who,
    titleVerb: verb,
    title: `${actor ? `[${who.subject.name}](mailto:${actor.email})` : who.subject.name} ${verb} [${name}](https://app.launchdarkly.com/${project}/~/features/${flag})${place}`,
    target: { name, resources: environments.map(resourceIn) },
    ...(environment !== null && {
      parent: { name: titleOf(environment), resource: `proj/${project}:env/${tagged(environment)}` },
    }),
    _links: {
      canonical: link(`/api/v2/flags/${project}/${flag}`),
      self: link(`/api/v2/auditlog/${auditLogEntryIdOf(own)}`),
      site: { href: `/${project}/${environment ?? '~'}/features/${flag}`, type: 'text/html' },
    },
    delta: null,
    ...versions,
  };
}

const TOKEN_OF_DEPLOYMENTS = { name: 'deployment-pipeline', ending: 'c7f2', serviceToken: true };
const APP = { name: 'Release calendar', isScim: false, maintainerName: 'Release Manager' };

/** Whoever is nobody in the story used a token or, now and then, an app. */
function renderWho(story: Story, { change, number }: FlagChange) {
  const { actor } = change;
  if (actor !== null) {
    const { id, ...member } = renderMember(story, actor);
    return { member: { _id: id, ...member }, subject: { name: `${actor.firstName} ${actor.lastName}` } };
  }
  return number % 3 === 0
    ? { app: { _id: hexadecimalId('app'), ...APP }, subject: { name: APP.name } }
    : { token: { _id: hexadecimalId('token'), ...TOKEN_OF_DEPLOYMENTS }, subject: { name: TOKEN_OF_DEPLOYMENTS.name } };
}

/** Two of three changes have a reason; of the others every way of having none occurs. */
function renderComment(kind: FlagEventKind, number: number): { comment?: string | null } {
  const reasons = COMMENTS[kind] ?? [];
  if (reasons.length > 0 && number % 3 !== 0) return { comment: reasons[number % reasons.length] ?? '' };
  return number % 9 === 0 ? {} : { comment: number % 2 === 0 ? '' : null };
}

const COMMENTS: Partial<Record<FlagEventKind, string[]>> = {
  CREATED: ['Behind a flag until the tests in staging are through.', 'For the next release.'],
  ENABLED: ['Error rate is back to normal, so it is on again.', 'All checks of the release list are done.'],
  DISABLED: ['Payments time out since 14:05: off until the fix is deployed.', 'Off for the load test.'],
  TARGETING_CHANGED: [
    'The beta testers asked for it.',
    'Internal users first, then everybody.',
    'One customer reported wrong prices.',
  ],
  ROLLOUT_CHANGED: [
    'No new errors in 24 hours: next step of the rollout.',
    'Slower, because support has many tickets.',
  ],
  VARIATIONS_CHANGED: ['The second model needs another threshold.'],
  SCHEDULE_CHANGED: ['Moved behind the freeze.'],
  APPROVAL_CHANGED: ['Approved in the release meeting.'],
  EXPERIMENT_CHANGED: ['Enough visitors for a result.'],
  ARCHIVED: ['The flag lives in Unleash now.'],
  RESTORED: ['An old app version still asks for it.'],
  DELETED: ['Nobody has asked for it in a month.'],
  DEPENDENCIES_CHANGED: ['Makes no sense without the new checkout.'],
};

/** The verb of the title, and the Markdown of what changed. */
const WORDS: Partial<Record<FlagEventKind, [verb: string, description: string]>> = {
  CREATED: ['created the flag', ''],
  DELETED: ['deleted the flag', ''],
  ARCHIVED: ['archived the flag', ''],
  RESTORED: ['restored the flag', ''],
  ENABLED: ['turned on the flag', '* Changed the state of targeting from ~~off~~ **on**'],
  DISABLED: ['turned off the flag', '* Changed the state of targeting from ~~on~~ **off**'],
  TARGETING_CHANGED: ['updated the flag', '* Updated the rule `If email ends with @example.com` to serve `true`'],
  ROLLOUT_CHANGED: ['updated the flag', '* Changed the default rule from ~~`10%` `true`~~ to `25%` `true`'],
  VARIATIONS_CHANGED: ['updated the flag', '* Added the variation `later`'],
  SCHEDULE_CHANGED: ['updated the flag', '* Scheduled changes for the flag'],
  APPROVAL_CHANGED: ['applied an approval request for the flag', ''],
  EXPERIMENT_CHANGED: ['updated the flag', '* Updated the experiment'],
  DEPENDENCIES_CHANGED: ['updated the flag', '* Added the prerequisite `checkout-redesign`'],
};

const link = (href: string): Link => ({ href, type: 'application/json' });

const titleOf = (key: string) => key.charAt(0).toUpperCase() + key.slice(1);
