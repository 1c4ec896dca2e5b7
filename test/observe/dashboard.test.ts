import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createPrometheus } from '../../src/observe/prometheus.ts';
import { root } from '../support/gateway-process.ts';
import { parseSamples } from '../support/scrape.ts';

const read = (file: string) => readFileSync(`${root}docs/${file}`, 'utf8');

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string; legendFormat: string }[];
}
interface Rule {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}

const panels = (JSON.parse(read('operate/dashboard.json')) as { panels: Panel[] }).panels;
const rules = (parse(read('operate/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (each) => each.rules,
);
const expressions = [
  ...panels.flatMap(({ targets = [], title }) => targets.map(({ expr }) => [title, expr] as const)),
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
];
/** Given to every series by Prometheus. */
const OWN_LABELS = ['job', 'instance'];

/** The labels of each series that a scrape has once everything has happened. */
async function scraped(): Promise<Map<string, Set<string>>> {
  using prometheus = createPrometheus({ sources: ['unleash'] });
  prometheus.request({
    requestId: '',
    operation: { type: 'query', name: null },
    status: 200,
    durationMs: 1,
    upstreamCalls: 1,
    partial: true,
    failures: [{ feed: 'unleash', code: 'UPSTREAM_TIMEOUT', cause: null }],
    codes: ['UPSTREAM_TIMEOUT'],
    aborted: true,
  });
  const call = { source: 'unleash', part: '', path: '', status: 200, durationMs: 1, error: undefined };
  prometheus.call({ ...call, outcome: 'ok' });
  prometheus.hook('unleash', 'accepted');
  prometheus.watch({
    sources: [
      {
        id: 'unleash',
        isHealthy: () => true,
        rateLimit: () => ({ limit: 10, remaining: 5, resetsAt: null }),
        traffic: () => ({ active: 0, waiting: 0, brokenParts: 0 }),
      },
    ],
    history: undefined,
    live: { subscribers: 1, lags: () => [{ feed: 'unleash', readAt: 0 }] },
    inProgress: () => 0,
  });
  const labels = new Map<string, Set<string>>();
  for (const sample of parseSamples(await prometheus.print())) {
    const own = labels.get(sample.name) ?? new Set(OWN_LABELS);
    for (const label of Object.keys(sample.labels)) own.add(label);
    labels.set(sample.name, own);
  }
  return labels;
}

/** What an expression names, read as Prometheus reads it. */
function namesIn(expression: string) {
  // Grafana puts a duration there.
  const text = expression.replaceAll('$__rate_interval', '5m');
  const found = { metrics: [] as string[], matched: [] as string[], grouped: [] as string[], errors: [] as string[] };
  parser.parse(text).iterate({
    enter({ from, name, node, to, type }) {
      const own = text.slice(from, to);
      if (type.isError) found.errors.push(`${text.slice(0, from)}⚠${text.slice(from)}`);
      else if (name === 'Identifier' && node.parent?.name === 'VectorSelector') found.metrics.push(own);
      else if (name === 'LabelName') {
        (node.parent?.name === 'GroupingLabels' ? found.grouped : found.matched).push(own);
      }
    },
  });
  return found;
}

describe('the dashboard and the alert rules', () => {
  it.for(expressions)('name only metrics and labels that there are: %s: %s', async ([, expression]) => {
    const labels = await scraped();
    const { errors, grouped, matched, metrics } = namesIn(expression);
    expect(errors).toEqual([]);
    expect(metrics.length).toBeGreaterThan(0);
    for (const metric of metrics) {
      expect([...labels.keys()]).toContain(metric);
      const known = [...(labels.get(metric) ?? [])];
      expect(known).toEqual(expect.arrayContaining(grouped));
      expect(matched.filter((label) => !metrics.some((each) => labels.get(each)?.has(label)))).toEqual([]);
    }
  });

  it('show every metric that there is', async () => {
    const named = new Set(expressions.flatMap(([, expression]) => namesIn(expression).metrics));
    using prometheus = createPrometheus({ sources: [] });
    const missing = prometheus
      .describe()
      .filter(({ name }) => ![name, `${name}_bucket`, `${name}_count`].some((each) => named.has(each)));
    expect(missing).toEqual([]);
  });

  it('name in their words only labels that the expression keeps', () => {
    const worded = [
      ...panels.flatMap(({ targets = [] }) => targets.map(({ expr, legendFormat }) => [expr, legendFormat] as const)),
      ...rules.map(({ annotations, expr }) => [expr, Object.values(annotations).join()] as const),
    ];
    for (const [expression, words] of worded) {
      const { grouped, metrics } = namesIn(expression);
      const used = [...words.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = '']) => label);
      const isAggregated = /\b(sum|min|max)\b/.test(expression);
      const plain = metrics.some((each) => /_poll_lag_/.test(each)) ? ['feed'] : ['source'];
      expect(isAggregated ? grouped : [...OWN_LABELS, ...plain]).toEqual(expect.arrayContaining(used));
    }
  });

  it('are explained in the manual, rule by rule', () => {
    const manual = read('operate.md');
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ alert }) => !manual.includes(`\`${alert}\``))).toEqual([]);
  });

  it('stand in panels that each have a place, a unit and a name of their own', () => {
    const shown = panels.filter(({ type }) => type !== 'row') as (Panel & { id: number })[];
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
    for (const { targets = [] } of shown) expect(targets.length).toBeGreaterThan(0);
  });
});
