/**
 * How many changes there were, and when: at most 120 bars, stacked by kind, with a lane for each environment. A span is
 * chosen by dragging, or with Shift and the arrows.
 */
import { useState } from 'preact/hooks';
import { FAMILIES, FAMILY_NAMES, type Family, familyOf } from '../kinds.ts';
import { showMinute, showTime } from '../moment.ts';
import { announcement, type Counts, density, go, isChosen, loadedAt } from '../store.ts';

type Bucket = Counts['buckets'][number];

const MAX_LANES = 4;

export function Chart() {
  const { counts, state } = density.value;
  if (state === 'failed') return <p class="notice">⚠ How many changes there were could not be counted.</p>;
  if (!counts) return <div class="chart empty" aria-hidden="true" />;
  return (
    <figure class="density" aria-busy={state === 'loading'}>
      <Bars buckets={counts.buckets} />
      <figcaption>
        <Legend buckets={counts.buckets} />
        {!counts.isComplete && (
          <p>⚠ Not all changes of this time could be counted: there are more than the bars show.</p>
        )}
        <AsTable buckets={counts.buckets} />
      </figcaption>
    </figure>
  );
}

function Bars({ buckets }: { buckets: readonly Bucket[] }) {
  const last = buckets.length - 1;
  const chosen = { from: buckets.findIndex(isChosen), to: buckets.findLastIndex(isChosen) };
  const [caret, setCaret] = useState<number | null>(null);
  /** Where a choice that is being made has begun. */
  const [anchor, setAnchor] = useState<number | null>(null);
  const at = Math.min(caret ?? chosen.to, last);
  const marked = anchor === null ? chosen : { from: Math.min(anchor, at), to: Math.max(anchor, at) };
  const most = Math.max(1, ...buckets.map(({ total }) => total));

  function choose({ from, to }: { from: number; to: number }): void {
    const [first, end] = [buckets[from], buckets[to]];
    setAnchor(null);
    setCaret(null);
    if (first && end) go({ span: { form: 'between', from: Date.parse(first.from), to: Date.parse(end.to) } });
  }

  function indexAt(event: PointerEvent & { currentTarget: HTMLElement }): number {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(last, Math.floor(((event.clientX - left) / width) * buckets.length)));
  }

  function press(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: -last,
      End: last,
      PageUp: -10,
      PageDown: 10,
    };
    const by = steps[event.key];
    if (by !== undefined) {
      setAnchor(event.shiftKey ? (anchor ?? at) : null);
      setCaret(Math.max(0, Math.min(last, at + by)));
    } else if (event.key === 'Enter') choose(anchor === null ? { from: at, to: at } : marked);
    else if (event.key === 'Escape' && anchor !== null) setAnchor(null);
    else return;
    event.preventDefault();
  }

  const words = describe(buckets, anchor === null ? { from: at, to: at } : marked);
  return (
    <>
      <div
        class="chart"
        role="slider"
        tabIndex={0}
        aria-label="Changes over time"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={words}
        onKeyDown={press}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setAnchor(indexAt(event));
          setCaret(indexAt(event));
        }}
        onPointerMove={(event) => setCaret(indexAt(event))}
        onPointerLeave={() => anchor === null && setCaret(null)}
        onPointerCancel={() => setAnchor(null)}
        onPointerUp={() => {
          if (anchor !== null) choose(marked);
          announcement.value = words;
        }}
      >
        {marked.from >= 0 && (
          <div
            class="mark"
            style={{ left: share(marked.from, buckets), width: share(marked.to + 1 - marked.from, buckets) }}
          />
        )}
        <div class="bars">
          {buckets.map((bucket, index) => (
            <Bar key={bucket.from} bucket={bucket} most={most} isAt={caret !== null && index === at} />
          ))}
        </div>
        <Lanes buckets={buckets} />
      </div>
      <Axis buckets={buckets} />
      <p class="readout" aria-hidden="true">
        {caret === null && anchor === null ? 'Drag to choose a span.' : words}
      </p>
    </>
  );
}

function Bar({ bucket, isAt, most }: { bucket: Bucket; most: number; isAt: boolean }) {
  return (
    <div class={isAt ? 'bar at' : 'bar'}>
      {byFamily(bucket).map(([family, count]) => (
        <div key={family} class={`part ${family}`} style={{ height: `${(100 * count) / most}%` }} />
      ))}
    </div>
  );
}

