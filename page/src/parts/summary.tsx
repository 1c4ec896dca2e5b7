/** The first line: one sentence that says how much has changed. */
import { useEffect } from 'preact/hooks';
import type { View } from '../address.ts';
import { kindName } from '../kinds.ts';
import { showLength, showMinute, zoneName } from '../moment.ts';
import { announcement, type Counts, density, isChosen, listing, loadedAt, span, view } from '../store.ts';
import { Inner } from './link.tsx';

export function Summary() {
  const { counts, large, state } = density.value;
  const places = placesOf(view.value.choice);
  const when = whenOf(view.value, span.value, loadedAt.value);
  const isLoading = state === 'loading';
  const total = counts && !isLoading ? totalOf(counts) : null;
  const sentence = isLoading ? `What changed ${places}${when}?` : `${howMany(total, counts)} ${places}${when}`;
  const isShown = view.value.event === null;
  useEffect(() => {
    if (isShown) document.title = sentence;
    if (isShown && !isLoading) announcement.value = sentence;
  }, [sentence, isShown, isLoading]);

  return (
    <div class="summary">
      <h1 aria-busy={isLoading}>
        {sentence}
        {!isLoading && large !== null && large > 0 && (
          <>
            , <Inner to={{ choice: { ...view.value.choice, impact: 'large' } }}>{large} with large impact</Inner>
          </>
        )}
        {!isLoading && '.'}
      </h1>
      <p class="zone">Times are those of {zoneName(span.value.to)}.</p>
    </div>
  );
}

/** What the bars of the span add up to, and the list. */
function totalOf({ buckets }: Counts): number {
  return buckets.filter(isChosen).reduce((sum, { total }) => sum + total, 0);
}

function howMany(total: number | null, counts: Counts | null): string {
  if (total === null) {
    const { changes, end } = listing.value;
    return `${changes.length}${end === null ? '' : ' or more'} changes`;
  }
  const words = `${total.toLocaleString('en')} ${total === 1 ? 'change' : 'changes'}`;
  return counts?.isComplete ? words : `At least ${words}`;
}

function placesOf({ actors, environments, flags, impact, kinds, projects, sources }: View['choice']): string {
  const words = [
    flags.length > 0 && `of ${list(flags)}`,
    kinds.length > 0 && `(${list(kinds.map(kindName)).toLowerCase()})`,
    environments.length > 0 && `in ${list(environments)}`,
    projects.length > 0 && `in project ${list(projects)}`,
    sources.length > 0 && `from ${list(sources)}`,
    actors.length > 0 && `by ${list(actors)}`,
    impact === 'large' && 'with large impact',
  ].filter((word) => word !== false);
  return words.length > 0 ? `${words.join(' ')} ` : '';
}

function list(words: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(words);
}

function whenOf({ live, span: wanted }: View, { from, to }: { from: number; to: number }, now: number): string {
  if (live) return `since ${showMinute(from, now)}`;
  if (wanted.form === 'latest') return `in the last ${showLength(to - from).replace(/^1 /, '')}`;
  if (wanted.form === 'around') return `in the ${showLength(to - from)} before ${showMinute(to, now)}`;
  return `from ${showMinute(from, now)} to ${showMinute(to, now)}`;
}
