/** One act: usually one change, else those that were made together, or both vendors' halves of a migration. */
import { signal } from '@preact/signals';
import { FAMILY_NAMES, familyOf } from '../kinds.ts';
import { type Change, describeRow, type Row as RowOfChanges } from '../rows.ts';
import { go, view } from '../store.ts';
import { Details, Experiments, Impact } from './details.tsx';
import { Inner } from './link.tsx';
import { Moment } from './moment.tsx';

/** Also of rows that are not in the document now. */
const expanded = signal<ReadonlySet<string>>(new Set());

function toggle(id: string): void {
  const next = new Set(expanded.value);
  if (!next.delete(id)) next.add(id);
  expanded.value = next;
}

export function Row({ position, row }: { row: RowOfChanges; position: number }) {
  const [newest] = row.changes;
  const isOpen = expanded.value.has(row.id);
  if (!newest) return null;
  const { environments, flags, projects, sources, title, who, why } = describeRow(row);
  const heading = `row-${position}`;

  function press(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter') go({ event: row.id });
    else if (event.key === 'e') toggle(row.id);
    else return;
    event.preventDefault();
  }

  return (
    <article
      class={`row ${row.reason}`}
      data-row={row.changes.length}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: as the feed pattern of ARIA wants it.
      tabIndex={0}
      aria-labelledby={heading}
      aria-posinset={position}
      aria-setsize={-1}
      onKeyDown={press}
    >
      <div class="when">
        <Moment at={newest.occurredAt} />
      </div>
      <div class="what">
        <h3 id={heading}>
          <Sign change={newest} /> <Inner to={{ event: row.id }}>{title}</Inner>
          {row.reason === 'migration' && <span class="badge">in both vendors</span>}
          {row.reason === 'group' && <span class="badge">{row.changes.length} changes at once</span>}
        </h3>
        <p class="where">
          {flags.map((flag) => (
            <Narrow key={flag} name="flags" value={flag} />
          ))}
          {environments.map((environment) => (
            <Narrow key={environment} name="environments" value={environment} />
          ))}
          {environments.length === 0 && projects.map((project) => <span key={project}>{project}</span>)}
        </p>
        {row.reason === 'migration' && (
          <ul class="halves" aria-label="In each vendor">
            {halvesOf(row).map((half) => (
              <li key={half}>{half}</li>
            ))}
          </ul>
        )}
        {why !== null && (
          <p class="why">
            <span class="unseen">Why: </span>“{why}”
          </p>
        )}
        {row.changes.map((change) => (
          <Impact key={change.id} change={change} />
        ))}
        {row.changes.map((change) => (
          <Experiments key={change.id} change={change} />
        ))}
      </div>
      <div class="who">
        <span>{who.length > 0 ? who.join(', ') : 'nobody is named'}</span>
        <span class="from">{sources.join(' and ')}</span>
      </div>
      <button type="button" class="expand" aria-expanded={isOpen} onClick={() => toggle(row.id)}>
        <span aria-hidden="true">{isOpen ? '−' : '+'}</span>
        <span class="unseen">What exactly was changed</span>
      </button>
      {isOpen && (
        <div class="opened">
          {row.changes.map((change) => (
            <Details key={change.id} change={change} hasTitle={row.changes.length > 1} />
          ))}
        </div>
      )}
    </article>
  );
}

function halvesOf({ changes }: RowOfChanges): string[] {
  return [...new Set(changes.map(({ source, title }) => `${source.name}: ${title}`))];
}

/** A pattern for what was done, with its name: no colour alone says it. */
function Sign({ change }: { change: Change }) {
  const family = familyOf(change.kind);
  return (
    <span class={`swatch part ${family}`} role="img" aria-label={FAMILY_NAMES[family]} title={FAMILY_NAMES[family]} />
  );
}

function Narrow({ name, value }: { name: 'flags' | 'environments'; value: string }) {
  const { choice } = view.value;
  return (
    <Inner class={`narrow ${name}`} to={{ choice: { ...choice, [name]: [value] } }}>
      {value}
    </Inner>
  );
}
