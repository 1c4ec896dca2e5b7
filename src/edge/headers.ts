/** The headers that every answer has. */
import type { Plugin } from 'graphql-yoga';

/** Adds a name to `vary`, if it is not there. */
export function addVary(headers: Headers, name: string): void {
  const names = headers.get('vary')?.split(/, */) ?? [];
  if (!names.some((each) => each.toLowerCase() === name)) headers.set('vary', [...names, name].join(', '));
}

/**
 * Nothing but a page may be kept by a cache: an answer depends on who asks and when. Where some origins may read answers,
 * `vary` says so on all of them.
 */
export function useAnswerHeaders({ corsOrigins }: { corsOrigins: readonly string[] }): Plugin {
  return {
    onResponse({ response: { headers } }) {
      if (!headers.has('etag')) headers.set('cache-control', 'private, no-store');
      if (corsOrigins.length > 0) addVary(headers, 'origin');
    },
  };
}
