import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withMetrics, withTables } from '../docs/print.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = globSync(['*.md', 'docs/*.md'], { cwd: root });
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('docs/configure.md', () => {
  it('describes every setting as the source does: after a change run `npm run docs:settings`', () => {
    const page = read('docs/configure.md');
    expect(page).toBe(withTables(page));
  });
});

describe('docs/operate.md', () => {
  it('describes every metric as the source does: after a change run `npm run docs:settings`', () => {
    const page = read('docs/operate.md');
    expect(page).toContain('| `flag_events_subscribers` | gauge |');
    expect(page).toBe(withMetrics(page));
  });
});

describe('the documentation', () => {
  it.for(pages)('links only to files and headings that are there: %s', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const dead = links.filter(([, file = '', heading]) => {
      const target = path.join(path.dirname(page), file || path.basename(page));
      return !existsSync(path.join(root, target)) || (heading !== undefined && !headingsOf(target).includes(heading));
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });
});

/** As GitHub names them in links. */
function headingsOf(page: string): string[] {
  const headings = read(page).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
