import { setTimeout } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { Client, fetchExchange } from '@urql/core';
import { type DocumentNode, parse } from 'graphql';
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

/** The same events as on the list, under another filter, with other fields of what has no id. */
const PANEL = parse(`{
  flagEvents(first: 10, filter: { from: "2000-01-01T00:00:00Z" }) {
    edges {
      node {
        __typename
        id
        actor { __typename email }
        project { __typename source { __typename id } }
        environment { __typename project { __typename key } }
        ... on LaunchDarklyFlagEvent {
          impact { __typename reason }
        }
      }
    }
  }
}`);

interface Place {
  first?: number;
  after?: string | null;
}

interface Watched<Data> extends Disposable {
  /** What the client shows, as it changes. */
  answers: Probe<Data>;
  readMore(place: Place): void;
  /** Asks something else of the same client, as another panel on the page would. */
  ask(document: DocumentNode): Promise<unknown>;
}

type OpenList = <Data>(url: string, document: TypedDocumentNode<Data, Place>, place: Place) => Watched<Data>;

const clients: Record<string, OpenList> = {
  'Apollo Client 4': (url, query, variables) => {
    const answers = createProbe<never>();
    const client = createApollo4(url);
    const watched = client.watchQuery({ query, variables });
    const subscription = watched.subscribe(({ data, error }) => answers.tell((error ? { error } : data) as never));
    return {
      answers,
      readMore: (place) => void watched.fetchMore({ variables: place }),
      ask: (panel) => client.query({ query: panel }),
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
      ask: (panel) => client.query({ query: panel }),
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
      ask: (panel) => client.query(panel, {}).toPromise(),
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

  it('keeps all of a list when another panel selects other fields of its events, and asks nothing again', async () => {
    using timeline = watch(both.gateway.url, TimelinePageDocument, { first: 3 });
    const first = await timeline.answers.until((data) => data?.flagEvents?.edges.length === 3);
    timeline.readMore({ first: 3, after: first.flagEvents?.pageInfo.endCursor ?? null });
    const loaded = await timeline.answers.until((data) => data?.flagEvents?.edges.length === 6);
    both.takeCalls();
    await timeline.ask(PANEL);
    const asked = both.takeCalls();
    // Whatever the client would ask again, it asks as soon as it has taken in the answer.
    await setTimeout(200);
    expect(timeline.answers.seen.at(-1)).toEqual(loaded);
    expect([asked.length, both.takeCalls()]).toEqual([both.environments.length + 1, []]);
  });

  it('shows the page first, and what is deferred once it comes', async () => {
    const isExpanded = ({ query }: { query: Record<string, string> }) => query.expand === 'experiments';
    both.launchDarkly.faults.add({ type: 'slow', delayMs: 200 }, { when: isExpanded });
    using changes = watch(both.gateway.url, HighImpactChangesDocument, { first: 10 });
    const page = await changes.answers.until((data) => (data?.flagEvents?.edges.length ?? 0) > 0);
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

describe('urql as it is by default', () => {
  it('sends a GET, which the gateway refuses: why the recipe says `preferGetMethod: false`', async () => {
    const client = new Client({ url: both.gateway.url, exchanges: [fetchExchange] });
    const query = '{ flagSources { name } }';
    const { error } = await client.query(query, {}).toPromise();
    expect(error?.response).toMatchObject({ status: 403 });
    const { data } = await client.query(query, {}, { preferGetMethod: false }).toPromise();
    expect(data).toEqual({ flagSources: [{ name: 'launchdarkly' }, { name: 'unleash' }] });
    const fetchOptions = { headers: { 'graphql-require-preflight': '1' } };
    const byGet = await client.query(query, {}, { fetchOptions }).toPromise();
    expect(byGet.data).toEqual(data);
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
  const edges = data?.flagEvents?.edges ?? [];
  return edges.flatMap(({ node }) => (node.__typename === 'LaunchDarklyFlagEvent' ? [node.experiments] : []));
}
