/**
 * The batches of one request. What its resolvers ask for in the same tick is asked of a source together; two fields that
 * ask the same get one answer. Nothing here outlives the request.
 */
import DataLoader from 'dataloader';
import type { Budget, EventReference, FlagEvent } from '../model.ts';
import type { Source } from '../sources/source.ts';
import type { Feed, FeedPage, FeedRequest } from '../timeline/feed.ts';
import { NO_FILTER } from '../timeline/filter.ts';
import { type Read, readTogether } from '../timeline/read-together.ts';
import type { Scope } from '../timeline/scope.ts';

export interface Loaders {
  /** As `feed.read`. */
  readFeed(feed: Feed, request: FeedRequest): Promise<FeedPage>;
  /** `null` if there is no such event, none that the caller may see, or no such source of this vendor. */
  loadEvent(vendor: string, reference: EventReference, fields: ReadonlySet<string>): Promise<FlagEvent | null>;
  /**
   * A field of an event that may cost a call of its own: a promise only if it has to be asked for. `null` if the event's
   * source does not know it.
   */
  loadField<T>(event: FlagEvent, field: string): Promise<T | null> | T | null;
}

/** `scope`: what the caller may see; `null`: everything. */
export function createLoaders(sources: readonly Source[], budget: Budget, scope: Scope | null): Loaders {
  // A batch may hand out promises: what is loaded settles with its own.
  const reads = new DataLoader<Read, FeedPage>(async (batch) => readTogether(batch) as unknown as FeedPage[], {
    cache: false,
  });
  const bySource = perKey((id: string) => {
    const source = sources.find((each) => each.id === id);
    return source && createSourceLoaders(source, budget);
  });

  return {
    readFeed: (feed, request) => reads.load({ feed, request }),
    async loadEvent(vendor, reference, fields) {
      const own = bySource(reference.source);
      if (own?.source.vendor !== vendor || (scope && !canHold(own.source, reference, scope))) return null;
      const event = await own.events.load({ reference, fields });
      return event && (scope?.allows(event) ?? true) ? event : null;
    },
    loadField(event, field) {
      const own = bySource(event.source);
      return (own?.source.knownFields?.[field]?.(event) ?? own?.field(field)?.load(event) ?? null) as never;
    },
  };
}

/** Whether the part of the source that an event is said to be of can hold one that may be seen. */
function canHold({ parts }: Source, { feed }: EventReference, scope: Scope): boolean {
  const part = parts.find(({ key }) => feed === key || feed.startsWith(`${key}/`));
  return part?.canMatch?.({ ...NO_FILTER, scope }) ?? true;
}

function createSourceLoaders(source: Source, budget: Budget) {
  const nameOf = createNames();
  const events = new DataLoader<{ reference: EventReference; fields: ReadonlySet<string> }, FlagEvent | null>(
    (wanted) => {
      const fields = new Set([...new Set(wanted.map((each) => each.fields))].flatMap((each) => [...each]));
      const references = wanted.map(({ reference }) => reference);
      return source.loadEvents(references, fields, budget);
    },
    { cacheKeyFn: ({ fields, reference }) => `${nameOf(fields)} ${JSON.stringify(reference)}` as never },
  );
  const field = perKey((name: string) => {
    const load = source.fieldLoaders[name];
    return load && new DataLoader<FlagEvent, unknown>((all) => load(all, budget) as Promise<(unknown | Error)[]>);
  });
  return { source, events, field };
}

/** Sets of fields by short names. Look-ahead gives the items of a list the same set. */
function createNames(): (fields: ReadonlySet<string>) => number {
  const byFields = new Map<ReadonlySet<string>, number>();
  const byText = new Map<string, number>();
  return (fields) => {
    const known = byFields.get(fields);
    if (known !== undefined) return known;
    const text = [...fields].join(' ');
    const name = byText.get(text) ?? byText.size;
    byText.set(text, name);
    byFields.set(fields, name);
    return name;
  };
}

function perKey<T>(create: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    if (!made.has(key)) made.set(key, create(key));
    return made.get(key) as T;
  };
}
