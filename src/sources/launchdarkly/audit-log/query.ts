/** What of a filter the audit log can be asked for. Everything is checked again on what it gives. */
import { type EventFilter, narrow } from '../../../timeline/filter.ts';
import { launchDarklyPartOf } from '../filter.ts';
import { actionsOf } from '../kinds.ts';
import { flagsOf, type Statement } from './client.ts';

/** How many resources a call takes is not documented: beyond so many, all flags are asked for and sifted here. */
const MAX_RESOURCES = 50;

export interface Scope {
  source: string;
  project: string;
  /** `null`: all of them. */
  environments: readonly string[] | null;
}

/** Never empty. */
export function toStatements({ environments, project, source }: Scope, given: EventFilter): Statement[] {
  const { filter } = narrow(given, source, project);
  const { flagKeys = ['*'] } = filter;
  const asked = withinScope(environments, filter.environments);
  const choices = [flagKeys.flatMap((flag) => flagsOf(project, asked, flag)), flagsOf(project, asked)];
  const resources = choices.find(({ length }) => length <= MAX_RESOURCES) ?? flagsOf(project, null);
  const actions = actionsIn(filter);
  return [{ effect: 'allow', resources: [...new Set(resources)], ...(actions && { actions }) }];
}

/** False if some part of the filter lets no entry through, or asks for what the audit log does not know. */
export function canMatch({ environments, project, source }: Scope, given: EventFilter): boolean {
  const { filter } = narrow(given, source, project);
  const { applicationKeys, hasExperiments, impactSizes } = launchDarklyPartOf(filter);
  const { actors, flagKeys, kinds, types } = filter;
  return (
    [applicationKeys, hasExperiments, impactSizes].every((part) => part === undefined) &&
    [flagKeys, kinds, types, actors].every((list) => list?.length !== 0) &&
    (filter.projects?.includes(project) ?? true) &&
    withinScope(environments, filter.environments)?.length !== 0 &&
    actionsIn(filter)?.length !== 0
  );
}

function withinScope(own: readonly string[] | null, asked: readonly string[] | undefined): readonly string[] | null {
  if (asked === undefined) return own;
  return own === null ? asked : asked.filter((environment) => own.includes(environment));
}

/** `null`: any. The type of such an event is its action. */
function actionsIn({ kinds, types }: EventFilter): string[] | null {
  const ofKinds = kinds && actionsOf(kinds);
  if (types === undefined) return ofKinds ?? null;
  return ofKinds ? types.filter((type) => ofKinds.includes(type)) : [...types];
}
