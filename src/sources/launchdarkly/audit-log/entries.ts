/** The audit log's entries behind flag events: as a field of theirs, and remembered for a while. */
import { LRUCache } from 'lru-cache';
import { isAbsent, toError } from '../../../errors.ts';
import type { Budget, FlagEvent } from '../../../model.ts';
import { withShareOf } from '../../../timeline/within-budget.ts';
import type { LaunchDarklyEvent } from '../event.ts';
import { type AuditLogClient, absentEntry, resourceOf } from './client.ts';
import { type Found, findEntries, type Wanted } from './find-entries.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** The field of an event that costs calls of its own. */
export const AUDIT_LOG_ENTRY = 'auditLogEntry';

/** What a search did not bring is asked for by id, so many at most in one batch. */
const MAX_SINGLY = 4;
/** Of a request's time: the page can do without, and has to go out. */
const SHARE_OF_TIME = 0.5;

export interface EntryMemory {
  /** `null`: there was none a moment ago. */
  get(id: string): AuditLogEntryRep | null | undefined;
  set(id: string, entry: AuditLogEntryRep | null): void;
  /** What was found for an event, for as long as somebody has the event; with its versions if it came with them. */
  readonly behind: WeakMap<FlagEvent, AuditLogEntryRep>;
}

const REMEMBERED_BYTES = 8 * 1024 * 1024;
const REMEMBERED_MS = 60 * 60_000;
/** An event may be readable before its entry is. */
const ABSENT_MS = 60_000;

/** Entries do not change. Nothing is remembered where pages are not. */
export function createEntryMemory(pageCacheMs: number): EntryMemory {
  const entries = new LRUCache<string, { entry: AuditLogEntryRep | null }>({ maxSize: REMEMBERED_BYTES });
  return {
    behind: new WeakMap(),
    get: (id) => entries.get(id)?.entry,
    set(id, entry) {
      if (pageCacheMs <= 0) return;
      const size = 500 + 2 * ((entry?.description.length ?? 0) + (entry?.title.length ?? 0));
      const ttl = entry ? REMEMBERED_MS : ABSENT_MS;
      // Whole flags are too large to be kept.
      const listed = entry && { ...entry, isWhole: false, previousVersion: null, currentVersion: null };
      entries.set(id, { entry: listed }, { size, ttl });
    },
  };
}

/** A batch function: in the order of `events`; `null` for one that names no entry. One that fails is an `Error`. */
export async function loadEntries(
  events: readonly FlagEvent[],
  client: AuditLogClient,
  memory: EntryMemory,
  budget: Budget,
): Promise<(AuditLogEntryRep | null | Error)[]> {
  const own = events as readonly LaunchDarklyEvent[];
  const found: Found = new Map();
  const wanted = Map.groupBy(
    own.filter((event) => entryIdOf(event) !== ''),
    entryIdOf,
  );
  for (const [id, [first]] of wanted) {
    // An event that is made of its entry has it.
    const known = first?.wire.entry ?? memory.get(id);
    if (known !== undefined) found.set(id, known ?? absentEntry());
  }
  const missing = [...wanted].filter(([id]) => !found.has(id)).map(toWanted);
  await withShareOf(budget, SHARE_OF_TIME, (part) =>
    findEntries(missing, { client, found, maxSingly: MAX_SINGLY }, part),
  ).catch((error: unknown) => {
    for (const { id } of missing) if (!found.has(id)) found.set(id, toError(error));
  });
  for (const { id } of missing) {
    const entry = found.get(id) ?? absentEntry();
    if (!(entry instanceof Error)) memory.set(id, entry);
    else if (isAbsent(entry)) memory.set(id, null);
  }
  return own.map((event) => {
    const id = entryIdOf(event);
    const entry = id === '' ? null : (found.get(id) ?? absentEntry());
    if (entry !== null && !(entry instanceof Error)) memory.behind.set(event, entry);
    return entry;
  });
}

function toWanted([id, events]: [string, LaunchDarklyEvent[]]): Wanted {
  const resources = events.map(({ environment, flagKey, project }) =>
    resourceOf(project ?? '', environment ?? '', flagKey ?? ''),
  );
  const allSay = events.every(({ wire }) => wire.rep.actions.length > 0);
  return {
    id,
    times: events.map(({ occurredAt }) => occurredAt),
    resources,
    actions: allSay ? events.flatMap(({ wire }) => wire.rep.actions) : null,
  };
}

function entryIdOf({ wire }: LaunchDarklyEvent): string {
  return wire.rep.auditLogEntryId ?? '';
}
