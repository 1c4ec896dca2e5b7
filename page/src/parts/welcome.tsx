/** What to do here, for who comes for the first time. */
import { signal } from '@preact/signals';

const SEEN = 'flag-events:seen';

const isNew = signal(location.search === '' && !remembered());

/** A browser may forbid it. */
function remembered(): boolean {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return false;
  }
}

function dismiss(): void {
  isNew.value = false;
  try {
    localStorage.setItem(SEEN, '1');
  } catch {}
}

export function Welcome() {
  if (!isNew.value) return null;
  return (
    <aside class="welcome" aria-label="How to begin">
      <p>
        <strong>Something happened?</strong> Press <kbd>t</kbd> and paste when: <code>14:05</code>,{' '}
        <code>10 min ago</code> or a time of your alert. Press <kbd>/</kbd> to keep one environment or flag. The address
        of this page always leads back to what it shows: paste it where others look for the cause.
      </p>
      <button type="button" onClick={dismiss}>
        Got it
      </button>
    </aside>
  );
}
