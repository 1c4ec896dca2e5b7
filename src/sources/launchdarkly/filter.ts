/** The part of a filter that only LaunchDarkly's events know. */
import type { EventFilter } from '../../timeline/filter.ts';

/** The name of this part in `FlagEventFilter`. */
export const FILTER_FIELD = 'launchDarkly';

export type ImpactSize = 'NONE' | 'SMALL' | 'MEDIUM' | 'LARGE' | 'OTHER';

const SIZE_OF_WORD: ReadonlyMap<string, ImpactSize> = new Map([
  ['none', 'NONE'],
  ['small', 'SMALL'],
  ['medium', 'MEDIUM'],
  ['large', 'LARGE'],
]);

/** LaunchDarkly's word for the size of an impact; null while there is none. */
export function toImpactSize(word: string | null): ImpactSize | null {
  return word === null ? null : (SIZE_OF_WORD.get(word) ?? 'OTHER');
}

export interface LaunchDarklyFilter {
  impactSizes?: readonly ImpactSize[];
  hasExperiments?: boolean;
  /** `true`: only changes to every environment; `false`: only changes to one. */
  global?: boolean;
  applicationKeys?: readonly string[];
}

export function launchDarklyPartOf(filter: EventFilter): LaunchDarklyFilter {
  // Only this vendor's own input type ever writes here.
  return (filter.vendors[FILTER_FIELD] ?? {}) as LaunchDarklyFilter;
}
