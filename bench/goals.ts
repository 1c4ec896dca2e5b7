/** What must be shown, and whether it was. */

export interface Goal {
  figure: string;
  wanted: string;
  value: number;
  isMet: boolean;
}

export function atMost(figure: string, limit: number, value: number): Goal {
  return { figure, wanted: `≤ ${limit}`, value, isMet: value <= limit };
}

export function atLeast(figure: string, limit: number, value: number): Goal {
  return { figure, wanted: `≥ ${limit}`, value, isMet: value >= limit };
}

export function printGoals(goals: readonly Goal[]): string {
  return printTable([
    ['figure', 'goal', 'measured', ''],
    ...goals.map(({ figure, isMet, value, wanted }) => [figure, wanted, print(value), isMet ? 'met' : 'NOT MET']),
  ]);
}

/** The first column to the left, the others to the right. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

export function print(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
