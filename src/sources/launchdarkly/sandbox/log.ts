/** What the flag events endpoint does once a request has got that far: its parameters, filters, order and cursors. */
import { compareKeys } from '../../../model.ts';
import type { FlagEventCollectionRep, FlagEventRep, Link } from './data.ts';
import { uuid } from './data.ts';

export const FLAG_EVENTS_PATH = '/api/v2/engineering-insights/flag-events';

export interface FlagEventLogOptions {
  now: () => number;
  linkStyle: 'full' | 'sample';
  clampLimit: boolean;
  queryMatch: 'substring' | 'exact';
  /** Flag key to the keys of the applications it is evaluated in. */
  applications: Readonly<Record<string, readonly string[]>>;
  /** Project key to environment keys, for projects and environments that no event mentions. */
  environments: Readonly<Record<string, readonly string[]>>;
}

/** Ways in which a page may be wrong on purpose. */
export interface PageFaults {
  isAscending?: boolean;
  /** The page begins with the event the previous page ended with. */
  repeatsCursor?: boolean;
  /** The events of one millisecond, if they fit on a page, come in a sequence that belongs to this text. */
  tieOrder?: string | undefined;
}

export interface ParameterProblem {
  attribute: string;
  reason: string;
}

export type FlagEventAnswer =
  | { page: FlagEventCollectionRep }
  | { problems: ParameterProblem[] }
  | { unknown: 'project' | 'environment' };

export interface FlagEventLog {
  /**
   * Adds an event, or replaces the one with its id.
   * `isMeasured: true` withholds its impact (`waiting`) until it is ten minutes old; otherwise it is served as given.
   */
  insert(event: FlagEventRep, options?: { isMeasured: boolean }): void;
  answer(parameters: URLSearchParams, faults?: PageFaults): FlagEventAnswer;
  projects(): { key: string; environments: string[] }[];
}

interface Entry {
  event: FlagEventRep;
  cursor: string;
  isMeasured: boolean;
}

/** Newest first, as the log of each environment is: it repeats the changes to all of them. */
interface ProjectLog {
  global: Entry[];
  byEnvironment: Map<string, Entry[]>;
}

