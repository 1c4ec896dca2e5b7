import { createElement, Suspense, useEffect } from 'react';
import { RelayEnvironmentProvider } from 'react-relay';
import { create } from 'react-test-renderer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';
import { readPage } from '../support/walk.ts';
import { createProbe } from './probe.ts';
import { createEnvironment } from './recipes/relay/environment.ts';
import { useExperiments, useTimeline } from './recipes/relay/timeline.ts';

type Variables = Parameters<typeof useTimeline>[0];
type Timeline = ReturnType<typeof useTimeline>;

let both: BothSandboxes;
beforeEach(async () => {
  both = await startBoth();
});
afterEach(() => both[Symbol.asyncDispose]());

describe('Relay', () => {
  it('pages through a connection in its store', async () => {
    const { timelines } = render({ count: 5 });
    await timelines.until(({ data }) => idsIn(data).length === 5);
    const { nodes } = await readPage(both.gateway, { first: 10 });
    await vi.waitFor(() => {
      // Relay does not hear it while deferred parts of the page before are still coming.
      timelines.seen.at(-1)?.loadNext(5);
      expect(idsIn(timelines.seen.at(-1)?.data)).toEqual(nodes.map(({ id }) => id));
    }, 10_000);
  });

  it('shows the page first, and what is deferred once it comes', async () => {
    // React holds back what follows a fallback within 300 ms.
    both.launchDarkly.faults.add(
      { type: 'slow', delayMs: 600 },
      { when: ({ query }) => query.expand === 'experiments' },
    );
    const { experiments, timelines } = render({ count: 10, filter: { launchDarkly: { hasExperiments: true } } });
    await timelines.until(({ data }) => idsIn(data).length > 0);
    expect(experiments.seen).toEqual([]);
    expect((await experiments.until((keys) => keys.length > 0))[0]).toEqual(expect.any(String));
  });

  it('keeps the data of the others when a source is down, and says which one is', async () => {
    both.unleash.faults.always({ kind: 'status', status: 503 });
    const { timelines } = render({ count: 5 });
    const { data } = await timelines.until((each) => idsIn(each.data).length === 5);
    expect(data.flagEvents?.sources).toMatchObject([
      { source: { name: 'launchdarkly' }, status: 'OK', failure: null },
      { source: { name: 'unleash' }, status: 'FAILED', failure: { message: expect.any(String) } },
    ]);
  });
});

function render(variables: Variables) {
  const timelines = createProbe<Timeline>();
  const experiments = createProbe<string[]>();

  function Page() {
    const timeline = useTimeline(variables);
    useEffect(() => timelines.tell(timeline));
    return timeline.data.flagEvents?.edges.map(({ node }) =>
      createElement(
        Suspense,
        { key: node.id, fallback: null },
        node.experiments && createElement(Experiments, { event: node.experiments }),
      ),
    );
  }

  function Experiments({ event }: { event: Parameters<typeof useExperiments>[0] }) {
    const keys = useExperiments(event);
    useEffect(() => experiments.tell(keys));
    return null;
  }

  const children = createElement(Suspense, { fallback: null }, createElement(Page));
  create(createElement(RelayEnvironmentProvider, { environment: createEnvironment(both.gateway.url), children }));
  return { timelines, experiments };
}

function idsIn(data: Timeline['data'] | undefined): string[] {
  return data?.flagEvents?.edges.map(({ node }) => node.id) ?? [];
}
