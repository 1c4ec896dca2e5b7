/** What the page shows, as signals. The address says which; everything else follows from it. */
import { batch, computed, effect, signal } from '@preact/signals';
import { readAddress, toFilter, type View, windowOf, writeAddress } from './address.ts';
import {
  FilterChoicesDocument,
  type FilterChoicesQuery,
  type FlagEventFilter,
  PageCountsDocument,
  type PageCountsQuery,
  PageListDocument,
  type PageListQuery,
  type PageListQueryVariables,
} from './generated/graphql.ts';
import { ask, askInParts, Failure, key, root } from './graph.ts';
import { type Batch, type Connection, follow } from './live.ts';
import { type Change, toRows } from './rows.ts';

export type SourceState = NonNullable<PageListQuery['flagEvents']>['sources'][number];
export type Counts = NonNullable<PageCountsQuery['flagEventCounts']>;

/** The first page is small, so that it comes soon. */
const FIRST_PAGE = 50;
const FURTHER_PAGE = 100;

export const view = signal<View>(readAddress(new URL(location.href), root));

/** The moment that "now" means on the page, until it is loaded again. */
export const loadedAt = signal(Date.now());

/** The end of what is shown, if it is live. */
const shownUntil = signal(Date.now());

export const span = computed(() => {
  const { from, to } = windowOf(view.value.span, loadedAt.value);
  return { from, to: view.value.live ? shownUntil.value : to };
});

export interface Listing {
  state: 'loading' | 'ready' | 'adding' | 'failed';
  /** A cursor is of use with the same filter only. */
  filter: FlagEventFilter;
  changes: Change[];
  sources: SourceState[];
  /** Where to read on; `null` at the end. */
  end: string | null;
  failure: Failure | null;
}

const NOTHING: Listing = { state: 'loading', filter: {}, changes: [], sources: [], end: null, failure: null };

export const listing = signal<Listing>(NOTHING);
export const rows = computed(() => toRows(listing.value.changes));

export interface Density {
  state: 'loading' | 'ready' | 'failed';
  counts: Counts | null;
  /** How many changes of the span had a large impact. */
  large: number | null;
}

export const density = signal<Density>({ state: 'loading', counts: null, large: null });

/** What has happened since the list was read and is not in it yet, the newest first. */
export const waiting = signal<Change[]>([]);
export const connection = signal<Connection | 'off'>('off');
/** Why nothing is followed although it should be. */
export const liveFailure = signal<Failure | null>(null);
/** How long after it happened the last change came, by source. */
export const lags = signal<ReadonlyMap<string, number>>(new Map());

export const choices = signal<FilterChoicesQuery | null>(null);

/** The gateway asks who is there. */
export const needsKey = signal(false);

/** Told to who cannot see it. */
export const announcement = signal('');

/** Four or five times the span are that many bars: one begins, and one ends, where the span does. So they add up to the list. */
const BARS = 120;

/** What the bars span: the chosen span, three times as long before it, and as long after it if there has been an after. */
function bandOf({ from, to }: { from: number; to: number }, now: number): { from: number; to: number } {
  const length = to - from;
  return { from: from - 3 * length, to: to < now ? to + length : to };
}

const band = computed(() => bandOf(span.value, loadedAt.value));

/** Whether a bar is one of the chosen span. */
export function isChosen({ from, to }: Counts['buckets'][number]): boolean {
  return Date.parse(from) >= span.value.from && Date.parse(to) <= span.value.to;
}

/** Goes somewhere else on the page. */
export function go(change: Partial<View>): void {
  const next = { ...view.value, ...change };
  if (next.span.form !== 'latest') next.live = false;
  const href = writeAddress(next, root);
  if (href === location.href) return;
  history.pushState(null, '', href);
  view.value = next;
}

export function hrefOf(change: Partial<View>): string {
  return writeAddress({ ...view.value, ...change }, root);
}

addEventListener('popstate', () => {
  view.value = readAddress(new URL(location.href), root);
});

/** What the list and the counts depend on: to open a change, and to come back, does not ask for them again. */
const question = computed(() => {
  const { choice, live, span: wanted } = view.value;
  return JSON.stringify({ choice, live, wanted, key: key.value });
});

let current = new AbortController();
let stopFollowing = () => {};

/** Reads everything again, as of now. */
export function reload(): void {
  current.abort();
  current = new AbortController();
  stopFollowing();
  stopFollowing = () => {};
  batch(() => {
    needsKey.value = false;
    loadedAt.value = Date.now();
    shownUntil.value = loadedAt.value;
    waiting.value = [];
    connection.value = 'off';
    liveFailure.value = null;
    listing.value = NOTHING;
    density.value = { ...density.value, state: 'loading' };
  });
  readList(current.signal);
  readCounts(current.signal);
}

/** While it is live, the list has no end that new changes could lie behind. */
function filterOfList(): FlagEventFilter {
  const { choice, live } = view.value;
  const { from, to } = span.value;
  return toFilter(choice, live ? { from } : { from, to });
}

async function readList(signal: AbortSignal): Promise<void> {
  const filter = filterOfList();
  const isLive = view.value.live;
  await readPage({ first: FIRST_PAGE, filter, after: null }, signal, (start) => {
    if (isLive) stopFollowing = following(filter, start);
  });
}

