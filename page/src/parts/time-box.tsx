/** Which time is shown: around a moment, or up to now. */
import { useEffect, useState } from 'preact/hooks';
import { DEFAULT_MINUTES_AROUND } from '../address.ts';
import { parseMoment, showForInput, showLength } from '../moment.ts';
import { connection, go, span, view } from '../store.ts';
import { shift, toggleLive } from './keys.tsx';

const LENGTHS = [
  [10, '10 min'],
  [30, '30 min'],
  [120, '2 hours'],
  [1440, '1 day'],
  [10_080, '7 days'],
] as const;

export function TimeBox() {
  const { live, span: wanted } = view.value;
  const shown =
    wanted.form === 'around' ? showForInput(wanted.around) : wanted.form === 'between' ? showForInput(wanted.to) : '';
  const [typed, setTyped] = useState(shown);
  const [isWrong, setWrong] = useState(false);
  useEffect(() => {
    setTyped(shown);
    setWrong(false);
  }, [shown]);
  const minutes = Math.round((span.value.to - span.value.from) / 60_000);
  const lengths = LENGTHS.some(([known]) => known === minutes)
    ? LENGTHS
    : [[minutes, showLength(minutes * 60_000)] as const, ...LENGTHS];

  function submit(event: Event): void {
    event.preventDefault();
    const isNow = /^(now)?$/i.test(typed.trim());
    if (isNow) go({ event: null, span: { form: 'latest', minutes } });
    else goTo(typed);
  }

  function goTo(text: string): void {
    const moment = parseMoment(text, new Date());
    setWrong(moment === null);
    if (!moment) return;
    go({
      event: null,
      span: {
        form: 'around',
        around: moment.getTime(),
        minutes: wanted.form === 'around' ? minutes : DEFAULT_MINUTES_AROUND,
      },
    });
    document.getElementById('around')?.blur();
  }

  function choose(length: number): void {
    if (wanted.form === 'latest') go({ span: { form: 'latest', minutes: length } });
    else go({ span: { form: 'around', around: span.value.to, minutes: length } });
  }

  return (
    <form class="time" onSubmit={submit}>
      <button type="button" class="step" onClick={() => shift(-1)} aria-label="Earlier" title="Earlier ([)">
        ‹
      </button>
      <label for="around">Around</label>
      <input
        id="around"
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder="now"
        value={typed}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? 'around-note' : undefined}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      {isWrong && (
        <span id="around-note" class="wrong" role="alert">
          Not a time. Try 14:05, 10 min ago, 2026-11-23T14:05Z or 1795442700.
        </span>
      )}
      <label for="length" class="unseen">
        How long
      </label>
      <select id="length" value={String(minutes)} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
        {lengths.map(([length, name]) => (
          <option key={length} value={String(length)}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" class="step" onClick={() => shift(1)} aria-label="Later" title="Later (])">
        ›
      </button>
      <button
        type="button"
        class={`live ${live ? connection.value : 'off'}`}
        aria-pressed={live}
        onClick={toggleLive}
        title="Live (l)"
      >
        {live ? LIVE_WORDS[connection.value] : 'Go live'}
      </button>
    </form>
  );
}

const LIVE_WORDS = { off: 'Live …', connecting: 'Live …', live: '● Live', lost: '○ Connection lost' } as const;