export function createFlagEventLog(options: FlagEventLogOptions): FlagEventLog {
  const { now, applications } = options;
  const byCursor = new Map<string, Entry>();
  const projects = new Map<string, ProjectLog>();
  for (const [project, environments] of Object.entries(options.environments)) {
    // A project may have no environment.
    for (const environment of [undefined, ...environments]) openLog(project, environment);
  }

  function openLog(project: string, environment: string | undefined): ProjectLog {
    const log = projects.get(project) ?? { global: [], byEnvironment: new Map() };
    projects.set(project, log);
    if (environment !== undefined && !log.byEnvironment.has(environment)) {
      log.byEnvironment.set(environment, [...log.global]);
    }
    return log;
  }

  /** The lists that hold, or are to hold, the event. */
  function listsOf({ environmentKey, projectKey }: FlagEventRep): Entry[][] {
    const { byEnvironment, global } = openLog(projectKey, environmentKey);
    if (environmentKey === undefined) {
      return [global, ...byEnvironment.values()];
    }
    const own = byEnvironment.get(environmentKey);
    return own ? [own] : [];
  }

  function insert(event: FlagEventRep, { isMeasured } = { isMeasured: false }): void {
    const entry = { event, cursor: cursorOf(event), isMeasured };
    const replaced = byCursor.get(entry.cursor);
    for (const list of replaced ? listsOf(replaced.event) : []) {
      list.splice(list.indexOf(replaced as Entry), 1);
    }
    byCursor.set(entry.cursor, entry);
    for (const list of listsOf(event)) {
      list.splice(
        countWhile(list, (other) => newestFirst(other, entry) < 0),
        0,
        entry,
      );
    }
  }

  function answer(parameters: URLSearchParams, faults: PageFaults = {}): FlagEventAnswer {
    const { query, problems } = parseQuery(parameters, {
      now: now(),
      clampLimit: options.clampLimit,
      isCursor: (value) => byCursor.has(value),
    });
    if (problems.length > 0) {
      return { problems };
    }
    const log = projects.get(query.projectKey);
    const entries = log?.byEnvironment.get(query.environmentKey);
    if (!entries) {
      return { unknown: log ? 'environment' : 'project' };
    }
    return { page: renderPage(entries, query, parameters, faults) };
  }

  function renderPage(
    entries: Entry[],
    query: FlagEventQuery,
    parameters: URLSearchParams,
    faults: PageFaults,
  ): FlagEventCollectionRep {
    const ordered = inOrder(select(entries, query), faults);
    const { start, end } = findSlice(ordered, query, faults);
    const slice = ordered.slice(start, end);
    const [first, last] = [slice.at(0), slice.at(-1)];
    return {
      totalCount: ordered.length,
      items: slice.map((entry) => present(entry, query)),
      _links: {
        self: link(parameters, null),
        ...(last && end < ordered.length && { next: link(parameters, ['after', last.cursor]) }),
        ...(first && start > 0 && { prev: link(parameters, ['before', first.cursor]) }),
      },
    };
  }

  /** The window is cut out before anything is looked at: a log may be long. */
  function select(entries: Entry[], query: FlagEventQuery): Entry[] {
    const start = countWhile(entries, ({ event }) => event.eventTime > query.to);
    const end = countWhile(entries, ({ event }) => event.eventTime >= query.from);
    return entries.slice(start, end).filter((entry) => matches(entry, query));
  }

  function matches(entry: Entry, query: FlagEventQuery): boolean {
    const { event } = entry;
    return (
      (event.environmentKey !== undefined || query.includesGlobal) &&
      (query.flag === null || matchesFlag(event.flagKey, query.flag)) &&
      (query.applications === null || isEvaluatedIn(event.flagKey, query.applications)) &&
      (query.hasExperiments === null || (event.experiments?.items.length ?? 0) > 0 === query.hasExperiments) &&
      (query.impactSize === null || impactOf(entry).size === query.impactSize)
    );
  }

  function matchesFlag(key: string, wanted: string): boolean {
    return options.queryMatch === 'exact' ? key === wanted : key.toLowerCase().includes(wanted.toLowerCase());
  }

  function isEvaluatedIn(flag: string, wanted: readonly string[]): boolean {
    return applications[flag]?.some((application) => wanted.includes(application)) ?? false;
  }

  /** The place of a cursor is the place of its event, even when the event itself does not match. */
  function findSlice(ordered: Entry[], query: FlagEventQuery, { isAscending, repeatsCursor }: PageFaults) {
    const placeOf = (entry: Entry) => {
      const listed = ordered.indexOf(entry);
      const isBefore = (other: Entry) => newestFirst(other, entry) * (isAscending ? -1 : 1) < 0;
      return listed >= 0 ? { start: listed, end: listed + 1 } : between(countWhile(ordered, isBefore));
    };
    const before = query.before === null ? undefined : byCursor.get(query.before);
    if (before) {
      const { start: end } = placeOf(before);
      return { start: Math.max(0, end - query.limit), end };
    }
    const after = query.after === null ? undefined : byCursor.get(query.after);
    const place = after ? placeOf(after) : between(0);
    // A page of one event that repeated its cursor would never get any further.
    const start = repeatsCursor && query.limit > 1 ? place.start : place.end;
    return { start, end: Math.min(start + query.limit, ordered.length) };
  }

  function present(entry: Entry, query: FlagEventQuery): FlagEventRep {
    const { experiments, ...event } = entry.event;
    return {
      ...event,
      impact: impactOf(entry),
      ...(query.expandsExperiments && { experiments: experiments ?? { totalCount: 0, items: [] } }),
    };
  }

  function impactOf({ event, isMeasured }: Entry): FlagEventRep['impact'] {
    const isYoung = isMeasured && event.environmentKey !== undefined && now() - event.eventTime < TEN_MINUTES;
    return isYoung ? { reason: 'waiting' } : event.impact;
  }

  function link(parameters: URLSearchParams, cursor: [name: 'after' | 'before', value: string] | null): Link {
    return { href: withSearch(searchOf(parameters, cursor)), type: 'application/json' };
  }

  /** `sample` keeps nothing but the cursor, as the published sample does; whether the service does so is unknown. */
  function searchOf(parameters: URLSearchParams, cursor: ['after' | 'before', string] | null): URLSearchParams {
    if (options.linkStyle === 'sample') {
      return new URLSearchParams(cursor ? [cursor] : []);
    }
    if (!cursor) {
      return parameters;
    }
    const kept = new URLSearchParams(parameters);
    kept.delete('after');
    kept.delete('before');
    kept.append(...cursor);
    return kept;
  }

  return {
    insert,
    answer,
    projects: () => [...projects].map(([key, { byEnvironment }]) => ({ key, environments: [...byEnvironment.keys()] })),
  };
}

const MAX_LIMIT = 100;
const TEN_MINUTES = 10 * 60_000;
const SEVEN_DAYS = 7 * 24 * 60 * 60_000;

interface FlagEventQuery {
  projectKey: string;
  environmentKey: string;
  applications: string[] | null;
  flag: string | null;
  impactSize: string | null;
  hasExperiments: boolean | null;
  includesGlobal: boolean;
  expandsExperiments: boolean;
  limit: number;
  /** Both ends belong to the window. */
  from: number;
  to: number;
  after: string | null;
  before: string | null;
}

