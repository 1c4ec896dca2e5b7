/** One change: everything that is known of it, its address, and what to do with it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { DEFAULT_MINUTES_LATEST, NO_CHOICE } from '../address.ts';
import { kindName } from '../kinds.ts';
import { showTime, showUtc, zoneName } from '../moment.ts';
import { whyOf } from '../rows.ts';
import { actorOf, headline, type Told, toMarkdown, toTicket } from '../share.ts';
import { announcement, hrefOf, loadedAt } from '../store.ts';
import { changesOf, Diff, Experiments, Impact, useWhole } from './details.tsx';
import { Inner, Outer } from './link.tsx';

const FIVE_MINUTES = 300_000;

/** The address of a change holds nothing that is about the list. */
const NO_SPAN = { form: 'latest', minutes: DEFAULT_MINUTES_LATEST } as const;

export function ChangePage({ id }: { id: string }) {
  const whole = useWhole(id);
  const heading = useRef<HTMLHeadingElement>(null);
  const change = whole && 'value' in whole && whole.value && 'title' in whole.value ? whole.value : null;
  const title = change ? headline(change) : 'One change';
  useEffect(() => {
    document.title = title;
    heading.current?.focus();
  }, [title]);

  return (
    <main class="change">
      <nav aria-label="Back">
        <Inner to={{ event: null }}>‹ All changes</Inner>
      </nav>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {whole === null && <p aria-busy="true">The change is being read …</p>}
      {whole && 'message' in whole && <Failed message={whole.message} />}
      {whole && 'value' in whole && !change && (
        <div class="state">
          <h2>There is no such change</h2>
          <p>Its vendor does not have it any more, or you may not see it.</p>
        </div>
      )}
      {change && <Found change={change} />}
    </main>
  );
}

function Failed({ message }: { message: string }) {
  return (
    <div class="state" role="alert">
      <h2>The change could not be read</h2>
      <p>{message}</p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </div>
  );
}

function Found({ change }: { change: Told }) {
  const at = Date.parse(change.occurredAt);
  const around = { form: 'between', from: at - FIVE_MINUTES, to: at + FIVE_MINUTES } as const;
  return (
    <>
      <Facts change={change} />
      <Why change={change} />
      <Impact change={change} isWhole />
      <Experiments change={change} />
      <section aria-labelledby="exactly">
        <h2 id="exactly">What exactly was changed</h2>
        <Diff changes={changesOf(change)} />
      </section>
      <p class="actions">
        <Inner to={{ event: null, live: false, choice: NO_CHOICE, span: around }}>Ten minutes around this</Inner>
        <Outer href={change.url}>Open in {change.source.name}</Outer>
      </p>
      <Share change={change} />
      {change.__typename === 'UnleashFlagEvent' && <Raw change={change} />}
    </>
  );
}

function Facts({ change }: { change: Told }) {
  const at = Date.parse(change.occurredAt);
  const actor = actorOf(change);
  const facts: [string, string | null | undefined][] = [
    ['When', `${showTime(at, loadedAt.value)} (${zoneName(at)}), ${showUtc(at)}`],
    ['What', `${kindName(change.kind)} (${change.type || 'the vendor does not say'})`],
    ['Flag', change.flag?.key],
    ['Environment', change.environment?.key ?? 'all, or none'],
    ['Project', change.project?.key],
    ['Who', actor && `${actor.name} (${actor.kind.toLowerCase()})`],
    ['Source', change.source.name],
    ...(change.__typename === 'LaunchDarklyFlagEvent'
      ? ([
          ['Actions', change.actions.join(', ') || null],
          ['The vendor says', change.auditLogEntry?.description || change.description || null],
        ] as const)
      : ([
          ['Tags', change.tags.map(({ type, value }) => `${type}:${value}`).join(', ') || null],
          ['Group', change.groupId && `${change.groupType ?? 'group'} ${change.groupId}`],
        ] as const)),
    ['Id at the vendor', change.eventId],
  ].map(([name, value]) => [name ?? '', value]);
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Why({ change }: { change: Told }) {
  const why = whyOf(change);
  if (why === null) return null;
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why</h2>
      <blockquote>{why}</blockquote>
    </section>
  );
}

function Share({ change }: { change: Told }) {
  const href = hrefOf({ event: change.id, choice: NO_CHOICE, span: NO_SPAN, live: false });
  const forms = [
    ['Copy link', href],
    ['Copy as Markdown', toMarkdown(change, { href })],
    ['Copy for a ticket', toTicket(change, { href })],
  ] as const;
  return (
    <section class="share-box" aria-label="Share">
      {forms.map(([name, text]) => (
        <Copy key={name} name={name} text={text} />
      ))}
    </section>
  );
}

/** A browser gives no access to its clipboard on a page without TLS: then the text is there to be copied. */
function Copy({ name, text }: { name: string; text: string }) {
  const [state, setState] = useState<'not yet' | 'copied' | 'by hand'>('not yet');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
      announcement.value = 'Copied.';
    } catch {
      setState('by hand');
    }
  }
  return (
    <div>
      <button type="button" onClick={copy}>
        {state === 'copied' ? '✓ Copied' : name}
      </button>
      {state === 'by hand' && (
        <textarea
          readOnly
          rows={6}
          value={text}
          aria-label={name}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
    </div>
  );
}

function Raw({ change }: { change: Extract<Told, { __typename: 'UnleashFlagEvent' }> }) {
  const states = [
    ['Before', change.preData],
    ['After', change.data],
  ] as const;
  return (
    <details>
      <summary>The whole state</summary>
      <p>The gateway shows no secret: [REDACTED] stands where one is.</p>
      {states.map(
        ([name, state]) =>
          state !== null && (
            <section key={name} aria-label={name}>
              <h3>{name}</h3>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls. */}
              <pre class="state-of" tabIndex={0}>
                {JSON.stringify(state, null, 2)}
              </pre>
            </section>
          ),
      )}
    </details>
  );
}
