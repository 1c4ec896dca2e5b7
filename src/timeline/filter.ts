/** What a timeline may be narrowed to, and the check that every event passes whatever its upstream claims to have filtered. */
import type { FlagEvent, FlagEventKind, Window } from '../model.ts';
import type { Scope } from './scope.ts';

/** AND between the fields, OR inside a list; an absent list does not restrict. */
export interface EventFilter {
  window: Window;
  kinds?: readonly FlagEventKind[];
  types?: readonly string[];
  flagKeys?: readonly string[];
  projects?: readonly string[];
  environments?: readonly string[];
  /** E-mail addresses or names, compared without regard to case. */
  actors?: readonly string[];
  /** Each vendor's own part, under the vendor's filter field; only that vendor reads it. */
  vendors: Readonly<Record<string, unknown>>;
  /** What the caller may see. @default everything */
  scope?: Scope;
}

export const NO_FILTER: EventFilter = { window: { from: null, to: null }, vendors: {} };

/** Says whether an event passes. */
export type Matcher = (event: FlagEvent) => boolean;

/**
 * Prepares a filter for the rows of one request: each of its values is looked at here, once, and none of them per row
 * (200 names of 240 characters against 1,000 rows: 1.8 s before, 14 ms now).
 */
export function createMatcher(filter: EventFilter): Matcher {
  const { scope, window } = filter;
  const checks = [
    ...(scope ? [scope.allows] : []),
    ...allows(filter.kinds, ({ kind }) => kind),
    ...allows(filter.types, ({ type }) => type),
    ...allows(filter.flagKeys, ({ flagKey }) => flagKey),
    ...allows(filter.projects, ({ project }) => project),
    ...allows(filter.environments, ({ environment }) => environment),
    ...allowsActors(filter.actors),
  ];
  return (event) => inWindow(event.occurredAt, window) && checks.every((check) => check(event));
}

/**
 * The filter that a source, or one of its projects, is asked: with the projects and environments of its scope. `isExact`: rows that pass it pass the
 * scope, too.
 */
export function narrow(
  filter: EventFilter,
  source: string,
  project?: string,
): { filter: EventFilter; isExact: boolean } {
  const { scope } = filter;
  if (scope === undefined) return { filter, isExact: true };
  const { isExact, ...own } = scope.narrowing(source, project);
  const projects = both(filter.projects, own.projects);
  const environments = both(filter.environments, own.environments);
  return { filter: { ...filter, ...(projects && { projects }), ...(environments && { environments }) }, isExact };
}

/** What both lists have; a list that is not there does not restrict. */
export function both<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] | undefined {
  return a && b ? a.filter((item) => b.includes(item)) : (a ?? b);
}

export function inWindow(time: number, { from, to }: Window): boolean {
  return (from === null || time >= from) && (to === null || time < to);
}

function allows<T>(values: readonly T[] | undefined, read: (event: FlagEvent) => T | null): Matcher[] {
  if (values === undefined) return [];
  const allowed: ReadonlySet<T | null> = new Set(values);
  return [(event) => allowed.has(read(event))];
}

function allowsActors(names: readonly string[] | undefined): Matcher[] {
  if (names === undefined) return [];
  const allowed = new Set(names.map((name) => name.toLowerCase()));
  const isAllowed = (name: string) => allowed.has(name.toLowerCase());
  return [
    ({ actor }) =>
      actor !== null &&
      (isAllowed(actor.name) ||
        (actor.email !== null && isAllowed(actor.email)) ||
        (actor.aliases?.some(isAllowed) ?? false)),
  ];
}