/** The next page, at the end of the list. */
export async function readOn(): Promise<void> {
  const { changes, end, filter, state } = listing.value;
  if (end === null || state === 'loading' || state === 'adding') return;
  listing.value = { ...listing.value, state: 'adding', failure: null };
  await readPage({ first: FURTHER_PAGE, filter, after: end }, current.signal, () => {
    announcement.value = `Older changes: ${listing.value.changes.length - changes.length}.`;
  });
}

/** Adds a page to the list as soon as it is there, and later what was deferred. */
async function readPage(
  variables: PageListQueryVariables & { filter: FlagEventFilter },
  signal: AbortSignal,
  onAdded: (start: string | null) => void,
): Promise<void> {
  let isThere = false;
  try {
    for await (const { flagEvents } of askInParts(PageListDocument, variables, signal)) {
      if (!flagEvents) return;
      const page = flagEvents.edges.map(({ node }) => node);
      const { changes, sources } = listing.value;
      if (isThere) listing.value = { ...listing.value, changes: replaced(changes, page) };
      else {
        const { endCursor, hasNextPage, startCursor } = flagEvents.pageInfo;
        listing.value = {
          state: 'ready',
          filter: variables.filter,
          changes: [...changes, ...page],
          sources: addedUp(sources, flagEvents.sources),
          end: hasNextPage ? endCursor : null,
          failure: null,
        };
        onAdded(startCursor);
        isThere = true;
      }
    }
  } catch (error) {
    if (!signal.aborted) listing.value = { ...listing.value, state: 'failed', failure: toFailure(error) };
  }
}

function toFailure(error: unknown): Failure {
  const failure = error instanceof Failure ? error : new Failure('UNREACHABLE', String(error));
  if (failure.code === 'UNAUTHENTICATED') needsKey.value = true;
  return failure;
}

async function readCounts(signal: AbortSignal): Promise<void> {
  const { choice } = view.value;
  const filter = toFilter(choice, band.value);
  const largeFilter = toFilter({ ...choice, impact: 'large' }, span.value);
  try {
    const { flagEventCounts: counts } = await ask(PageCountsDocument, { filter, buckets: BARS }, signal);
    density.value = { state: 'ready', counts, large: null };
    // Only now: what has been read for the bars is remembered, and most of it need not be asked for again.
    const large = await ask(PageCountsDocument, { filter: largeFilter, buckets: 1 }, signal);
    density.value = { ...density.value, large: large.flagEventCounts?.total ?? null };
  } catch {
    // Why is told by the list.
    if (!signal.aborted) density.value = { state: 'failed', counts: null, large: null };
  }
}

/** Asked once, when a reader begins to filter. */
export async function readChoices(): Promise<void> {
  if (choices.value) return;
  // The filter works without them.
  choices.value = await ask(FilterChoicesDocument, {}).catch(() => null);
}

function following(filter: FlagEventFilter, since: string | null): () => void {
  return follow({
    filter,
    since,
    onBatch: take,
    onConnection: (state) => {
      connection.value = state;
    },
    onFailure: (failure) => {
      liveFailure.value = toFailure(failure);
      connection.value = 'off';
    },
  });
}

/** What is new waits; what has been completed is put in its place, where nothing moves by it. */
function take({ edges, sources, updated }: Batch): void {
  const arrived = Date.now();
  batch(() => {
    if (edges.length > 0) {
      const known = new Set([...waiting.value, ...listing.value.changes].map(({ id }) => id));
      const added = edges.map(({ node }) => node as Change).filter(({ id }) => !known.has(id));
      waiting.value = newestFirst([...added, ...waiting.value]);
      lags.value = new Map([...lags.value, ...added.toReversed().map((each) => lagOf(each, arrived))]);
      announcement.value = `New changes: ${waiting.value.length}.`;
    }
    waiting.value = replaced(waiting.value, updated as Change[]);
    listing.value = { ...listing.value, sources, changes: replaced(listing.value.changes, updated as Change[]) };
  });
}

function lagOf({ occurredAt, source }: Change, arrived: number): [string, number] {
  return [source.name, Math.max(0, arrived - Date.parse(occurredAt))];
}

/** Puts what is waiting into the list. */
export function showWaiting(): void {
  batch(() => {
    listing.value = { ...listing.value, changes: newestFirst([...waiting.value, ...listing.value.changes]) };
    waiting.value = [];
    shownUntil.value = Date.now();
  });
  readCounts(current.signal);
}

function newestFirst(changes: Change[]): Change[] {
  return changes.toSorted((one, other) => Date.parse(other.occurredAt) - Date.parse(one.occurredAt));
}

/** Those that have a newer version get it; what has come late before, such as experiments, stays. */
function replaced(changes: Change[], newer: readonly Change[]): Change[] {
  if (newer.length === 0) return changes;
  const byId = new Map(newer.map((change) => [change.id, change]));
  return changes.map((change) => ({ ...change, ...byId.get(change.id) }) as Change);
}

/** Of all pages: the state is the last one's, what is missing is missing from the list. */
function addedUp(known: readonly SourceState[], more: readonly SourceState[]): SourceState[] {
  return more.map((state) => {
    const before = known.find(({ source }) => source.id === state.source.id);
    return {
      ...state,
      skippedEvents: state.skippedEvents + (before?.skippedEvents ?? 0),
      missingDetails: state.missingDetails + (before?.missingDetails ?? 0),
    };
  });
}

/** From the first call on, the page follows its address. */
export function start(): void {
  let answered = '';
  effect(() => {
    if (view.value.event !== null || question.value === answered) return;
    answered = question.value;
    // Not now: it reads what it must not be called again for.
    queueMicrotask(reload);
  });
}
