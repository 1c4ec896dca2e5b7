/** Prints `docs/properties.md` from `docs/properties.ts`: `node docs/print-properties.ts`. */
import { writeFile } from 'node:fs/promises';
import { type Place, type Section, sections } from './properties.ts';

export const PAGE = new URL('properties.md', import.meta.url);

const INTRODUCTION = `# Where everything is

What the vendors’ APIs say of their events, and where it is in the graph. What is left out, is left out on purpose: the reason
stands in its place. A test compares these tables with the vendors’ own schemas and with what their servers answer, so that a
property that a vendor adds is noticed.

Besides, the graph has what neither vendor says: one \`kind\` for both, a plain \`title\`, a page for people in \`url\`, how each
source has answered in \`sources\`.
`;

export function printProperties(): string {
  return `${INTRODUCTION}\n${(Object.values(sections) as Section[]).map(printSection).join('\n')}`;
}

function printSection({ about, rows, title }: Section): string {
  const lines = Object.entries(rows).map(
    ([name, place]) => `| \`${name}\` | ${inGraph(place)} | ${notInGraph(place)} |`,
  );
  const head = ['| property | in the graph | left out because |', '| --- | --- | --- |'];
  return `## ${title}\n\n${about}\n\n${[...head, ...lines].join('\n')}\n`;
}

function inGraph(place: Place): string {
  if (!('in' in place)) return '';
  const names = place.in.map((name) => `\`${name}\``).join(', ');
  return place.note === undefined ? names : `${names}: ${place.note}`;
}

function notInGraph(place: Place): string {
  return 'leftOut' in place ? place.leftOut : '';
}

if (import.meta.main) await writeFile(PAGE, printProperties());
