import type { Source } from '../../src/sources/source.ts';
import type { Feed } from '../../src/timeline/feed.ts';
import { toParts } from './memory-feed.ts';

/** A source over feeds in memory, each a part of its own. */
export function createMemorySource(id: string, feeds: readonly Feed[]): Source {
  return {
    id,
    vendor: 'MEMORY',
    name: id,
    url: new URL('http://localhost/'),
    parts: toParts(feeds),
    loadEvents: async (references) => references.map(() => null),
    fieldLoaders: {},
    listProjects: async () => [],
    listEnvironments: async () => null,
    details: [],
    rateLimit: () => null,
    isHealthy: () => true,
    traffic: () => ({ active: 0, waiting: 0, brokenParts: 0 }),
    close: async () => {},
  };
}
