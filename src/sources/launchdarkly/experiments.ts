/**
 * The experiments of events whose page was read without them. LaunchDarkly only gives them with a page, so each page the
 * events came from is asked for once more, with `expand=experiments`: one call for a page, however many events of it ask.
 */
import { toError } from '../../errors.ts';
import type { Budget, FlagEvent } from '../../model.ts';
import type { FlagEventsQuery, LaunchDarklyClient } from './client.ts';
import type { LaunchDarklyEvent, LaunchDarklyRecord } from './event.ts';
import type { Wanted } from './find.ts';
import type { FlagEventExperimentCollection } from './wire.ts';

/** The field of an event that costs a call of its own, unless the page was asked with it. */
export const EXPERIMENTS = 'experiments';

/** Looks events up again, with their experiments, in the feed they came from. */
export type FindAgain = (
  feed: string,
  wanted: readonly Wanted[],
  budget: Budget,
) => Promise<ReadonlyMap<string, LaunchDarklyEvent>>;

/** `null`: the page was not asked for experiments, or it is the audit log's. Without any, LaunchDarkly may leave them out. */
export function experimentsOf({ page, rep }: LaunchDarklyRecord): FlagEventExperimentCollection | null {
  return page?.expand === 'experiments' ? (rep.experiments ?? NONE) : null;
}

const NONE: FlagEventExperimentCollection = { totalCount: 0, items: [] };

/** A batch function: in the order of `events`. A page that fails fails its own events only. */
export async function loadExperiments(
  events: readonly FlagEvent[],
  client: LaunchDarklyClient,
  findAgain: FindAgain,
  budget: Budget,
): Promise<readonly (FlagEventExperimentCollection | Error)[]> {
  const own = events as readonly LaunchDarklyEvent[];
  const results = new Map<LaunchDarklyEvent, FlagEventExperimentCollection | Error>();
  const pages = Map.groupBy(own, ({ wire }) => JSON.stringify(wire.page));
  await Promise.all(
    [...pages.values()].map((group) =>
      loadForPage(group, client, findAgain, budget).then(
        (experiments) => {
          for (const event of group) results.set(event, experiments.get(event.id) ?? NONE);
        },
        (error: unknown) => {
          for (const event of group) results.set(event, toError(error));
        },
      ),
    ),
  );
  return own.map((event) => results.get(event) ?? NONE);
}

/** By event id, for events of one page. */
async function loadForPage(
  events: readonly LaunchDarklyEvent[],
  client: LaunchDarklyClient,
  findAgain: FindAgain,
  budget: Budget,
): Promise<ReadonlyMap<string, FlagEventExperimentCollection>> {
  const [first] = events;
  if (first === undefined || first.wire.page === null) return new Map();
  const expanded: FlagEventsQuery = { ...first.wire.page, expand: 'experiments' };
  const { items } = await client.listFlagEvents(expanded, { budget });
  const experiments = new Map(items.map((rep) => [rep.id, experimentsOf({ rep, page: expanded }) ?? NONE]));
  // The page has moved on since: look for the rest where they happened.
  const strays = events.filter(({ id }) => !experiments.has(id));
  if (strays.length === 0) return experiments;
  const found = await findAgain(first.feed, strays, budget);
  for (const [id, { wire }] of found) experiments.set(id, experimentsOf(wire) ?? NONE);
  return experiments;
}
