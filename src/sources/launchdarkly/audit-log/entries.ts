/**
 * The audit log's entries behind flag events. There is no call for several ids, so they are searched for where the events
 * happened: in runs of events that lie near each other, all runs at once, and matched by id alone.
 */
import { LRUCache } from 'lru-cache';
import { toError, UpstreamError } from '../../../errors.ts';
import type { Budget, FlagEvent } from '../../../model.ts';
import { withShareOf } from '../../../timeline/within-budget.ts';
import type { LaunchDarklyEvent } from '../event.ts';
import { type AuditLogClient, MAX_ENTRIES, resourceOf, type Statement } from './client.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** The field of an event that costs calls of its own. */
export const AUDIT_LOG_ENTRY = 'auditLogEntry';

/** Of twenty entries on a page, so many may be wanted ones: room for strangers that the search lets in. */
const RUN = 16;
/** Whether an event and its entry bear the same time is not documented. */
const SLACK_MS = 5_000;
/** What a search did not bring is asked for by id, so many at most in one batch. */
const MAX_SINGLY = 4;
/** Of a request's time: the page can do without, and has to go out. */
const SHARE_OF_TIME = 0.5;

const PARTS = { search: 'audit log/search', entry: 'audit log/entry' } as const;

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

type Found = Map<string, AuditLogEntryRep | Error>;

/** A batch function: in the order of `events`; `null` for one that names no entry. One that fails is an `Error`. */
export async function loadEntries(
  events: readonly FlagEvent[],
  client: AuditLogClient,
  memory: EntryMemory,
  budget: Budget,
): Promise<(AuditLogEntryRep | null | Error)[]> {
  const own = events as readonly LaunchDarklyEvent[];
  const found: Found = new Map();
  const wanted = Map.groupBy(own, entryIdOf);
  wanted.delete('');
  for (const id of wanted.keys()) {
    const known = memory.get(id);
    if (known !== undefined) found.set(id, known ?? absent());
  }
  const missing = [...wanted].filter(([id]) => !found.has(id)).map(([id, group]) => ({ id, events: group }));
  await withShareOf(budget, SHARE_OF_TIME, (part) => findAll(missing, client, found, part)).catch((error: unknown) => {
    for (const { id } of missing) if (!found.has(id)) found.set(id, toError(error));
  });
  for (const { id } of missing) {
    const entry = found.get(id) ?? absent();
    if (!(entry instanceof Error)) memory.set(id, entry);
    else if (isAbsent(entry)) memory.set(id, null);
  }
  return own.map((event) => {
    const id = entryIdOf(event);
    const entry = id === '' ? null : (found.get(id) ?? absent());
    if (entry !== null && !(entry instanceof Error)) memory.behind.set(event, entry);
    return entry;
  });
}

interface Wanted {
  id: string;
  /** One entry may be behind events of several environments. */
  events: LaunchDarklyEvent[];
}

/** Every run in parallel; then, singly, a few of those that did not turn up. */
async function findAll(wanted: readonly Wanted[], client: AuditLogClient, found: Found, budget: Budget): Promise<void> {
  await Promise.all(
    toRuns(wanted).map((run) =>
      // One that is alone is asked for by name: nothing else can come in between.
      (run.length === 1 ? readSingly(run, client, found, budget) : searchRun(run, client, found, budget)).catch(
        (error: unknown) => {
          for (const { id } of run) if (!found.has(id)) found.set(id, toError(error));
        },
      ),
    ),
  );
  const left = wanted.filter(({ id }) => !found.has(id));
  await readSingly(left.slice(0, MAX_SINGLY), client, found, budget);
  for (const { id } of left.slice(MAX_SINGLY)) found.set(id, notLookedFor());
}

/** As few runs as {@link RUN} allows, of equal length. */
function toRuns(wanted: readonly Wanted[]): Wanted[][] {
  const byTime = wanted.toSorted((a, b) => timeOf(b) - timeOf(a));
  const count = Math.ceil(byTime.length / RUN);
  return Array.from({ length: count }, (_, index) =>
    byTime.slice(Math.floor((index * byTime.length) / count), Math.floor(((index + 1) * byTime.length) / count)),
  );
}

async function searchRun(run: readonly Wanted[], client: AuditLogClient, found: Found, budget: Budget): Promise<void> {
  const events = run.flatMap((each) => each.events);
  const times = events.map(({ occurredAt }) => occurredAt);
  const ids = new Set(run.map(({ id }) => id));
  const search = { after: Math.min(...times) - SLACK_MS - 1, statements: [toStatement(events)], limit: MAX_ENTRIES };
  const call = { budget, part: PARTS.search, isHeavy: true };
  let before = Math.max(...times) + SLACK_MS + 1;
  // Strangers may fill the first page; whoever is not on the second one is asked for by id.
  for (let page = 0; page < 2; page += 1) {
    const { items } = await client.list({ ...search, before }, call);
    for (const entry of items) if (entry && ids.has(entry._id)) found.set(entry._id, entry);
    const last = items.findLast((entry) => entry !== null);
    if (items.length < MAX_ENTRIES || !last || run.every(({ id }) => found.has(id))) return;
    // A page ends in the middle of a millisecond.
    before = last.date + 1;
  }
}

async function readSingly(
  wanted: readonly Wanted[],
  client: AuditLogClient,
  found: Found,
  budget: Budget,
): Promise<void> {
  const call = { budget, part: PARTS.entry, isHeavy: true };
  await Promise.all(wanted.map(async ({ id }) => found.set(id, await client.read(id, call).catch(toError))));
}

function toStatement(events: readonly LaunchDarklyEvent[]): Statement {
  const resources = events.map(({ environment, flagKey, project }) =>
    resourceOf(project ?? '', environment ?? '', flagKey ?? ''),
  );
  const actions = new Set(events.flatMap(({ wire }) => wire.rep.actions));
  const allSay = events.every(({ wire }) => wire.rep.actions.length > 0);
  return { effect: 'allow', resources: [...new Set(resources)], ...(allSay && { actions: [...actions] }) };
}

function entryIdOf({ wire }: LaunchDarklyEvent): string {
  return wire.rep.auditLogEntryId ?? '';
}

function timeOf({ events: [first] }: Wanted): number {
  return first?.occurredAt ?? 0;
}

function isAbsent(error: Error): boolean {
  return error instanceof UpstreamError && error.status === 404;
}

function absent(): Error {
  const message = 'LaunchDarkly has no such entry in its audit log, or not yet.';
  return new UpstreamError('UPSTREAM_UNAVAILABLE', message, { status: 404 });
}

function notLookedFor(): Error {
  const message =
    'Too many entries of LaunchDarkly’s audit log are not where their events are: not all were looked for.';
  return new UpstreamError('UPSTREAM_CALLS_SPENT', message);
}
