/** The schema reference: a page for people. */
import { existsSync, readFileSync } from 'node:fs';
import { createPage, type PageAnswer } from './page.ts';

export const REFERENCE_PATH = '/schema';

/** The first that exists is served: `npm run docs` makes the page, the SDL is in the repository. */
const FORMS = [
  { file: new URL('../../../schema/reference/index.html', import.meta.url), type: 'text/html; charset=utf-8' },
  { file: new URL('../../../schema/schema.graphql', import.meta.url), type: 'text/plain; charset=utf-8' },
];

/** The page holds its own script and styles, and loads nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/** As it is when the gateway starts. `null` if it is not there. */
export function createReferencePage(): PageAnswer | null {
  const form = FORMS.find(({ file }) => existsSync(file));
  if (!form) return null;
  const read = () => readFileSync(form.file, 'utf8');
  return createPage({ type: form.type, read, headers: { 'content-security-policy': POLICY } });
}
