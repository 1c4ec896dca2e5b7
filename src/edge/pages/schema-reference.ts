/** The schema reference: a page for people. */
import { existsSync, readFileSync } from 'node:fs';
import type { Plugin } from 'graphql-yoga';

export const REFERENCE_PATH = '/schema';

/** The first that exists is served: `npm run docs` makes the page, the SDL is in the repository. */
const FORMS = [
  { file: new URL('../../../schema/reference/index.html', import.meta.url), type: 'text/html; charset=utf-8' },
  { file: new URL('../../../schema/schema.graphql', import.meta.url), type: 'text/plain; charset=utf-8' },
];

/** The page holds its own script and styles, and loads nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/** Answers `GET /schema`. Not used where introspection is off. */
export function useSchemaReference(): Plugin {
  return {
    onRequest({ endResponse, fetchAPI, request, url }) {
      if (url.pathname !== REFERENCE_PATH || request.method !== 'GET') return;
      const form = FORMS.find(({ file }) => existsSync(file));
      if (!form) return;
      const headers = { 'content-type': form.type, 'content-security-policy': POLICY };
      endResponse(new fetchAPI.Response(readFileSync(form.file), { headers }));
    },
  };
}
