/** `FlagEventFilter`: the input type, and its translation into what the timeline reads. */
import type { InputRef } from '@pothos/core';
import { BadInputError, ForbiddenError } from '../errors.ts';
import type { FlagEventKind } from '../model.ts';
import type { Source } from '../sources/source.ts';
import { digestOf } from '../timeline/cursor.ts';
import type { EventFilter } from '../timeline/filter.ts';
import type { Scope } from '../timeline/scope.ts';
import type { Builder } from './builder.ts';
import type { FlagTypes } from './flag-event.ts';
import type { GraphVendor, VendorTypes } from './vendor.ts';

const MAX_VALUES = 200;
const MAX_LENGTH = 250;

/** The input as graphql hands it over. */
export interface FilterInput {
  from?: Date | null | undefined;
  to?: Date | null | undefined;
  sources?: readonly string[] | null | undefined;
  vendors?: readonly string[] | null | undefined;
  kinds?: readonly FlagEventKind[] | null | undefined;
  types?: readonly string[] | null | undefined;
  flagKeys?: readonly string[] | null | undefined;
  projects?: readonly string[] | null | undefined;
  environments?: readonly string[] | null | undefined;
  actors?: readonly string[] | null | undefined;
}

export type FilterRef = InputRef<FilterInput>;

interface FilterVendor {
  definition: GraphVendor;
  types: VendorTypes;
}

export function defineFilter(
  builder: Builder,
  { FlagEventKind, FlagVendor }: FlagTypes,
  vendors: readonly VendorTypes[],
): FilterRef {
  return builder.inputRef<FilterInput>('FlagEventFilter').implement({
    description:
      'Narrows a timeline. Fields are combined with AND, the values of a list with OR; a field left out does not restrict, and an empty list matches nothing. Lists take up to 200 values.',
    fields: (t) => ({
      from: t.field({ type: 'DateTime', description: 'Only events at this moment or later.' }),
      to: t.field({ type: 'DateTime', description: 'Only events before this moment.' }),
      sources: t.stringList({ description: 'Only these sources, by `FlagSource.name`. An unknown name is an error.' }),
      vendors: t.field({ type: [FlagVendor], description: 'Only events from these vendors.' }),
      kinds: t.field({ type: [FlagEventKind], description: 'Only these kinds.' }),
      types: t.stringList({ description: 'Only these words of the vendors, letter for letter.' }),
      flagKeys: t.stringList({ description: 'Only events about these flags, letter for letter.' }),
      projects: t.stringList({ description: 'Only events in these projects, by key.' }),
      environments: t.stringList({
        description:
          'Only events in these environments, by key. Changes that concern every environment have none, and are left out.',
      }),
      actors: t.stringList({ description: 'Only events by these actors: name or e-mail, without regard to case.' }),
      ...Object.fromEntries(
        vendors.map(({ filter: { description, field, type } }) => [field, t.field({ type, description })]),
      ),
    }),
  });
}

/**
 * `scope`: what the caller may see; `null`: everything. Throws {@link BadInputError} naming the argument, or
 * {@link ForbiddenError} if it asks for people that the caller may not see.
 */
export function toEventFilter(input: FilterInput, vendors: readonly FilterVendor[], scope: Scope | null): EventFilter {
  const window = { from: input.from?.getTime() ?? null, to: input.to?.getTime() ?? null };
  if (window.from !== null && window.to !== null && window.from >= window.to) {
    throw new BadInputError('filter.to', '`filter.to` must be later than `filter.from`.');
  }
  const parts = vendors.flatMap(({ definition, types: { filter } }) => {
    const part = (input as Readonly<Record<string, unknown>>)[filter.field];
    if (part === undefined || part === null) return [];
    return [[filter.field, definition.graph.toFilter(part as Record<string, unknown>, `filter.${filter.field}`)]];
  });
  for (const name of ['sources', 'vendors'] as const) if (input[name]) checkList(input[name], `filter.${name}`);
  const lists = (['kinds', 'types', 'flagKeys', 'projects', 'environments', 'actors'] as const).flatMap((name) =>
    input[name] ? [[name, checkList(input[name], `filter.${name}`)]] : [],
  );
  const visible = scope && scopeFor(input, vendors, scope);
  return {
    window,
    ...Object.fromEntries(lists),
    vendors: Object.fromEntries(parts),
    ...(visible && { scope: visible }),
  };
}

/** Who asks for people sees those events only whose people they may see: a filter would tell who it was. */
function scopeFor(input: FilterInput, vendors: readonly FilterVendor[], scope: Scope): Scope {
  const given = input as Readonly<Record<string, unknown>>;
  const ofVendors = vendors.flatMap(({ definition, types: { filter } }) => {
    const part = (given[filter.field] ?? {}) as Readonly<Record<string, unknown>>;
    return definition.graph.namesPeople.flatMap((name) =>
      isGiven(part[name]) ? `filter.${filter.field}.${name}` : [],
    );
  });
  const [argument] = [...(isGiven(input.actors) ? ['filter.actors'] : []), ...ofVendors];
  if (argument === undefined) return scope;
  const named = scope.named();
  if (named.isEmpty && !scope.isEmpty) {
    throw new ForbiddenError(`You may not see who made a change, so you cannot use \`${argument}\`.`, argument);
  }
  return named;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What ties a cursor to its query: the filter, the flag, and what the caller may see. */
export function digestFor(input: FilterInput, scope: Scope | null, flagKey?: string): string {
  return digestOf(scope ? [input, flagKey, { scope: scope.digest }] : [input, flagKey]);
}

/** The sources that the filter leaves. */
export function selectSources(sources: readonly Source[], input: FilterInput): Source[] {
  const unknown = input.sources?.find((name) => sources.every((source) => source.id !== name));
  if (unknown !== undefined) {
    throw new BadInputError(
      'filter.sources',
      '`filter.sources` names a source that does not exist: see `flagSources { name }`.',
    );
  }
  return sources.filter(
    ({ id, vendor }) => (input.sources?.includes(id) ?? true) && (input.vendors?.includes(vendor) ?? true),
  );
}

/** A list short enough to be asked of an upstream. */
export function checkList<T>(values: readonly T[], argument: string): readonly T[] {
  if (values.length > MAX_VALUES) {
    throw new BadInputError(argument, `\`${argument}\` takes at most ${MAX_VALUES} values.`, { max: MAX_VALUES });
  }
  for (const value of values) if (typeof value === 'string') checkText(value, argument);
  return values;
}

export function checkText(value: string, argument: string): string {
  if (value.length > MAX_LENGTH || /\p{Cc}/u.test(value)) {
    throw new BadInputError(
      argument,
      `\`${argument}\` takes text of at most ${MAX_LENGTH} characters, without control characters.`,
    );
  }
  return value;
}
