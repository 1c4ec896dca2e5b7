/** One box for all filters: a combobox that completes what the sources have. */
import { useState } from 'preact/hooks';
import { NO_CHOICE } from '../address.ts';
import { choices, go, readChoices, view } from '../store.ts';
import { add, chips, remove, type Suggestion, suggest } from '../suggest.ts';

const WORDS = {
  env: 'environment',
  project: 'project',
  source: 'source',
  kinds: 'kind',
  flag: 'flag',
  actor: 'changed by',
  impact: 'impact',
} as const satisfies Record<Suggestion['kind'], string>;

export function FilterBox() {
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const { choice } = view.value;
  const chosen = chips(choice);
  const offered = isOpen ? suggest(text, choices.value, choice) : [];
  const active = Math.min(at, offered.length - 1);

  function take(suggestion: Suggestion | undefined): void {
    if (!suggestion) return;
    setText('');
    setAt(0);
    go({ choice: add(choice, suggestion) });
  }

  function press(event: KeyboardEvent & { currentTarget: HTMLInputElement }): void {
    const last = chosen.at(-1);
    if (event.key === 'ArrowDown') setAt(Math.min(active + 1, offered.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(active - 1, 0));
    else if (event.key === 'Enter') take(offered[active]);
    else if (event.key === 'Backspace' && text === '' && last) go({ choice: remove(choice, last) });
    else if (event.key === 'Escape' && isOpen && text !== '') setText('');
    else if (event.key === 'Escape') event.currentTarget.blur();
    else return;
    event.preventDefault();
  }

  return (
    <div class="filter">
      {chosen.length > 0 && (
        <ul class="chips" aria-label="Filters">
          {chosen.map((chip) => (
            <li key={`${chip.kind} ${chip.value}`}>
              <button type="button" class="chip" onClick={() => go({ choice: remove(choice, chip) })}>
                {WORDS[chip.kind]}: <strong>{chip.label}</strong> <span aria-hidden="true">×</span>
                <span class="unseen">remove</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="combobox">
        <label for="filter" class="unseen">
          Filter
        </label>
        <input
          id="filter"
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          placeholder="Filter: environment, flag, person …"
          aria-expanded={offered.length > 0}
          aria-controls="suggestions"
          aria-autocomplete="list"
          aria-activedescendant={offered[active] ? `suggestion-${active}` : undefined}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setAt(0);
          }}
          onFocus={() => {
            setOpen(true);
            readChoices();
          }}
          onBlur={() => setOpen(false)}
          onKeyDown={press}
        />
        <div id="suggestions" role="listbox" aria-label="Suggestions" hidden={offered.length === 0}>
          {offered.map((suggestion, index) => (
            // The keyboard is handled by the box that has the focus.
            <div
              key={`${suggestion.kind} ${suggestion.value}`}
              id={`suggestion-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              onPointerDown={(event) => {
                event.preventDefault();
                take(suggestion);
              }}
            >
              <span class="what">{WORDS[suggestion.kind]}</span> {suggestion.label}
            </div>
          ))}
        </div>
      </div>
      {chosen.length > 0 && (
        <button type="button" class="quiet" onClick={() => go({ choice: NO_CHOICE })}>
          Show all
        </button>
      )}
    </div>
  );
}
