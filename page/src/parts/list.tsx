/** The list. Rows far from sight leave the document; what they took of its height stays. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { NO_CHOICE } from '../address.ts';
import { type Failure, OUTDATED } from '../graph.ts';
import type { Row as RowOfChanges } from '../rows.ts';
import { go, listing, readOn, reload, rows, showWaiting, span, view, waiting } from '../store.ts';
import { Row } from './row.tsx';

const CHUNK = 25;

/** Rows are drawn so far outside of the window, in pixels. */
const MARGIN = 1200;

export function List() {
  const { changes, end, failure, state } = listing.value;
  const all = rows.value;
  const chunks = Array.from({ length: Math.ceil(all.length / CHUNK) }, (_, index) => index * CHUNK);
  return (
    <section aria-labelledby="list-title" class="list">
      <h2 id="list-title" class="unseen">
        Changes, newest first
      </h2>
      <Pill />
      {all.length > 0 && (
        <div role="feed" aria-busy={state === 'loading' || state === 'adding'} aria-label="Changes">
          {chunks.map((first) => (
            <Chunk key={first} rows={all.slice(first, first + CHUNK)} first={first} />
          ))}
        </div>
      )}
      {state === 'loading' && <Skeleton />}
      {failure && <Failed failure={failure} />}
      {state === 'ready' && changes.length === 0 && <Empty />}
      {end !== null && state !== 'failed' && <More />}
      {end === null && changes.length > 0 && state === 'ready' && <p class="end">That is all of it.</p>}
    </section>
  );
}

/** Puts what is new above the list, and goes there. */
export function showNew(): void {
  if (waiting.value.length === 0) return;
  showWaiting();
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-row]')?.focus());
}

/** Changes that have come meanwhile: they never move what is being read. */
function Pill() {
  const count = waiting.value.length;
  if (count === 0) return null;
  return (
    <div class="pill-place">
      <button type="button" class="pill" onClick={showNew} title="Show them (n)">
        ↑ {count} new {count === 1 ? 'change' : 'changes'}
      </button>
    </div>
  );
}

function Chunk({ first, rows: shown }: { first: number; rows: readonly RowOfChanges[] }) {
  const place = useRef<HTMLDivElement>(null);
  const height = useRef(0);
  const isNear = useNearness(place);
  useEffect(() => {
    if (isNear && place.current) height.current = place.current.offsetHeight;
  });
  const isDrawn = isNear || place.current?.contains(document.activeElement) === true;
  return (
    <div ref={place} style={{ minHeight: isDrawn ? 'auto' : `${height.current || shown.length * 72}px` }}>
      {isDrawn && shown.map((row, index) => <Row key={row.id} row={row} position={first + index + 1} />)}
    </div>
  );
}

function useNearness(place: RefObject<HTMLElement | null>): boolean {
  const [isNear, setNear] = useState(true);
  useEffect(() => {
    if (!place.current) return;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? true), {
      rootMargin: `${MARGIN}px 0px`,
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [place]);
  return isNear;
}

/** Reads on when it comes into sight. The button is for who has no wheel. */
function More() {
  const place = useRef<HTMLDivElement>(null);
  const isNear = useNearness(place);
  const { state, end } = listing.value;
  useEffect(() => {
    if (isNear && state === 'ready' && view.value.event === null) readOn();
  }, [isNear, state, end]);
  return (
    <div ref={place} class="more">
      <button type="button" onClick={readOn} disabled={state === 'adding'}>
        {state === 'adding' ? 'Older changes are being read …' : 'Older changes'}
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton">
      <p class="unseen">Changes are being read.</p>
      {[1, 2, 3, 4, 5].map((line) => (
        <div key={line} aria-hidden="true" />
      ))}
    </div>
  );
}

function Failed({ failure: { code, message } }: { failure: Failure }) {
  const isOld = OUTDATED.includes(code);
  const hasChanges = listing.value.changes.length > 0;
  const tryAgain = hasChanges ? readOn : reload;
  return (
    <div class="state" role="alert">
      <h2>
        {isOld
          ? 'The gateway has been updated'
          : hasChanges
            ? 'Older changes could not be read'
            : 'No changes can be shown'}
      </h2>
      <p>{isOld ? 'Load the page again to go on.' : message}</p>
      <button type="button" onClick={isOld ? () => location.reload() : tryAgain}>
        Try again
      </button>
    </div>
  );
}

function Empty() {
  const { choice } = view.value;
  const { sources } = listing.value;
  const isNarrowed = JSON.stringify(choice) !== JSON.stringify(NO_CHOICE);
  const hasFailed = sources.some(({ status }) => status === 'FAILED');
  if (sources.length === 0 && !isNarrowed) {
    return (
      <div class="state">
        <h2>There is no source</h2>
        <p>This gateway reads no account that you may see. Ask whoever runs it.</p>
      </div>
    );
  }
  const { from, to } = span.value;
  const wider = () => go({ span: { form: 'between', from: from - 3 * (to - from), to } });
  return (
    <div class="state">
      <h2>{hasFailed ? 'Nothing is known of this time' : 'Nothing has changed'}</h2>
      <p>
        {hasFailed
          ? 'No source that answers has a change here. What the others have is not known.'
          : `No flag was changed in this time${isNarrowed ? ', as far as the filter lets see' : ''}.`}
      </p>
      <p class="actions">
        <button type="button" onClick={wider}>
          Look further back
        </button>
        {isNarrowed && (
          <button type="button" onClick={() => go({ choice: NO_CHOICE })}>
            Without the filter
          </button>
        )}
      </p>
    </div>
  );
}
