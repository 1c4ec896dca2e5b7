/** What one change has beyond its line: its impact, its experiments, and what exactly was changed. */
import { useEffect, useState } from 'preact/hooks';
import { toDiff } from '../diff.ts';
import { PageChangeDocument, type PageChangeQuery } from '../generated/graphql.ts';
import { ask } from '../graph.ts';
import { describeImpact, toBars } from '../impact.ts';
import type { Change } from '../rows.ts';
import { Inner, Outer } from './link.tsx';
import { Moment } from './moment.tsx';

export type WholeChange = NonNullable<PageChangeQuery['node']>;

const known = new Map<string, Promise<WholeChange | null>>();

/** Once: a change in the past stays as it is. */
function readWhole(id: string): Promise<WholeChange | null> {
  const reading = known.get(id) ?? ask(PageChangeDocument, { id }).then(({ node }) => node);
  known.set(id, reading);
  // Asked again the next time.
  reading.catch(() => known.delete(id));
  return reading;
}

type Loaded<T> = { value: T } | { message: string } | null;

export function useWhole(id: string): Loaded<WholeChange | null> {
  const [loaded, setLoaded] = useState<Loaded<WholeChange | null>>(null);
  useEffect(() => {
    let isLeft = false;
    readWhole(id).then(
      (value) => isLeft || setLoaded({ value }),
      (error: Error) => isLeft || setLoaded({ message: error.message }),
    );
    return () => {
      isLeft = true;
    };
  }, [id]);
  return loaded;
}

export function Details({ change, hasTitle }: { change: Change; hasTitle: boolean }) {
  return (
    <section class="details" aria-label={change.title}>
      {hasTitle && (
        <h4>
          <Moment at={change.occurredAt} /> {change.title}{' '}
          <span class="from">
            {[change.flag?.key, change.environment?.key, change.source.name].filter(Boolean).join(', ')}
          </span>
        </h4>
      )}
      {change.__typename === 'UnleashFlagEvent' ? <Diff changes={change.changes} /> : <LaterDiff id={change.id} />}
      <p class="actions">
        <Inner to={{ event: change.id }}>Open</Inner>
        <Outer href={change.url}>Open in {change.source.name}</Outer>
      </p>
    </section>
  );
}

/** LaunchDarkly is asked for it only now. */
function LaterDiff({ id }: { id: string }) {
  const whole = useWhole(id);
  if (whole === null) return <p aria-busy="true">What exactly was changed is being read …</p>;
  if ('message' in whole) return <p class="notice">⚠ What exactly was changed could not be read: {whole.message}</p>;
  return <Diff changes={changesOf(whole.value)} />;
}

/** `null` if it is not known. */
export function changesOf(whole: WholeChange | null): Parameters<typeof toDiff>[0] | null {
  if (whole?.__typename === 'UnleashFlagEvent') return whole.changes;
  return whole?.__typename === 'LaunchDarklyFlagEvent' ? (whole.auditLogEntry?.changes ?? null) : null;
}

export function Diff({ changes }: { changes: Parameters<typeof toDiff>[0] | null }) {
  if (changes === null) return <p>The vendor does not tell what exactly was changed.</p>;
  if (changes.length === 0) return <p>The vendor tells no difference between before and after.</p>;
  return (
    <div class="diff">
      {toDiff(changes).map(({ lines, path }) => (
        <div key={path} class="block">
          <p class="path">{path}</p>
          <pre>
            {lines.map(({ isRedacted, sign, text }, index) => (
              <Line key={index} sign={sign} text={text} isRedacted={isRedacted} />
            ))}
          </pre>
        </div>
      ))}
    </div>
  );
}

const LINES = { '-': 'removed', '+': 'added', ' ': 'kept' } as const;

function Line({ isRedacted, sign, text }: { sign: '-' | '+' | ' '; text: string; isRedacted: boolean }) {
  return (
    <code class={LINES[sign]}>
      {sign} {text}
      {isRedacted && <span class="badge">hidden by the gateway</span>}
    </code>
  );
}

/** What it did to users: the share of each variation before and after. */
export function Impact({ change, isWhole = false }: { change: Change | WholeChange; isWhole?: boolean }) {
  if (change.__typename !== 'LaunchDarklyFlagEvent') return null;
  const words = describeImpact(change.impact);
  const bars = toBars(change.impact);
  if (words === null && bars.length === 0) return null;
  return (
    <div class={isWhole ? 'impact whole' : 'impact'}>
      {words !== null && <span class={`size ${change.impact.size?.toLowerCase() ?? 'unknown'}`}>{words}</span>}
      {bars.length > 0 && (
        <dl>
          {bars.map(({ after, before, shareAfter, shareBefore, value }) => (
            <div key={value} class="variation">
              <dt>
                <code>{value}</code>
              </dt>
              <dd>
                <Share of={shareBefore} count={before} when="before" />
                <span aria-hidden="true"> → </span>
                <Share of={shareAfter} count={after} when="after" />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Share({ count, of, when }: { of: number; count: number; when: 'before' | 'after' }) {
  const percent = `${Math.round(100 * of)} %`;
  return (
    <span class={`share ${when}`} title={`${count.toLocaleString('en')} evaluations in the ten minutes ${when}`}>
      <span class="fill" style={{ width: `${100 * of}%` }} aria-hidden="true" />
      <span class="number">
        <span class="unseen">{when} </span>
        {percent}
      </span>
    </span>
  );
}

/** They come after the rest. */
export function Experiments({ change }: { change: Change | WholeChange }) {
  if (change.__typename !== 'LaunchDarklyFlagEvent') return null;
  const nodes = ('experiments' in change && change.experiments?.nodes) || [];
  if (nodes.length === 0) return null;
  return (
    <ul class="experiments" aria-label="Experiments">
      {nodes.map(({ iteration, key, name }) => (
        <li key={`${key} ${name}`}>
          <span aria-hidden="true">⚗ </span>
          {name}
          {iteration?.status && <span class="badge">{iteration.status}</span>}
        </li>
      ))}
    </ul>
  );
}
