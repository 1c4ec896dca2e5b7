/** What `--help` prints. */
import { type Setting, settingsIn, variableOf } from '../sources/settings.ts';
import type { VendorDefinition } from '../sources/vendor.ts';

const isPackage = !import.meta.url.endsWith('.ts');

/** How to start the gateway, in the words for where it runs from: a clone, or an installed package. */
export function commandWith(argument = ''): string {
  const [command, separator] = isPackage ? ['npx flag-events-gateway', ' '] : ['npm start', ' -- '];
  return argument ? `${command}${separator}${argument}` : command;
}

const ARGUMENTS = [
  ['', 'starts the gateway; with nothing configured, a sandbox'],
  ['--check', 'asks every configured account for its newest event, says what it answers, and ends;'],
  [null, 'the exit code is 0 if all of them answer, and 1 otherwise'],
  ['--version', 'prints the version'],
  ['--help', 'prints this'],
] as const;

function usage(): string {
  const rows = ARGUMENTS.map(([argument, meaning]) => [argument === null ? '' : commandWith(argument), meaning]);
  const width = Math.max(...rows.map(([command = '']) => command.length));
  return `One GraphQL server over the event logs of several feature-flag vendors.

${rows.map(([command = '', meaning]) => `  ${command.padEnd(width)}  ${meaning}`).join('\n')}

Environment variables; docs/configure.md has their values and defaults, and the file that may be used instead:
`;
}

/** `tables`: of settings, as they are grouped. */
export function helpText(
  tables: readonly Parameters<typeof settingsIn>[0][],
  definitions: readonly VendorDefinition[],
): string {
  const all = [...tables, ...definitions.map(({ settings }) => settings)].flatMap((table) => settingsIn(table));
  const rows = [...new Map(all.map((row) => [variableOf(row), row])).values()];
  const width = Math.max(...rows.map((row) => variableOf(row).length));
  return `${usage()}\n${rows.map((row) => `  ${variableOf(row).padEnd(width)}  ${summaryOf(row)}`).join('\n')}`;
}

/** The first sentence, without the marks that the documentation needs. */
function summaryOf({ description }: Setting): string {
  return (/^.*?[.;](?= |$)/s.exec(description)?.[0] ?? description).replace(/[.;]$/, '').replaceAll('`', '');
}
