/** What of a filter LaunchDarkly can be asked for, and what is left to check here. */
import type { Pushdown } from '../../timeline/feed.ts';
import type { EventFilter } from '../../timeline/filter.ts';
import type { FlagEventsQuery } from './client.ts';
import type { LaunchDarklyEvent } from './event.ts';
import { launchDarklyPartOf, toImpactSize } from './filter.ts';

export type FilterQuery = Pick<FlagEventsQuery, 'query' | 'applicationKey' | 'impactSize' | 'hasExperiments'>;

/** The query parameters but for the project, the environment, the window and the place in it. */
export function toQuery(filter: EventFilter): FilterQuery {
  const { applicationKeys, hasExperiments, impactSizes } = launchDarklyPartOf(filter);
  return {
    // Whether it matches whole keys is not documented: the timeline checks the key again.
    query: filter.flagKeys?.length === 1 ? filter.flagKeys[0] : undefined,
    // One value only: a list is not documented.
    impactSize: impactSizes?.length === 1 && impactSizes[0] !== 'OTHER' ? impactSizes[0]?.toLowerCase() : undefined,
    hasExperiments,
    applicationKey: applicationKeys?.join(','),
  };
}

export function pushdown(filter: EventFilter): Pushdown {
  const query = toQuery(filter);
  const isCheckable = query.applicationKey === undefined && query.hasExperiments === undefined;
  return { key: JSON.stringify(query), isWhole: appliesAll(filter), isCheckable };
}

/** Whether changes to every environment at once can pass. */
export function wantsGlobal(filter: EventFilter): boolean {
  return launchDarklyPartOf(filter).global !== false && filter.environments === undefined;
}

/** Whether changes to one environment can pass. */
export function wantsLocal(filter: EventFilter): boolean {
  return launchDarklyPartOf(filter).global !== true;
}

/** False if some part of the filter lets no event of the project through. */
export function canMatch(filter: EventFilter, project: string): boolean {
  const { applicationKeys, impactSizes } = launchDarklyPartOf(filter);
  const { actors, flagKeys, kinds, types } = filter;
  return (
    [applicationKeys, impactSizes, flagKeys, kinds, types, actors].every((list) => list?.length !== 0) &&
    (filter.projects?.includes(project) ?? true)
  );
}

/** The part of the filter that is LaunchDarkly's own. */
export function matches({ environment, wire }: LaunchDarklyEvent, filter: EventFilter): boolean {
  const { global, impactSizes } = launchDarklyPartOf(filter);
  return (
    (global === undefined || global === (environment === null)) &&
    (impactSizes === undefined || impactSizes.some((size) => size === toImpactSize(wire.rep.impact.size)))
  );
}

/** Whether rows will be left out here, so that a page has to hold more than is wanted. */
export function isSifted({ flagKeys, ...rest }: EventFilter): boolean {
  return !appliesAll({ ...rest, window: OPEN }) || (flagKeys !== undefined && flagKeys.length > 1);
}

/** Whether LaunchDarkly applies all of the filter but for its window, whose ends may count, and its one flag. */
export function isCountable({ flagKeys, ...rest }: EventFilter): boolean {
  return appliesAll({ ...rest, window: OPEN }) && (flagKeys === undefined || flagKeys.length === 1);
}

const OPEN: EventFilter['window'] = { from: null, to: null };

function appliesAll(filter: EventFilter): boolean {
  const { global, impactSizes = [] } = launchDarklyPartOf(filter);
  const { actors, flagKeys, kinds, types, window } = filter;
  return (
    [actors, flagKeys, kinds, types].every((list) => list === undefined) &&
    window.from === null &&
    window.to === null &&
    global !== true &&
    (impactSizes.length === 0 || (impactSizes.length === 1 && impactSizes[0] !== 'OTHER'))
  );
}
