import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  HighImpactChangesDocument,
  type HighImpactChangesQuery,
  TimelinePageDocument,
} from '../../schema/generated/graphql.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';
import { readPage } from '../support/walk.ts';
import { createProbe, type Probe } from './probe.ts';
import { createClient as createApollo3 } from './recipes/apollo-3.ts';
import { createClient as createApollo4 } from './recipes/apollo-4.ts';
import { readFlagHistory } from './recipes/fetch.ts';
import { createClient as createUrql } from './recipes/urql.ts';

interface Place {
  first?: number;
  after?: string | null;
}

interface Watched<Data> extends Disposable {
  /** What the client shows, as it changes. */
  answers: Probe<Data>;
  readMore(place: Place): void;
}

type Client = <Data>(url: string, document: TypedDocumentNode<Data, Place>, place: Place) => Watched<Data>;

const clients: Record<string, Client> = {
  'Apollo Client 4': (url, query, variables) => {
    const answers = createProbe<never>();
    const client = createApollo4(url);
    const watched = client.watchQuery({ query, variables });
    const subscription = watched.subscribe(({ data, error }) => answers.tell((error ? { error } : data) as never));
    return {
      answers,
      readMore: (place) => void watched.fetchMore({ variables: place }),
      [Symbol.dispose]() {
        subscription.unsubscribe();
        client.stop();
      },
    };
  },
  'Apollo Client 3': (url, query, variables) => {
    const answers = createProbe<never>();
    const client = createApollo3(url);
    const watched = client.watchQuery({ query, variables });
    const subscription = watched.subscribe(({ data }) => answers.tell(data as never));
    return {
      answers,
      readMore: (place) => void watched.fetchMore({ variables: place }),
      [Symbol.dispose]() {
        subscription.unsubscribe();
        client.stop();
      },
    };
  },
  urql: (url, query, variables) => {
    const answers = createProbe<never>();
    const client = createUrql(url);
    const read = (place: Place) =>
      client
        .query(query, place)
        .subscribe(({ data, error }) => answers.tell((error ? { error } : structuredClone(data)) as never));
    const subscriptions = [read(variables)];
    return {
      answers,
      readMore: (place) => subscriptions.push(read(place)),
      [Symbol.dispose]() {
        for (const { unsubscribe } of subscriptions) unsubscribe();
      },
    };
  },
};

let both: BothSandboxes;
beforeEach(async () => {
  both = await startBoth();
});
afterEach(() => both[Symbol.asyncDispose]());

describe.for(Object.entries(clients))('%s', ([, watch]) => {
  it('joins the pages of a connection in its cache', async () => {
    using timeline = watch(both.gateway.url, TimelinePageDocument, { first: 5 });
    const { flagEvents } = await timeline.answers.until((data) => data?.flagEvents?.edges.length === 5);
    timeline.readMore({ first: 5, after: flagEvents?.pageInfo.endCursor ?? null });
    const joined = await timeline.answers.until((data) => data?.flagEvents?.edges.length === 10);
    const { nodes } = await readPage(both.gateway, { first: 10 });
    expect(joined.flagEvents?.edges.map(({ node }) => node.id)).toEqual(nodes.map(({ id }) => id));
  });

  it('shows the page first, and what is deferred once it comes', async () => {
    const isExpanded = ({ query }: { query: Record<string, string> }) => query.expand === 'experiments';
    both.launchDarkly.faults.add({ type: 'slow', delayMs: 200 }, { when: isExpanded });
    using changes = watch(both.gateway.url, HighImpactChangesDocument, { first: 10 });
    const page = await changes.answers.until((data) => (data?.flagEvents?.nodes.length ?? 0) > 0);
    expect(experimentsIn(page).every((experiments) => experiments === undefined)).toBe(true);
    const isWhole = (each: ReturnType<typeof experimentsIn>) => each.length > 0 && !each.includes(undefined);
    const whole = await changes.answers.until((data) => isWhole(experimentsIn(data)));
    expect(experimentsIn(whole).some((experiments) => (experiments?.nodes.length ?? 0) > 0)).toBe(true);
  });

  it('keeps the data of the others when a source is down, and shows which one is', async () => {
    both.unleash.faults.always({ kind: 'status', status: 503 });
    using timeline = watch(both.gateway.url, TimelinePageDocument, { first: 5 });
    const { flagEvents } = await timeline.answers.until((data) => data?.flagEvents !== undefined);
    expect(flagEvents?.edges).toHaveLength(5);
    expect(flagEvents?.sources).toMatchObject([
      { source: { name: 'launchdarkly' }, status: 'OK', failure: null },
      { source: { name: 'unleash' }, status: 'FAILED', failure: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
  });
});

describe('fetch', () => {
  it('reads a flag’s history by the hash of the operation alone', async () => {
    const { flag } = await readFlagHistory(both.gateway.url, 'split-payments');
    expect(flag?.events?.edges).toHaveLength(20);
  });

  it('keeps the data of the others when a source is down, and shows which one is', async () => {
    both.launchDarkly.faults.add({ type: 'unavailable' });
    const { flag } = await readFlagHistory(both.gateway.url, 'split-payments');
    expect(flag?.events?.sources.map(({ status }) => status)).toEqual(['FAILED', 'OK']);
    expect(new Set(flag?.events?.edges.map(({ node }) => node.__typename))).toEqual(new Set(['UnleashFlagEvent']));
  });
});

function experimentsIn(data: HighImpactChangesQuery | undefined) {
  const nodes = data?.flagEvents?.nodes ?? [];
  return nodes.flatMap((node) => (node.__typename === 'LaunchDarklyFlagEvent' ? [node.experiments] : []));
}
