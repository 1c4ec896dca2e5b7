/** The keys, each with what it does, and the list of them. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { go, span, view } from '../store.ts';
import { showNew } from './list.tsx';

const isHelpOpen = signal(false);

interface Key {
  keys: readonly string[];
  does: string;
  /** Without it, what has the focus handles the key itself. */
  act?: () => void;
}

const KEYS: readonly Key[] = [
  { keys: ['/'], does: 'Filter', act: () => focusOn('filter') },
  { keys: ['t'], does: 'Choose a time', act: () => focusOn('around') },
  { keys: ['['], does: 'Earlier', act: () => shift(-1) },
  { keys: [']'], does: 'Later', act: () => shift(1) },
  { keys: ['j'], does: 'Next change', act: () => step(1) },
  { keys: ['k'], does: 'Previous change', act: () => step(-1) },
  { keys: ['Enter'], does: 'Open the change' },
  { keys: ['e'], does: 'Show or hide what exactly was changed' },
  { keys: ['l'], does: 'Live: show that something has happened since', act: toggleLive },
  { keys: ['n'], does: 'Show the new changes that are waiting', act: showNew },
  { keys: ['Shift', '←', '→'], does: 'In the chart: choose a span, then Enter' },
  { keys: ['Esc'], does: 'Back' },
  { keys: ['?'], does: 'These keys', act: () => openHelp() },
];

export function openHelp(): void {
  isHelpOpen.value = true;
}

export function focusOn(id: string): void {
  document.getElementById(id)?.focus();
}

/** The same length of time, so many lengths later. Nothing lies in the future. */
export function shift(lengths: number): void {
  const { from, to } = span.value;
  const by = lengths * (to - from);
  if (from + by >= Date.now()) return;
  go({ event: null, span: { form: 'between', from: from + by, to: to + by } });
}

export function toggleLive(): void {
  const { live, span: wanted } = view.value;
  const { from, to } = span.value;
  const minutes = Math.max(1, Math.round((to - from) / 60_000));
  if (live || wanted.form === 'latest') go({ live: !live });
  else go({ event: null, live: true, span: { form: 'latest', minutes } });
}

/** To the row that follows the one with the focus. */
export function step(by: 1 | -1): void {
  const shown = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = shown.findIndex((row) => row.contains(document.activeElement));
  const next = at === -1 ? firstInSight(shown) : shown[at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function firstInSight(shown: readonly HTMLElement[]): HTMLElement | undefined {
  return shown.find((row) => row.getBoundingClientRect().top >= 0) ?? shown[0];
}

/** The keys of the whole page. They are not taken from who is typing. */
export function useKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      if (event.key === 'Escape' && view.value.event !== null && !isHelpOpen.value) return go({ event: null });
      if (isHelpOpen.value) return;
      const known = KEYS.find(({ act, keys }) => act && keys[0] === event.key);
      if (!known) return;
      event.preventDefault();
      known.act?.();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea');
}

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = () => {
    isHelpOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="help" aria-labelledby="keys" onClose={close}>
      <h2 id="keys">Keys</h2>
      <dl>
        {KEYS.map(({ does, keys }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={close}>
        Close
      </button>
    </dialog>
  );
}
