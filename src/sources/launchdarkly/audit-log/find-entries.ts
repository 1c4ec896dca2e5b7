/**
 * Finds entries by their ids. There is no call for several ids, so they are searched for where they are said to be: in runs
 * of ids that lie near each other, all runs at once, and matched by id alone.
 */
import { toError, UpstreamError } from '../../../errors.ts';
import type { Budget } from '../../../model.ts';
import { type AuditLogClient, MAX_ENTRIES } from './client.ts';
import type { AuditLogEntryRep } from './wire.ts';

/** Of twenty entries on a page, so many may be wanted ones: room for strangers that the search lets in. */
const RUN = 16;
/** Whether an event and its entry bear the same time is not documented. */
const SLACK_MS = 5_000;

/** The breakers: one for each kind of call. */
export const PARTS = { search: 'audit log/search', entry: 'audit log/entry' } as const;

export interface Wanted {
  id: string;
  /** When it happened, Unix milliseconds: several, if it is behind events of several environments. */
  times: number[];
  /** What it is about. */
  resources: string[];
  /** What was done, if it is known. */
  actions: string[] | null;
}

export type Found = Map<string, AuditLogEntryRep | Error>;

export interface FindOptions {
  client: AuditLogClient;
  /** Filled as they are found; one that is not there, or fails, is an `Error`. */
  found: Found;
  /** What a search did not bring is asked for by id, so many at most. */
  maxSingly: number;
}

/** Every run in parallel; then, singly, those that did not turn up. */
export async function findEntries(wanted: readonly Wanted[], options: FindOptions, budget: Budget): Promise<void> {
  const { found, maxSingly } = options;
  await Promise.all(
    toRuns(wanted).map((run) =>
      // One that is alone is asked for by name: nothing else can come in between.
      (run.length === 1 ? readSingly(run, options, budget) : searchRun(run, options, budget)).catch(
        (error: unknown) => {
          for (const { id } of run) if (!found.has(id)) found.set(id, toError(error));
        },
      ),
    ),
  );
  const left = wanted.filter(({ id }) => !found.has(id));
  await readSingly(left.slice(0, maxSingly), options, budget);
  for (const { id } of left.slice(maxSingly)) found.set(id, notLookedFor());
}

/** As few runs as {@link RUN} allows, of equal length. */
function toRuns(wanted: readonly Wanted[]): Wanted[][] {
  const byTime = wanted.toSorted((a, b) => (b.times[0] ?? 0) - (a.times[0] ?? 0));
  const count = Math.ceil(byTime.length / RUN);
  return Array.from({ length: count }, (_, index) =>
    byTime.slice(Math.floor((index * byTime.length) / count), Math.floor(((index + 1) * byTime.length) / count)),
  );
}

async function searchRun(run: readonly Wanted[], { client, found }: FindOptions, budget: Budget): Promise<void> {
  const times = run.flatMap((each) => each.times);
  const ids = new Set(run.map(({ id }) => id));
  const resources = [...new Set(run.flatMap((each) => each.resources))];
  const allSay = run.every(({ actions }) => actions !== null);
  const actions = allSay && { actions: [...new Set(run.flatMap((each) => each.actions ?? []))] };
  const search = {
    after: Math.min(...times) - SLACK_MS - 1,
    limit: MAX_ENTRIES,
    statements: [{ effect: 'allow' as const, resources, ...actions }],
  };
  let before = Math.max(...times) + SLACK_MS + 1;
  // Strangers may fill the first page; whoever is not on the second one is asked for by id.
  for (let page = 0; page < 2; page += 1) {
    const { items } = await client.list({ ...search, before }, { budget, part: PARTS.search, isHeavy: true });
    for (const entry of items) if (entry && ids.has(entry._id)) found.set(entry._id, entry);
    const last = items.findLast((entry) => entry !== null);
    if (items.length < MAX_ENTRIES || !last || run.every(({ id }) => found.has(id))) return;
    // A page ends in the middle of a millisecond.
    before = last.date + 1;
  }
}

async function readSingly(wanted: readonly Wanted[], { client, found }: FindOptions, budget: Budget): Promise<void> {
  const call = { budget, part: PARTS.entry, isHeavy: true };
  await Promise.all(wanted.map(async ({ id }) => found.set(id, await client.read(id, call).catch(toError))));
}

function notLookedFor(): Error {
  const message =
    'Too many entries of LaunchDarkly’s audit log are not where their events are: not all were looked for.';
  return new UpstreamError('UPSTREAM_CALLS_SPENT', message);
}
