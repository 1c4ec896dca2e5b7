/** The headers of a request as its plugins read them, and those that every answer has. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Plugin } from 'graphql-yoga';

export type ReadableHeaders = Pick<Headers, 'get' | 'has'>;

/** What node has read, without a copy. `changed` stands in their place. */
export function readableHeaders(
  read: IncomingHttpHeaders,
  changed: Readonly<Record<string, string>> = {},
): ReadableHeaders {
  const get = (name: string) => {
    const value = changed[name] ?? read[name];
    return value === undefined ? null : String(value);
  };
  return { get, has: (name) => get(name) !== null };
}

/** Adds a name to `vary`, if it is not there. */
export function addVary(headers: Headers, name: string): void {
  const names = headers.get('vary')?.split(/, */) ?? [];
  if (!names.some((each) => each.toLowerCase() === name)) headers.set('vary', [...names, name].join(', '));
}

/** An answer depends on who asks and when. */
export const NEVER_CACHED = 'private, no-store';

/**
 * Nothing but a page may be kept by a cache. Where some origins may read answers,
 * `vary` says so on all of them.
 */
export function useAnswerHeaders({ corsOrigins }: { corsOrigins: readonly string[] }): Plugin {
  return {
    onResponse({ response: { headers } }) {
      if (!headers.has('etag')) headers.set('cache-control', NEVER_CACHED);
      if (corsOrigins.length > 0) addVary(headers, 'origin');
    },
  };
}
