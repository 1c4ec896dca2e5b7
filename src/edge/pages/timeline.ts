/** The page that shows what changed, for people, as `npm run page:build` has made it: `/`, `/events/<id>`, and what they load. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createPage, type PageAnswer } from './page.ts';

const BUILD = new URL('../../../page/dist/', import.meta.url);

/** It asks the gateway and nobody else, and runs nothing but its own script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  // The address says what somebody looks for.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const TYPES = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' };

/** The hash of what is in it is in the name of a file. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

const CHANGE_PATH = /^\/events\/[^/]+$/;

/** The mark is what a build writes last. */
export function isBuilt(build: URL = BUILD): boolean {
  return existsSync(new URL('built-from', build));
}

export interface TimelinePages {
  /** The script and the styles, by path. */
  assets: ReadonlyMap<string, PageAnswer>;
  /** The page that is at a path, if one is. */
  pageAt: (pathname: string) => PageAnswer | undefined;
}

/** `null` if the page has not been built. */
export function createTimelinePages(build: URL = BUILD): TimelinePages | null {
  if (!isBuilt(build)) return null;
  const index = new URL('index.html', build);
  const pages = { list: createIndex(index, './'), change: createIndex(index, '../') };
  const files = readdirSync(new URL('page/', build));
  return {
    assets: new Map(files.map((name) => [`/page/${name}`, createAsset(new URL(`page/${name}`, build))])),
    pageAt: (pathname) => {
      if (pathname === '/') return pages.list;
      return CHANGE_PATH.test(pathname) ? pages.change : undefined;
    },
  };
}

/** Addresses in it are relative to where the gateway stands, which may be below a path of a proxy. */
function createIndex(file: URL, base: string): PageAnswer {
  const read = () => readFileSync(file, 'utf8').replace('<head>', `<head>\n    <base href="${base}" />`);
  return createPage({ type: 'text/html; charset=utf-8', headers: HEADERS, read });
}

function createAsset(file: URL): PageAnswer {
  const extension = file.pathname.split('.').at(-1) as keyof typeof TYPES;
  return createPage({
    type: TYPES[extension],
    headers: { 'x-content-type-options': 'nosniff' },
    cacheControl: FOR_GOOD,
    read: () => readFileSync(file, 'utf8'),
  });
}