interface ParseOptions {
  now: number;
  clampLimit: boolean;
  isCursor: (value: string) => boolean;
}

/** Reports every problem, in the order of the documented parameters. An empty value counts as not given. */
function parseQuery(parameters: URLSearchParams, { now, clampLimit, isCursor }: ParseOptions) {
  const problems: ParameterProblem[] = [];
  const complain = (attribute: string, reason: string) => problems.push({ attribute, reason });
  const read = (name: string) => parameters.get(name) || null;

  function readRequired(name: string): string {
    const value = read(name);
    if (value === null) {
      complain(name, 'must be present');
    }
    return value ?? '';
  }

  function readOneOf(name: string, allowed: readonly string[]): string | null {
    const value = read(name);
    if (value !== null && !allowed.includes(value)) {
      complain(name, `must be one of ${allowed.join(', ')}`);
    }
    return value;
  }

  function readInteger(name: string, missing: number): number {
    const value = read(name) ?? String(missing);
    if (!/^-?\d{1,15}$/.test(value)) {
      complain(name, 'must be an integer');
      return missing;
    }
    return Number(value);
  }

  function readLimit(): number {
    const limit = readInteger('limit', 20);
    if (clampLimit) {
      return Math.min(Math.max(limit, 1), MAX_LIMIT);
    }
    if (limit > MAX_LIMIT) {
      complain('limit', `must be less than or equal to ${MAX_LIMIT}`);
    }
    if (limit < 1) {
      complain('limit', 'must be greater than or equal to 1');
    }
    return limit;
  }

  function readWindow(): { from: number; to: number } {
    const from = readInteger('from', now - SEVEN_DAYS);
    const to = readInteger('to', now);
    if (from > to) {
      complain('from', 'must be before to');
    }
    return { from, to };
  }

  function readCursor(name: 'after' | 'before'): string | null {
    const value = read(name);
    if (value !== null && !isCursor(value)) {
      complain(name, 'is not a valid identifier');
    }
    if (name === 'before' && value !== null && read('after') !== null) {
      complain(name, 'must not be combined with after');
    }
    return value;
  }

  const hasExperiments = (value: string | null) => (value === null ? null : value === 'true');
  const query: FlagEventQuery = {
    projectKey: readRequired('projectKey'),
    environmentKey: readRequired('environmentKey'),
    applications: read('applicationKey')?.split(',') ?? null,
    flag: read('query'),
    impactSize: readOneOf('impactSize', ['none', 'small', 'medium', 'large']),
    hasExperiments: hasExperiments(readOneOf('hasExperiments', ['true', 'false'])),
    includesGlobal: readOneOf('global', ['include', 'exclude']) !== 'exclude',
    expandsExperiments: readOneOf('expand', ['experiments']) === 'experiments',
    limit: readLimit(),
    ...readWindow(),
    after: readCursor('after'),
    before: readCursor('before'),
  };
  return { query, problems };
}

/** A UUID, yet not the event's id: a client that makes its own cursors from ids is caught here. */
function cursorOf({ id }: FlagEventRep): string {
  return uuid(`cursor ${id}`);
}

function newestFirst({ event: a }: Entry, { event: b }: Entry): number {
  return b.eventTime - a.eventTime || compareKeys(b.id, a.id);
}

function inOrder(matching: Entry[], { isAscending, tieOrder }: PageFaults): Entry[] {
  const ordered = tieOrder === undefined ? matching : withTies(matching, tieOrder);
  return isAscending ? ordered.toReversed() : ordered;
}

/** What does not fit on one page keeps its sequence: pages that disagree about it could not be put together by anybody. */
function withTies(matching: Entry[], sequence: string): Entry[] {
  const rankOf = ({ event }: Entry) => uuid(`${sequence} ${event.id}`);
  return [...Map.groupBy(matching, ({ event }) => event.eventTime).values()].flatMap((tied) =>
    tied.length > MAX_LIMIT ? tied : tied.toSorted((a, b) => compareKeys(rankOf(a), rankOf(b))),
  );
}

function between(place: number): { start: number; end: number } {
  return { start: place, end: place };
}

/** How many of the ordered entries, from the first one on, satisfy the test, which those after them do not. */
function countWhile(ordered: readonly Entry[], isBefore: (entry: Entry) => boolean): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = ordered[middle];
    if (entry && isBefore(entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function withSearch(search: URLSearchParams): string {
  return search.size === 0 ? FLAG_EVENTS_PATH : `${FLAG_EVENTS_PATH}?${search}`;
}
