import { setTimeout as wait } from 'node:timers/promises';
import { createElement, Suspense, useEffect } from 'react';
import { RelayEnvironmentProvider } from 'react-relay';
import { create } from 'react-test-renderer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventsAddedDocument, TimelinePageDocument } from '../../schema/generated/graphql.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { createProbe } from './probe.ts';
import { createClient as createApollo } from './recipes/apollo-4.ts';
import { createSocketLink, createStreamLink, goLive as goLiveWithApollo } from './recipes/apollo-live.ts';
import { createLiveSocket, createLiveStream } from './recipes/live.ts';
import { createEnvironment } from './recipes/relay/environment.ts';
import { goLive as goLiveWithRelay } from './recipes/relay/live.ts';
import { useTimeline } from './recipes/relay/timeline.ts';
import { createClient as createUrql } from './recipes/urql.ts';
import { liveExchange, liveUpdates } from './recipes/urql-live.ts';

const LONGEST = { timeout: 10_000, interval: 20 };
const FILTER = { vendors: ['UNLEASH' as const] };

interface Shown extends Disposable {
  /** The keys of the flags that the list is about, from top to bottom. */
  flags(): (string | undefined)[];
  goLive(): void;
  readMore(): void;
  /** What the subscription has brought, if the cache would not show an event that came twice. */
  brought?: (string | undefined)[];
}

/** Shows pages of three. */
type Show = (url: string) => Shown;

interface Line {
  node: { flag?: { key: string } | null | undefined };
}

const flagsOf = (edges: readonly Line[] | undefined) => edges?.map(({ node }) => node.flag?.key) ?? [];

const apollo =
  (createLink: typeof createSocketLink): Show =>
  (url) => {
    const client = createApollo(url);
    client.setLink(createLink(url));
    const timeline = client.watchQuery({ query: TimelinePageDocument, variables: { first: 3, filter: FILTER } });
    let edges: Line[] = [];
    const subscription = timeline.subscribe(({ data }) => {
      edges = (data?.flagEvents?.edges ?? []) as Line[];
    });
    let leave = () => {};
    return {
      flags: () => flagsOf(edges),
      goLive() {
        leave = goLiveWithApollo(timeline);
      },
      readMore() {
        const { data } = timeline.getCurrentResult();
        void timeline.fetchMore({ variables: { after: data?.flagEvents?.pageInfo?.endCursor ?? null } });
      },
      [Symbol.dispose]() {
        leave();
        subscription.unsubscribe();
        client.stop();
      },
    };
  };

const urql =
  (createLive: (url: string) => ReturnType<typeof createLiveSocket>): Show =>
  (url) => {
    const client = createUrql(url, { exchanges: [liveExchange(url, createLive(url))], updates: liveUpdates });
    let page: { edges: Line[]; pageInfo: { startCursor: string | null; endCursor: string | null } } | null = null;
    const read = (after: string | null = null) =>
      client.query(TimelinePageDocument, { first: 3, filter: FILTER, after }).subscribe(({ data }) => {
        page = data?.flagEvents ?? null;
      });
    const subscriptions = [read()];
    const brought: (string | undefined)[] = [];
    return {
      brought,
      flags: () => flagsOf(page?.edges),
      goLive() {
        const variables = { since: page?.pageInfo.startCursor ?? null, filter: FILTER };
        const live = client.subscription(EventsAddedDocument, variables).subscribe(({ data }) => {
          brought.unshift(...flagsOf(data?.flagEventsAdded.edges));
        });
        subscriptions.push(live);
      },
      readMore: () => subscriptions.push(read(page?.pageInfo.endCursor ?? null)),
      [Symbol.dispose]() {
        for (const { unsubscribe } of subscriptions) unsubscribe();
      },
    };
  };

const relay: Show = (url) => {
  const environment = createEnvironment(url);
  const timelines = createProbe<ReturnType<typeof useTimeline>>();
  const latest = () => timelines.seen.at(-1);

  function Page() {
    const timeline = useTimeline({ count: 3, filter: FILTER });
    useEffect(() => timelines.tell(timeline));
    return null;
  }

  const children = createElement(Suspense, { fallback: null }, createElement(Page));
  const root = create(createElement(RelayEnvironmentProvider, { environment, children }));
  let leave = () => {};
  return {
    flags: () => flagsOf(latest()?.data.flagEvents?.edges),
    goLive() {
      const { __id = '', pageInfo } = latest()?.data.flagEvents ?? {};
      const variables = { since: pageInfo?.startCursor ?? null, filter: FILTER };
      leave = goLiveWithRelay(environment, __id, variables).dispose;
    },
    readMore: () => void latest()?.loadNext(3),
    [Symbol.dispose]() {
      leave();
      root.unmount();
    },
  };
};

