/** The pages for people with a browser: what changed, GraphiQL, the schema reference, and the way to them. */
import type { Plugin } from 'graphql-yoga';
import { createGraphiQLPage } from './graphiql.ts';
import { createReferencePage, REFERENCE_PATH } from './schema-reference.ts';
import { createTimelinePages } from './timeline.ts';

export interface PagesOptions {
  graphiql: boolean;
  /** The page that shows what changed. */
  timeline: boolean;
  /** Whether clients may see the schema. */
  introspection: boolean;
}

export const GRAPHQL_PATH = '/graphql';

export function usePages({ graphiql, introspection, timeline: isTimelineOn }: PagesOptions): Plugin {
  const reference = introspection ? createReferencePage() : null;
  const editor = graphiql ? createGraphiQLPage({ hasReference: reference !== null }) : null;
  const timeline = isTimelineOn ? createTimelinePages() : null;
  const start = (editor && GRAPHQL_PATH) ?? (reference && REFERENCE_PATH);

  return {
    onRequest({ endResponse, fetchAPI: { Response: FetchResponse }, request, url: { pathname } }) {
      if (request.method !== 'GET') return;
      const isBrowser = request.headers.get('accept')?.includes('text/html') === true;
      if (pathname === REFERENCE_PATH) return reference?.(request, FetchResponse).then(endResponse);
      const page = timeline?.assets.get(pathname) ?? (isBrowser ? timeline?.pageAt(pathname) : undefined);
      if (page) return page(request, FetchResponse).then(endResponse);
      if (isBrowser && isGraphQLPath(pathname)) return editor?.(request, FetchResponse).then(endResponse);
      if (isBrowser && pathname === '/') endResponse(start ? leadTo(start, FetchResponse) : tell(FetchResponse));
    },
  };
}

function isGraphQLPath(pathname: string): boolean {
  return pathname === GRAPHQL_PATH || pathname === `${GRAPHQL_PATH}/`;
}

/** A relative address: a proxy may serve the gateway below a path of its own. */
function leadTo(path: string, FetchResponse: typeof Response): Response {
  return new FetchResponse(null, { status: 302, headers: { location: `.${path}` } });
}

function tell(FetchResponse: typeof Response): Response {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return new FetchResponse(`Send GraphQL to ${GRAPHQL_PATH} by POST.\n`, { status: 404, headers });
}
