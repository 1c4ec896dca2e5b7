import type { Row, Tampering } from './tampering-proxy.ts';

/** A vendor that holds so few events that they fit on its largest page, and lists the tied ones differently at every call. */
export function shuffledTies(): Tampering {
  const asked = new Map<number, { from: number; count: number }>();
  let total = 0;
  return {
    ask({ index, query }) {
      if (!query.has('limit')) return;
      const from = Number(query.get('offset') ?? query.get('after')?.replace(PREFIX, '') ?? 0);
      asked.set(index, { from, count: Number(query.get('limit')) });
      query.delete('after');
      if (query.has('offset')) query.set('offset', '0');
      query.set('limit', query.has('projectKey') ? '100' : '1000');
    },
    rows(rows, { index }) {
      const { count, from } = asked.get(index) ?? { from: 0, count: rows.length };
      total = rows.length;
      return shuffleTies(rows, index).slice(from, from + count);
    },
    body(body, { index }) {
      const { count, from } = asked.get(index) ?? { from: 0, count: 0 };
      if (!('items' in body)) return body;
      const hasMore = from + count < total;
      return { ...body, _links: hasMore ? { next: { href: `/?after=${PREFIX}${from + count}` } } : {} };
    },
  };
}

const PREFIX = 'row-';

function shuffleTies(rows: readonly Row[], seed: number): Row[] {
  const rank = (row: Row) => hash(`${seed}/${String(row.id)}`);
  const timeOf = (row: Row) => (typeof row.eventTime === 'number' ? row.eventTime : Date.parse(String(row.createdAt)));
  return rows.toSorted((a, b) => timeOf(b) - timeOf(a) || rank(a) - rank(b));
}

function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + character.charCodeAt(0)) % 1_000_003;
  return value;
}
