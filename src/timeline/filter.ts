/** What a timeline may be narrowed to, and the check that every event passes whatever its upstream claims to have filtered. */
import type { FlagEvent, FlagEventKind, Window } from '../model.ts';

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
}

export const NO_FILTER: EventFilter = { window: { from: null, to: null }, vendors: {} };

export function matchesFilter(event: FlagEvent, filter: EventFilter): boolean {
  return (
    inWindow(event.occurredAt, filter.window) &&
    includes(filter.kinds, event.kind) &&
    includes(filter.types, event.type) &&
    includes(filter.flagKeys, event.flagKey) &&
    includes(filter.projects, event.project) &&
    includes(filter.environments, event.environment) &&
    (filter.actors === undefined || isOneOf(event, filter.actors))
  );
}

export function inWindow(time: number, { from, to }: Window): boolean {
  return (from === null || time >= from) && (to === null || time < to);
}

function includes<T>(allowed: readonly T[] | undefined, value: T | null): boolean {
  return allowed === undefined || (value !== null && allowed.includes(value));
}

function isOneOf({ actor }: FlagEvent, names: readonly string[]): boolean {
  if (actor === null) return false;
  const own = [actor.name, actor.email, ...(actor.aliases ?? [])].map((name) => name?.toLowerCase());
  return names.some((name) => own.includes(name.toLowerCase()));
}
