/** Asks for the API key or token that the gateway wants. */
import { useState } from 'preact/hooks';
import { key, root } from '../graph.ts';
import { choices, reload } from '../store.ts';

export function KeyForm() {
  const [typed, setTyped] = useState('');
  const wasRefused = key.value !== '';

  function submit(event: Event): void {
    event.preventDefault();
    const isSame = key.value === typed.trim();
    key.value = typed.trim();
    choices.value = null;
    if (isSame) reload();
  }

  return (
    <main class="state">
      <h1>Who is there?</h1>
      <p>This gateway answers those who have an API key or an access token of your company.</p>
      {/* Nothing is sent by the form itself. */}
      <form onSubmit={submit} action={root.href}>
        <label for="key">API key or token</label>
        <input
          id="key"
          type="password"
          autocomplete="off"
          required
          ref={(field) => field?.focus()}
          value={typed}
          aria-invalid={wasRefused}
          aria-describedby="key-note"
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <button type="submit">Show changes</button>
        <p id="key-note">
          {wasRefused ? 'It was refused. ' : ''}It is kept in the memory of this tab only, and gone when you load the
          page again.
        </p>
      </form>
    </main>
  );
}
