/**
 * What exactly an entry changed: the flag before and after, compared here, because LaunchDarkly gives no difference for most
 * changes of flags. A flag comes with all its environments, with the keys of users it targets and with secrets.
 */
import { createHash } from 'node:crypto';
import { toError } from '../../../errors.ts';
import type { Budget, FlagEvent } from '../../../model.ts';
import { type Change, toChanges } from '../../changes.ts';
import { isRecord, type Json } from '../../decode.ts';
import { withoutAddresses } from '../../people.ts';
import { plainKey, REDACTED, redactBy } from '../../redact.ts';
import type { AuditLogClient } from './client.ts';
import type { EntryMemory } from './entries.ts';
import { PARTS } from './find-entries.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** The field of an entry that costs a call of its own for each event. */
export const CHANGES = 'auditLogEntry.changes';

/**
 * A batch function for events whose entries were loaded before: in the order of `events`, `null` for one without. One call
 * for each entry that did not come with its versions, all at once.
 */
export async function loadChanges(
  events: readonly FlagEvent[],
  client: AuditLogClient,
  { behind }: EntryMemory,
  budget: Budget,
): Promise<readonly (Change[] | null | Error)[]> {
  const calls = new Map<string, Promise<AuditLogEntryRep | Error>>();
  const withVersions = async (entry: AuditLogEntryRep): Promise<AuditLogEntryRep | Error> => {
    const { _id, isWhole } = entry;
    if (isWhole) return entry;
    const call = calls.get(_id) ?? client.read(_id, { budget, part: PARTS.entry, isHeavy: true }).catch(toError);
    calls.set(_id, call);
    return call;
  };
  return Promise.all(
    events.map(async (event) => {
      const entry = behind.get(event);
      const whole = entry && (await withVersions(entry));
      return whole === undefined || whole instanceof Error ? (whole ?? null) : changesOf(whole, event.environment);
    }),
  );
}

/** Of one environment and of what all of them share; `null`: of every environment. */
export function changesOf(
  { currentVersion, previousVersion }: Pick<AuditLogEntryRep, 'currentVersion' | 'previousVersion'>,
  environment: string | null,
): Change[] {
  const [before, after] = [previousVersion, currentVersion].map((version) => prepare(version, environment));
  return toChanges(before ?? null, after ?? null).map(({ after: now, before: then, path }) => {
    const isSecretPlace = path.some((step) => isSecret(String(step)));
    return { path, before: show(then, isSecretPlace), after: show(now, isSecretPlace) };
  });
}

/** What LaunchDarkly counts, links and repeats, and what tells nothing about the flag. */
const NOISE: ReadonlySet<string> = new Set([
  '_links',
  '_site',
  '_summary',
  '_version',
  'version',
  'lastModified',
  '_maintainer',
  '_maintainerTeam',
  '_access',
  '_environmentName',
  'experiments',
  'evaluation',
]);

/** Where `values` holds the keys of users, devices and the like that are targeted one by one. */
const TARGETS: ReadonlySet<string> = new Set(['targets', 'contextTargets']);

function prepare(version: Json, environment: string | null): Json {
  if (!isRecord(version)) return null;
  const { environments } = version;
  const narrowed =
    environment !== null && isRecord(environments)
      ? { ...version, environments: { [environment]: environments[environment] ?? null } }
      : version;
  return tidy(narrowed as Json, false);
}

/** Without noise, and with lists of user keys as what can be compared and counted but not read. */
function tidy(value: Json, isTarget: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => tidy(item, isTarget));
  if (!isRecord(value)) return value;
  const namesKeys = isTarget || value.attribute === 'key';
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>)
      .filter(([key]) => !NOISE.has(key))
      .map(([key, part]) => [
        key,
        namesKeys && key === 'values' && Array.isArray(part) ? toKeyCount(part) : tidy(part, TARGETS.has(key)),
      ]),
  );
}

/** So many keys, and which ones: two lists are equal only if both are. */
function toKeyCount(keys: readonly Json[]): string {
  const digest = createHash('sha256').update(JSON.stringify(keys.map(String).toSorted()));
  return `${keys.length} ${keys.length === 1 ? 'key' : 'keys'}${MARK}${digest.digest('hex')}`;
}

/** In the Unicode area that means nothing: no text of a flag has it. */
const MARK = '\u{F0000}';

const RULES = { isSecret, toText };

function show(value: Json, isSecretPlace: boolean): Json {
  return isSecretPlace && value !== null ? REDACTED : redactBy(RULES, value);
}

function toText(text: string): string {
  const [shown = ''] = text.split(MARK, 1);
  return withoutAddresses(shown);
}

/** The salt is what keeps percentage rollouts from being foreseen. */
function isSecret(key: string): boolean {
  return SECRET_KEY.test(plainKey(key));
}

const SECRET_KEY = /(secret|password|token|apikey|sdkkey|mobilekey|authorization|triggerurl)$|^(salt|sel)$/;
