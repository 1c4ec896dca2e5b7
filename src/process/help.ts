/** What `--help` prints. */
import { type Setting, settingsIn, variableOf } from '../sources/settings.ts';
import type { VendorDefinition } from '../sources/vendor.ts';

const USAGE = `One GraphQL server over the event logs of several feature-flag vendors.

  npm start                 starts the gateway; with nothing configured, a sandbox
  npm start -- --check      asks every configured account for its newest event, says what it answers, and ends;
                            the exit code is 0 if all of them answer, and 1 otherwise
  npm start -- --version    prints the version
  npm start -- --help       prints this

Environment variables; docs/configure.md has their values and defaults, and the file that may be used instead:
`;

/** `tables`: of settings, as they are grouped. */
export function helpText(
  tables: readonly Parameters<typeof settingsIn>[0][],
  definitions: readonly VendorDefinition[],
): string {
  const all = [...tables, ...definitions.map(({ settings }) => settings)].flatMap((table) => settingsIn(table));
  const rows = [...new Map(all.map((row) => [variableOf(row), row])).values()];
  const width = Math.max(...rows.map((row) => variableOf(row).length));
  return `${USAGE}\n${rows.map((row) => `  ${variableOf(row).padEnd(width)}  ${summaryOf(row)}`).join('\n')}`;
}

/** The first sentence, without the marks that the documentation needs. */
function summaryOf({ description }: Setting): string {
  return (/^.*?[.;](?= |$)/s.exec(description)?.[0] ?? description).replace(/[.;]$/, '').replaceAll('`', '');
}
