/** The part of a filter that only Unleash's events know, and what of a filter its search can do. */
import { both, type EventFilter } from '../../timeline/filter.ts';
import { inPieces } from '../../timeline/pieces.ts';
import type { SearchFilter } from './client.ts';
import type { UnleashEvent } from './event.ts';
import { typesOfKinds } from './kinds.ts';

/** The name of this part in `FlagEventFilter`. */
export const FILTER_FIELD = 'unleash';

export interface UnleashFilter {
  /** Anywhere in the old or new state or the tags, without regard to case. */
  text?: string;
  /** `type:value`. An event passes with any of them. */
  tags?: readonly string[];
  groupId?: string;
  createdByUserIds?: readonly number[];
}

/** What the server's search takes into account; older ones ignore what they do not know and list everything. */
export interface Capabilities {
  /** Since 7.0. */
  environment: boolean;
  /** Since 7.0.4, both. */
  groupId: boolean;
  id: boolean;
  /** Since 7.0.5: the sequence inside one millisecond is the same at every call. */
  isOrdered: boolean;
}

/** What to search for. */
export interface Search {
  /** More than one where a list is too long for a URL: together they find what the list stands for. */
  filters: SearchFilter[];
  text: string | undefined;
  /** The server applies every part of the filter. */
  isWhole: boolean;
}

export function unleashPartOf(filter: EventFilter): UnleashFilter {
  // Only this vendor's own input type ever writes here.
  return (filter.vendors[FILTER_FIELD] ?? {}) as UnleashFilter;
}

/** The part of `filter` that the server can apply, and whether that is all of it. */
export function toSearch(
  filter: EventFilter,
  projects: readonly string[] | undefined,
  capabilities: Capabilities,
): Search {
  const { createdByUserIds, groupId, tags, text } = unleashPartOf(filter);
  const wanted: SearchFilter = {
    ...listed('type', typesIn(filter)),
    ...listed('project', both(filter.projects, projects)),
    ...listed('feature', filter.flagKeys),
    ...(capabilities.environment && listed('environment', filter.environments)),
    ...(capabilities.groupId && listed('groupId', groupId === undefined ? undefined : [groupId])),
    ...listed('createdBy', createdByUserIds?.map(String)),
  };
  const { actors, environments, kinds, window } = filter;
  const isWhole =
    window.from === null &&
    window.to === null &&
    actors === undefined &&
    tags === undefined &&
    (capabilities.environment || environments === undefined) &&
    (capabilities.groupId || groupId === undefined) &&
    (kinds === undefined || typesOfKinds(kinds) !== undefined);
  const fitting = fitToUrl(wanted);
  return {
    filters: fitting.filters,
    text: text === undefined ? undefined : escapePattern(text),
    isWhole: isWhole && fitting.isWhole,
  };
}

/** False if some part of the filter lets no event of Unleash through. */
export function canMatch(filter: EventFilter, projects: readonly string[] | undefined): boolean {
  const { createdByUserIds, tags } = unleashPartOf(filter);
  const { actors, environments, flagKeys, kinds } = filter;
  const names = [typesIn(filter), both(filter.projects, projects), flagKeys, environments];
  return (
    [actors, kinds, tags, createdByUserIds].every((list) => list?.length !== 0) &&
    names.every((list) => list === undefined || list.some(isSendable))
  );
}

/** Everything that one event's own fields can tell. */
export function matches({ wire }: UnleashEvent, filter: EventFilter, projects: readonly string[] | undefined): boolean {
  const { createdByUserIds, groupId, tags } = unleashPartOf(filter);
  return (
    (projects === undefined || projects.includes(wire.project ?? '')) &&
    (groupId === undefined || wire.groupId === groupId) &&
    (createdByUserIds === undefined || createdByUserIds.includes(wire.createdByUserId ?? Number.NaN)) &&
    (tags === undefined || wire.tags.some(({ type, value }) => tags.includes(`${type}:${value}`)))
  );
}

/** The text search for a server that has none. */
export function holdsText({ wire }: UnleashEvent, text: string | undefined): boolean {
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [wire.data, wire.preData, wire.tags].some((part) => JSON.stringify(part).toLowerCase().includes(wanted));
}

/** What servers and the proxies before them take, in characters, with room for the other parameters. */
const MAX_QUERY_LENGTH = 5_000;
const MIN_CHUNK_LENGTH = 2_000;

/** The short lists whole, the first that is too long in pieces; any other is left to be checked here. */
function fitToUrl(wanted: SearchFilter): Pick<Search, 'filters' | 'isWhole'> {
  const lists = Object.entries(wanted) as [keyof SearchFilter, readonly string[]][];
  const fitting: SearchFilter = {};
  const tooLong: typeof lists = [];
  let used = 0;
  for (const [name, values] of lists.toSorted(([, a], [, b]) => lengthOf(a) - lengthOf(b))) {
    const length = lengthOf(values);
    if (used + length > MAX_QUERY_LENGTH) tooLong.push([name, values]);
    else {
      fitting[name] = values;
      used += length;
    }
  }
  const [cut] = tooLong;
  if (cut === undefined) return { filters: [fitting], isWhole: true };
  const [name, values] = cut;
  const chunks = inPieces(values, (value) => lengthOf([value]), Math.max(MIN_CHUNK_LENGTH, MAX_QUERY_LENGTH - used));
  const isWhole = chunks.length === 1 && tooLong.length === 1;
  return { filters: chunks.map((chunk) => ({ ...fitting, [name]: chunk })), isWhole };
}

function lengthOf(values: readonly string[]): number {
  // As the client writes them.
  return new URLSearchParams([['', `${values.join(',')},`]]).toString().length;
}

function typesIn({ kinds, types }: EventFilter): readonly string[] | undefined {
  return both(types, kinds && typesOfKinds(kinds));
}

function listed(name: keyof SearchFilter, values: readonly string[] | undefined): SearchFilter {
  return values === undefined ? {} : { [name]: values.filter(isSendable) };
}

/** The server splits at commas and trims: no other value can match. Inside, old names of flags do have blanks. */
function isSendable(value: string): boolean {
  return /^[^,\p{Cc}]+$/u.test(value) && value === value.trim();
}

/** The server puts the text into an SQL `ILIKE`. */
function escapePattern(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