/** Where it was. The lane of an environment is as high as its bars are at most. */
function Lanes({ buckets }: { buckets: readonly Bucket[] }) {
  const lanes = mostFrequent(buckets);
  return (
    <div class="lanes">
      {lanes.map(({ environment, most }) => (
        <div key={environment} class="lane">
          <span class="lane-name">{environment ?? 'no environment'}</span>
          {buckets.map((bucket) => {
            const count = countIn(bucket, environment);
            return (
              <span
                key={bucket.from}
                class="dot"
                style={{ height: count === 0 ? '0' : `${20 + (80 * count) / most}%` }}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

function mostFrequent(buckets: readonly Bucket[]): { environment: string | null; most: number }[] {
  const found = new Map<string | null, { total: number; most: number }>();
  for (const { environment, count } of buckets.flatMap(({ environments }) => environments)) {
    const { most, total } = found.get(environment) ?? { total: 0, most: 0 };
    found.set(environment, { total: total + count, most: Math.max(most, count) });
  }
  return [...found]
    .toSorted(([, one], [, other]) => other.total - one.total)
    .slice(0, MAX_LANES)
    .map(([environment, { most }]) => ({ environment, most }));
}

function countIn({ environments }: Bucket, environment: string | null): number {
  return environments.find((each) => each.environment === environment)?.count ?? 0;
}

function Axis({ buckets }: { buckets: readonly Bucket[] }) {
  const quarters = [0, 0.25, 0.5, 0.75].map((part) => buckets[Math.round(part * buckets.length)]?.from);
  const ends = [...quarters, buckets.at(-1)?.to].filter((time) => time !== undefined);
  return (
    <div class="axis" aria-hidden="true">
      {ends.map((time) => (
        <span key={time}>{showMinute(Date.parse(time), loadedAt.value)}</span>
      ))}
    </div>
  );
}

function Legend({ buckets }: { buckets: readonly Bucket[] }) {
  const there = new Set(buckets.flatMap((bucket) => byFamily(bucket).map(([family]) => family)));
  return (
    <ul class="legend" aria-label="Kinds">
      {FAMILIES.filter((family) => there.has(family)).map((family) => (
        <li key={family}>
          <span class={`swatch part ${family}`} aria-hidden="true" /> {FAMILY_NAMES[family]}
        </li>
      ))}
    </ul>
  );
}

/** The same numbers, for who cannot see the bars. */
function AsTable({ buckets }: { buckets: readonly Bucket[] }) {
  return (
    <details class="numbers">
      <summary>The numbers</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls. */}
      <section class="scrolling" tabIndex={0} aria-label="Changes over time, as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Changes</th>
              {FAMILIES.map((family) => (
                <th key={family} scope="col">
                  {FAMILY_NAMES[family]}
                </th>
              ))}
              <th scope="col">Where</th>
            </tr>
          </thead>
          <tbody>
            {buckets
              .filter(({ total }) => total > 0)
              .map((bucket) => (
                <tr key={bucket.from}>
                  <th scope="row">{showTime(Date.parse(bucket.from), loadedAt.value)}</th>
                  <td>{bucket.total}</td>
                  {FAMILIES.map((family) => (
                    <td key={family}>{countOf(bucket, family)}</td>
                  ))}
                  <td>
                    {bucket.environments
                      .map(({ count, environment }) => `${environment ?? 'no environment'} ${count}`)
                      .join(', ')}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

function byFamily(bucket: Bucket): [Family, number][] {
  return FAMILIES.map((family): [Family, number] => [family, countOf(bucket, family)]).filter(([, count]) => count > 0);
}

function countOf({ kinds }: Bucket, family: Family): number {
  return kinds.filter(({ kind }) => familyOf(kind) === family).reduce((sum, { count }) => sum + count, 0);
}

function share(bars: number, buckets: readonly Bucket[]): string {
  return `${(100 * bars) / buckets.length}%`;
}

function describe(buckets: readonly Bucket[], { from, to }: { from: number; to: number }): string {
  const [first, end] = [buckets[from], buckets[to]];
  if (!first || !end) return '';
  const within = buckets.slice(from, to + 1);
  const total = within.reduce((sum, bucket) => sum + bucket.total, 0);
  const kinds = FAMILIES.map(
    (family) => [family, within.reduce((sum, bucket) => sum + countOf(bucket, family), 0)] as const,
  );
  const named = kinds
    .filter(([, count]) => count > 0)
    .map(([family, count]) => `${count} ${FAMILY_NAMES[family].toLowerCase()}`);
  const when = [first.from, end.to].map((time) => showTime(Date.parse(time), loadedAt.value)).join(' to ');
  return `${when}: ${total} ${total === 1 ? 'change' : 'changes'}${named.length > 0 ? ` (${named.join(', ')})` : ''}`;
}
