import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query';
import type { ClientError } from 'graphql-request';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';
import { readPage } from '../support/walk.ts';
import { readLatestEvents } from './recipes/tada/latest-events.ts';
import { timelineOptions } from './recipes/tanstack.ts';

let both: BothSandboxes;
beforeEach(async () => {
  both = await startBoth();
});
afterEach(() => both[Symbol.asyncDispose]());

describe('TanStack Query with graphql-request', () => {
  let client: QueryClient;
  beforeEach(() => {
    client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  });
  afterEach(() => client.clear());

  it('shows the pages read so far as one list, and knows when there are no more', async () => {
    const filter = { flagKeys: ['split-payments'] };
    const { nodes } = await readPage(both.gateway, { first: 100, filter });
    const timeline = new InfiniteQueryObserver(client, timelineOptions(both.gateway.url, filter));
    let result = await timeline.fetchNextPage();
    expect(result.data?.events).toHaveLength(20);
    while (result.hasNextPage) result = await timeline.fetchNextPage();
    expect(result.data?.events.map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
    expect(nodes.length).toBeGreaterThan(20);
  });

  it('asks every page again when told to, and keeps their order though there are new events', async () => {
    const timeline = new InfiniteQueryObserver(client, timelineOptions(both.gateway.url));
    await timeline.fetchNextPage();
    const before = await timeline.fetchNextPage();
    both.unleash.insert({ type: 'feature-created', featureName: 'brand-new' });
    const after = await timeline.refetch();
    expect(after.data?.events[0]?.flag?.key).toBe('brand-new');
    expect(after.data?.events.slice(1)).toEqual(before.data?.events.slice(0, -1));
  });

  it('has the events of the others when a source is down, and shows which one is', async () => {
    both.unleash.faults.always({ kind: 'status', status: 503 });
    const timeline = new InfiniteQueryObserver(client, timelineOptions(both.gateway.url));
    const { data, error } = await timeline.fetchNextPage();
    expect(error).toBeNull();
    expect(data?.events).toHaveLength(20);
    expect(data?.sources.map(({ failure, status }) => [status, failure?.code])).toEqual([
      ['OK', undefined],
      ['FAILED', 'UPSTREAM_UNAVAILABLE'],
    ]);
  });

  it('has an error with a code when every source is down', async () => {
    both.unleash.faults.always({ kind: 'status', status: 503 });
    both.launchDarkly.faults.add({ type: 'unavailable' });
    const timeline = new InfiniteQueryObserver(client, timelineOptions(both.gateway.url));
    const { error } = await timeline.fetchNextPage();
    expect((error as ClientError).response.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  });
});

describe('gql.tada', () => {
  it('types what is asked, of each vendor its own', async () => {
    const page = await readLatestEvents(both.gateway.url, 'production');
    const told = page?.edges.map(({ node }) => {
      if (node.__typename === 'LaunchDarklyFlagEvent') return [node.eventId, node.impact.size];
      return [node.eventId, node.changes.map(({ path }) => path.join('.')).join()];
    });
    const { nodes } = await readPage(both.gateway, { first: 10, filter: { environments: ['production'] } });
    expect(told?.map(([id]) => id)).toEqual(nodes.map(({ ownId }) => ownId));
    expect(new Set(page?.edges.map(({ node }) => node.__typename)).size).toBe(2);
  });

  it('has the events of the others when a source is down, and shows which one is', async () => {
    both.launchDarkly.faults.add({ type: 'unavailable' });
    const page = await readLatestEvents(both.gateway.url, 'production');
    expect(page?.sources.map(({ status }) => status)).toEqual(['FAILED', 'OK']);
    expect(page?.edges.length).toBeGreaterThan(0);
  });
});
