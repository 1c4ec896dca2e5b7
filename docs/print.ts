/**
 * Writes the tables of `configure.md` from the tables of settings in the source, and that of the metrics in `operate.md`. A
 * test fails if they differ.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { createPrometheus } from '../src/observe/prometheus.ts';
import { sections } from '../src/settings/table.ts';
import { definitions } from '../src/sources/index.ts';
import {
  list,
  onOrOff,
  type Setting,
  settingsIn,
  sharedSettings,
  trueOrFalse,
  variableOf,
  withoutWrappers,
} from '../src/sources/settings.ts';

const SETTINGS_PAGE = new URL('configure.md', import.meta.url);
const METRICS_PAGE = new URL('operate.md', import.meta.url);

/** By the name in the mark `<!-- table: name -->` that a table stands below. */
const tables: Readonly<Record<string, readonly Setting[]>> = {
  ...Object.fromEntries(Object.entries(sections).map(([name, table]) => [name, settingsIn(table)])),
  ...Object.fromEntries(definitions.map(({ settings, vendor }) => [vendor.toLowerCase(), ownSettings(settings)])),
  'all sources': settingsIn(sharedSettings),
};

const TABLE = /(?<=<!-- table: (.*) -->\n)[\s\S]*?(?=<!-- end -->)/g;

/** The page with fresh tables. Throws if a table has no mark, or a mark has no table. */
export function withTables(page: string): string {
  const missing = new Set(Object.keys(tables));
  const fresh = page.replaceAll(TABLE, (_old, name: string) => {
    const rows = tables[name];
    if (rows === undefined || !missing.delete(name))
      throw new Error(`There is no table ${name}, or it is there twice.`);
    return `\n${printTable(rows)}\n\n`;
  });
  if (missing.size > 0) throw new Error(`The page has no table ${[...missing].join(', ')}.`);
  return fresh;
}

/** The page with a fresh table of metrics, which stands below the mark `<!-- table: metrics -->`. */
export function withMetrics(page: string): string {
  using prometheus = createPrometheus({ sources: [] });
  const rows = prometheus
    .describe()
    .map(
      ({ help, labels, name, type }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    );
  const table = ['| metric | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return page.replace(TABLE, () => `\n${table}\n\n`);
}

function ownSettings(table: z.ZodType): Setting[] {
  const shared = new Set(settingsIn(sharedSettings).map(({ variable }) => variable));
  return settingsIn(table).filter(({ variable }) => !shared.has(variable));
}

function printTable(rows: readonly Setting[]): string {
  return [
    '| variable | in `gateway.config.ts` | meaning | values | default |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      (row) => `| ${[variablesIn(row), nameIn(row), row.description, valuesOf(row), defaultOf(row)].join(' | ')} |`,
    ),
  ].join('\n');
}

function variablesIn(row: Setting): string {
  const lowerCase = row.hasLowerCaseName && `, \`${row.variable.toLowerCase()}\``;
  return `\`${variableOf(row)}\`${lowerCase ?? ''}`;
}

function nameIn({ path }: Setting): string {
  return `\`${path.join('.')}\``;
}

function valuesOf({ form, schema }: Setting): string {
  const kind = withoutWrappers(schema);
  if (kind instanceof z.ZodNumber) return `${kind.minValue} to ${kind.maxValue}`;
  if (kind instanceof z.ZodEnum) return kind.options.map((each) => `\`${each}\``).join(', ');
  if (form === onOrOff || form === trueOrFalse)
    return [true, false].map((each) => `\`${form.print(each)}\``).join(', ');
  return form === list ? 'separated by commas' : 'text';
}

function defaultOf({ form, inProduction, otherwise, schema }: Setting): string {
  if (otherwise !== undefined) return otherwise;
  const { data, success } = schema.safeParse(undefined);
  if (!success) return 'required';
  const text = data === undefined ? '' : form.print(data).replace(/\/$/, '');
  const usual = text ? `\`${text}\`` : 'none';
  return inProduction === undefined ? usual : `${usual}, in production \`${form.print(inProduction)}\``;
}

if (import.meta.main) {
  await writeFile(SETTINGS_PAGE, withTables(await readFile(SETTINGS_PAGE, 'utf8')));
  await writeFile(METRICS_PAGE, withMetrics(await readFile(METRICS_PAGE, 'utf8')));
}