const clients: Record<string, Show> = {
  'Apollo Client 4 over a WebSocket': apollo(createSocketLink),
  'Apollo Client 4 over Server-Sent Events': apollo(createStreamLink),
  'urql over a WebSocket': urql(createLiveSocket),
  'urql over Server-Sent Events': urql(createLiveStream as typeof createLiveSocket),
  'Relay over a WebSocket': relay,
};

let unleash: UnleashSandbox;
let gateway: TestGateway;
let proxy: CuttingProxy;
const start = () => startGateway([{ vendor: 'unleash', apiToken: unleash.token, url: unleash.url }]);
const happen = (...names: string[]) => {
  for (const featureName of names) unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' });
};
beforeEach(async () => {
  unleash = await startUnleashSandbox();
  gateway = await start();
  proxy = await startCuttingProxy(gateway.url);
});
afterEach(async () => {
  for (const each of [proxy, gateway, unleash]) await each[Symbol.asyncDispose]();
});

describe.for(Object.entries(clients))('%s', ([, show]) => {
  const shows = (shown: Shown, ...flags: string[]) => vi.waitFor(() => expect(shown.flags()).toEqual(flags), LONGEST);

  it('puts what happens before the page, what happened in between as well, and goes on when its connection is lost', async () => {
    happen('old', 'a', 'b', 'c');
    using shown = show(proxy.url);
    await shows(shown, 'c', 'b', 'a');
    happen('between');
    shown.goLive();
    await shows(shown, 'between', 'c', 'b', 'a');
    happen('one', 'two');
    await shows(shown, 'two', 'one', 'between', 'c', 'b', 'a');
    const before = proxy.connections();
    proxy.cut();
    happen('unseen');
    await shows(shown, 'unseen', 'two', 'one', 'between', 'c', 'b', 'a');
    expect(proxy.connections()).toBeGreaterThan(before);
    happen('three');
    await shows(shown, 'three', 'unseen', 'two', 'one', 'between', 'c', 'b', 'a');
    if (shown.brought) expect(shown.brought).toEqual(['three', 'unseen', 'two', 'one', 'between']);
  });

  it('goes on at another replica when the gateway ends its subscription', async () => {
    happen('a', 'b', 'c');
    using shown = show(proxy.url);
    await shows(shown, 'c', 'b', 'a');
    shown.goLive();
    happen('one');
    await shows(shown, 'one', 'c', 'b', 'a');
    await using other = await start();
    proxy.leadTo(other.url);
    gateway.live.shutDown('SHUTTING_DOWN');
    await vi.waitFor(() => expect(gateway.live.subscribers).toBe(0), LONGEST);
    // As a server does that shuts down, it keeps no connection for further requests.
    await wait(100);
    proxy.cut();
    happen('two');
    await shows(shown, 'two', 'one', 'c', 'b', 'a');
    expect([gateway.live.subscribers, other.live.subscribers]).toEqual([0, 1]);
  });

  it('still reads older pages', async () => {
    happen('x', 'y', 'z', 'a', 'b', 'c');
    using shown = show(proxy.url);
    await shows(shown, 'c', 'b', 'a');
    shown.goLive();
    happen('one');
    await shows(shown, 'one', 'c', 'b', 'a');
    shown.readMore();
    await shows(shown, 'one', 'c', 'b', 'a', 'z', 'y', 'x');
    happen('two');
    await shows(shown, 'two', 'one', 'c', 'b', 'a', 'z', 'y', 'x');
  });
});

describe('urql with `fetchSubscriptions`', () => {
  it('has what happens, and an error when its connection is lost', async () => {
    const client = createUrql(proxy.url, { fetchSubscriptions: true });
    const answers = createProbe<{ flags: unknown[]; error: unknown }>();
    const { unsubscribe } = client
      .subscription(EventsAddedDocument, { filter: FILTER })
      .subscribe(({ data, error }) => {
        answers.tell({ flags: flagsOf(data?.flagEventsAdded.edges), error });
      });
    await answers.until(({ flags }) => flags.length === 0);
    happen('one');
    await answers.until(({ flags }) => flags.includes('one'));
    proxy.cut();
    await answers.until(({ error }) => error !== undefined);
    unsubscribe();
  });
});
