/** What the filter box offers while somebody types. */
import type { Choice } from './address.ts';
import type { FilterChoicesQuery, FlagEventKind } from './generated/graphql.ts';
import { KINDS, kindName } from './kinds.ts';

export interface Suggestion {
  kind: 'env' | 'project' | 'source' | 'kinds' | 'flag' | 'actor' | 'impact';
  value: string;
  label: string;
}

/** The list of a choice that a suggestion goes to. */
const LISTS = {
  env: 'environments',
  project: 'projects',
  source: 'sources',
  kinds: 'kinds',
  flag: 'flags',
  actor: 'actors',
} as const;

/** What people type before a colon. */
const PREFIXES: ReadonlyMap<string, Suggestion['kind']> = new Map([
  ['env', 'env'],
  ['environment', 'env'],
  ['project', 'project'],
  ['source', 'source'],
  ['kind', 'kinds'],
  ['kinds', 'kinds'],
  ['flag', 'flag'],
  ['by', 'actor'],
  ['actor', 'actor'],
  ['impact', 'impact'],
]);

const MAX_SUGGESTIONS = 12;

export function suggest(text: string, choices: FilterChoicesQuery | null, choice: Choice): Suggestion[] {
  const { kind, words } = readPrefix(text);
  const isWanted = (suggestion: Suggestion) =>
    (kind === null || suggestion.kind === kind) && !isChosen(choice, suggestion);
  const known = offered(choices)
    .filter(isWanted)
    .map((suggestion) => ({ suggestion, rank: rank(suggestion, words.toLowerCase()) }))
    .filter(({ rank: found }) => found !== null)
    // It keeps the order of equal ones.
    .toSorted((one, other) => (one.rank ?? 0) - (other.rank ?? 0))
    .map(({ suggestion }) => suggestion);
  const free = (['flag', 'actor'] as const)
    .map((each): Suggestion => ({ kind: each, value: words, label: words }))
    .filter((suggestion) => words !== '' && isWanted(suggestion));
  return [...known.slice(0, MAX_SUGGESTIONS - free.length), ...free];
}

function readPrefix(text: string): { kind: Suggestion['kind'] | null; words: string } {
  const [, prefix = '', rest = ''] = /^\s*([a-z]+):(.*)$/i.exec(text) ?? [];
  const kind = PREFIXES.get(prefix.toLowerCase());
  return kind ? { kind, words: rest.trim() } : { kind: null, words: text.trim() };
}

function offered(choices: FilterChoicesQuery | null): Suggestion[] {
  const sources = choices?.flagSources ?? [];
  const projects = sources.flatMap((source) => source.projects ?? []);
  const environments = projects.flatMap((project) => project.environments ?? []);
  const named = (kind: Suggestion['kind'], values: string[]) =>
    [...new Set(values)].map((value): Suggestion => ({ kind, value, label: value }));
  return [
    ...named(
      'env',
      environments.map(({ key }) => key),
    ),
    ...named(
      'project',
      projects.map(({ key }) => key).filter((key) => key !== '*'),
    ),
    ...(sources.length > 1
      ? named(
          'source',
          sources.map(({ name }) => name),
        )
      : []),
    { kind: 'impact', value: 'large', label: 'large' },
    ...KINDS.map((kind): Suggestion => ({ kind: 'kinds', value: kind, label: kindName(kind) })),
  ];
}

/** How well it fits: wholly, at its beginning, at the beginning of a word, or anywhere. `null`: not at all. */
function rank({ kind, label, value }: Suggestion, words: string): number | null {
  const text = label.toLowerCase();
  if (value.toLowerCase() === words) return 0;
  if (text.startsWith(words)) return 1;
  if (text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(words))) return 2;
  if (text.includes(words)) return 3;
  return kind === 'impact' && 'impact'.startsWith(words) ? 2 : null;
}

function isChosen(choice: Choice, { kind, value }: Suggestion): boolean {
  return kind === 'impact' ? choice.impact !== null : (choice[LISTS[kind]] as string[]).includes(value);
}

export function add(choice: Choice, suggestion: Suggestion): Choice {
  const { kind, value } = suggestion;
  if (isChosen(choice, suggestion)) return choice;
  if (kind === 'impact') return { ...choice, impact: 'large' };
  if (kind !== 'kinds') return { ...choice, [LISTS[kind]]: [...choice[LISTS[kind]], value] };
  // In the order in which an address is read.
  return { ...choice, kinds: KINDS.filter((each) => each === value || choice.kinds.includes(each)) };
}

export function remove(choice: Choice, { kind, value }: Suggestion): Choice {
  if (kind === 'impact') return { ...choice, impact: null };
  return { ...choice, [LISTS[kind]]: (choice[LISTS[kind]] as string[]).filter((each) => each !== value) };
}

/** What has been chosen. */
export function chips(choice: Choice): Suggestion[] {
  const lists = Object.entries(LISTS).flatMap(([kind, list]) =>
    choice[list].map((value): Suggestion => {
      const label = kind === 'kinds' ? kindName(value as FlagEventKind) : value;
      return { kind: kind as Suggestion['kind'], value, label };
    }),
  );
  return choice.impact ? [...lists, { kind: 'impact', value: choice.impact, label: choice.impact }] : lists;
}
