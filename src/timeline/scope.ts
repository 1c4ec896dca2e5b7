/** What one caller may see, as a value: made of patterns, asked for every row and before anything is asked of an upstream. */
import { hash } from 'node:crypto';
import type { FlagEvent } from '../model.ts';

/** Where an event is. */
export type Place = Pick<FlagEvent, 'source' | 'project' | 'environment'>;

/** `null`: an event of no project, or of no one environment. */
type Part = string | null | typeof ANY;

const ANY = Symbol('any');

/** `source/project/environment`, of which one part or several may stand for many. */
export interface Pattern {
  source: string | typeof ANY;
  project: Part;
  environment: Part;
}

export interface Grant {
  pattern: Pattern;
  /** With the names and addresses of people. */
  personalData: boolean;
}

/** The projects and environments a source has to be asked for, by key; one that is not set cannot be told by keys. */
export interface Narrowing {
  projects?: readonly string[];
  environments?: readonly string[];
  /** Every event in them may be seen: no row has to be looked at. */
  isExact: boolean;
}

export interface Scope {
  /** The same for the same grants. */
  readonly digest: string;
  allows(place: Place): boolean;
  /** Whether there can be an allowed event there; a part that is not given may be anything. */
  canHold(source: string, project?: string | null, environment?: string | null): boolean;
  /** Of a whole source, or of one of its projects. */
  narrowing(source: string, project?: string): Narrowing;
  /** What of it may be seen with the names and addresses of people. A method, so that JSON has no circle. */
  named(): Scope;
  /** Nothing may be seen. */
  readonly isEmpty: boolean;
}

const PATTERN = /^(\*|[a-z][a-z0-9-]*)\/(\*|-|[^/*\s,]+)\/(\*|-|[^/*\s,]+)$/;

/** `undefined` if it is none. `*` is any, no project and no environment included; `-` is none. */
export function parsePattern(text: string): Pattern | undefined {
  const [, source, project, environment] = PATTERN.exec(text) ?? [];
  if (source === undefined || project === undefined || environment === undefined) return undefined;
  const toPart = (part: string): Part => (part === '*' ? ANY : part === '-' ? null : part);
  return { source: source === '*' ? ANY : source, project: toPart(project), environment: toPart(environment) };
}

/** The source that a pattern names; `undefined`: all. */
export function sourceOf({ source }: Pattern): string | undefined {
  return source === ANY ? undefined : source;
}

/** Several grants add up; without any, nothing is allowed. */
export function createScope(grants: readonly Grant[]): Scope {
  const patterns = grants.map(({ pattern }) => pattern);
  const narrowings = new Map<string, Narrowing>();
  let named: Scope | undefined;
  const patternsOf = (source: string, project: string | undefined) =>
    patterns.filter(
      (pattern) => covers(pattern.source, source) && (project === undefined || covers(pattern.project, project)),
    );
  const scope: Scope = {
    digest: digestOf(grants),
    isEmpty: grants.length === 0,
    allows: ({ environment, project, source }) => {
      const [ownProject, ownEnvironment] = [oneOrNone(project), oneOrNone(environment)];
      return patterns.some(
        (pattern) =>
          covers(pattern.source, source) &&
          covers(pattern.project, ownProject) &&
          covers(pattern.environment, ownEnvironment),
      );
    },
    canHold: (source, project, environment) =>
      patterns.some(
        (pattern) =>
          covers(pattern.source, source) &&
          (project === undefined || covers(pattern.project, oneOrNone(project))) &&
          (environment === undefined || covers(pattern.environment, oneOrNone(environment))),
      ),
    narrowing(source, project) {
      const place = project === undefined ? source : `${source}/${project}`;
      const known = narrowings.get(place) ?? narrow(patternsOf(source, project));
      narrowings.set(place, known);
      return known;
    },
    named() {
      const own = grants.filter(({ personalData }) => personalData);
      named ??= own.length === grants.length ? scope : createScope(own);
      return named;
    },
  };
  return scope;
}

function covers(part: Part, value: string | null): boolean {
  return part === ANY || part === value;
}

/** A vendor may write nothing, or `*`, where something concerns all of them. */
function oneOrNone(key: string | null): string | null {
  return key === '' || key === '*' ? null : key;
}

function narrow(patterns: readonly Pattern[]): Narrowing {
  const projects = keysIn(patterns.map(({ project }) => project));
  const environments = keysIn(patterns.map(({ environment }) => environment));
  const [allProjects, allEnvironments]: readonly Part[][] = [projects ?? [ANY], environments ?? [ANY]];
  const isCovered = (project: Part, environment: Part) =>
    patterns.some((pattern) => coversAll(pattern.project, project) && coversAll(pattern.environment, environment));
  const isExact = allProjects?.every((project) =>
    allEnvironments?.every((environment) => isCovered(project, environment)),
  );
  return { ...(projects && { projects }), ...(environments && { environments }), isExact: isExact === true };
}

function coversAll(part: Part, wanted: Part): boolean {
  return part === ANY || part === wanted;
}

/** `undefined` if one of them is not a key. */
function keysIn(parts: readonly Part[]): string[] | undefined {
  const keys = new Set(parts);
  return [...keys].every((part) => typeof part === 'string') ? ([...keys].toSorted() as string[]) : undefined;
}

function digestOf(grants: readonly Grant[]): string {
  const toText = (part: Part) => (part === ANY ? '*' : (part ?? '-'));
  const lines = grants.map(({ pattern: { environment, project, source }, personalData }) =>
    [toText(source), toText(project), toText(environment), personalData].join('/'),
  );
  return hash('sha256', [...new Set(lines)].toSorted().join('\n'), 'base64url').slice(0, 11);
}
