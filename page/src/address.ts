/** The state of the page is its address: what is in it can be pasted, and comes back exactly. */
import type { FlagEventFilter, FlagEventKind } from './generated/graphql.ts';
import { KINDS } from './kinds.ts';
import { parseMoment } from './moment.ts';

export type Span =
  /** The `minutes` before a moment. */
  | { form: 'around'; around: number; minutes: number }
  /** The end is not in it. */
  | { form: 'between'; from: number; to: number }
  /** The `minutes` before now. */
  | { form: 'latest'; minutes: number };

/** Which changes are kept; an empty list keeps all. */
export interface Choice {
  environments: string[];
  projects: string[];
  flags: string[];
  kinds: FlagEventKind[];
  sources: string[];
  actors: string[];
  impact: 'large' | null;
}

export interface View {
  /** The id of the one change that is shown; `null` for the list. */
  event: string | null;
  span: Span;
  choice: Choice;
  /** Only with `latest`. */
  live: boolean;
}

export const NO_CHOICE: Choice = {
  environments: [],
  projects: [],
  flags: [],
  kinds: [],
  sources: [],
  actors: [],
  impact: null,
};

export const DEFAULT_MINUTES_AROUND = 30;
export const DEFAULT_MINUTES_LATEST = 1440;

const MINUTE = 60_000;
const DAY = 1440;
const MAX_MINUTES = 400 * DAY;

/** The lists of a choice, by the names of their parameters. Each may be repeated. */
const LISTS = {
  env: 'environments',
  project: 'projects',
  flag: 'flags',
  source: 'sources',
  actor: 'actors',
} as const;

/** `root` is where the page stands. What makes no sense in the address is ignored. */
export function readAddress(url: URL, root: URL): View {
  const { searchParams: given } = url;
  const span = readSpan(given);
  const kinds = given.getAll('kinds').join(',').toUpperCase().split(',');
  const lists = Object.entries(LISTS).map(([name, list]) => [list, unique(given.getAll(name))]);
  return {
    event: readEvent(url, root),
    span,
    choice: {
      ...NO_CHOICE,
      ...Object.fromEntries(lists),
      kinds: KINDS.filter((kind) => kinds.includes(kind)),
      impact: given.get('impact') === 'large' ? 'large' : null,
    },
    live: span.form === 'latest' && given.get('live') === '1',
  };
}

/** What is as it is without being said is left out. */
export function writeAddress({ choice, event, live, span }: View, root: URL): string {
  const url = new URL(event === null ? root : new URL(`events/${escapePart(event)}`, root));
  const parameters = [
    ...writeSpan(span),
    ...Object.entries(LISTS).flatMap(([name, list]) => choice[list].map((value): [string, string] => [name, value])),
    ...(choice.kinds.length > 0 ? [['kinds', choice.kinds.join(',').toLowerCase()]] : []),
    ...(choice.impact ? [['impact', choice.impact]] : []),
    ...(live && span.form === 'latest' ? [['live', '1']] : []),
  ].map(([name = '', value = '']) => `${name}=${escapeValue(value)}`);
  url.search = parameters.join('&');
  return url.href;
}

/** As {@link encodeURIComponent}, which throws if half a character is in it. */
function escapePart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Without what people read more easily as it is. */
function escapeValue(value: string): string {
  return escapePart(value).replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%40', '@');
}

export function windowOf(span: Span, now: number): { from: number; to: number } {
  if (span.form === 'between') return { from: span.from, to: span.to };
  const to = span.form === 'around' ? span.around : now;
  return { from: to - span.minutes * MINUTE, to };
}

/** The filter of the graph. A large impact is one in LaunchDarkly: Unleash measures none. */
export function toFilter(choice: Choice, { from, to }: { from?: number; to?: number }): FlagEventFilter {
  const lists = {
    environments: choice.environments,
    projects: choice.projects,
    flagKeys: choice.flags,
    kinds: choice.kinds,
    sources: choice.sources,
    actors: choice.actors,
  };
  return {
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to).toISOString() }),
    ...Object.fromEntries(Object.entries(lists).filter(([, values]) => values.length > 0)),
    ...(choice.impact && { vendors: ['LAUNCHDARKLY'], launchDarkly: { impactSizes: ['LARGE'] } }),
  };
}

function readEvent(url: URL, root: URL): string | null {
  const below = new URL('events/', root).pathname;
  if (!url.pathname.startsWith(below)) return null;
  try {
    return decodeURIComponent(url.pathname.slice(below.length)) || null;
  } catch {
    return null;
  }
}

function readSpan(given: URLSearchParams): Span {
  const [around, from, to] = ['around', 'from', 'to'].map((name) => readMoment(given.get(name)));
  const minutes = readMinutes(given.get('span'));
  if (around) return { form: 'around', around, minutes: minutes ?? DEFAULT_MINUTES_AROUND };
  if (from && to && from < to && to - from <= MAX_MINUTES * MINUTE) return { form: 'between', from, to };
  return { form: 'latest', minutes: minutes ?? DEFAULT_MINUTES_LATEST };
}

function writeSpan(span: Span): [string, string][] {
  if (span.form === 'between') {
    return [
      ['from', writeMoment(span.from)],
      ['to', writeMoment(span.to)],
    ];
  }
  const usual = span.form === 'around' ? DEFAULT_MINUTES_AROUND : DEFAULT_MINUTES_LATEST;
  return [
    ...(span.form === 'around' ? [['around', writeMoment(span.around)] as [string, string]] : []),
    ...(span.minutes === usual ? [] : [['span', writeMinutes(span.minutes)] as [string, string]]),
  ];
}

/** ISO 8601 with an offset, or Unix time in seconds or milliseconds: what means the same to every reader. */
const EXACT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)|\d{10}|\d{13})$/i;

function readMoment(text: string | null): number | null {
  // A plus sign in an address means a blank.
  const given = (text ?? '').trim().replace(/ (\d\d:?\d\d)$/, '+$1');
  return EXACT.test(given) ? (parseMoment(given, new Date(0))?.getTime() ?? null) : null;
}

function writeMoment(time: number): string {
  return new Date(time).toISOString().replace(/(:00)?\.000Z$/, 'Z');
}

const UNITS = { m: 1, h: 60, d: DAY } as const;

function readMinutes(text: string | null): number | null {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text ?? '') ?? [];
  const minutes = Number(count) * UNITS[(unit ?? 'm') as keyof typeof UNITS];
  return minutes > 0 && minutes <= MAX_MINUTES ? minutes : null;
}

function writeMinutes(minutes: number): string {
  const unit = (['d', 'h', 'm'] as const).find((each) => minutes % UNITS[each] === 0) ?? 'm';
  return `${minutes / UNITS[unit]}${unit}`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== ''))];
}
