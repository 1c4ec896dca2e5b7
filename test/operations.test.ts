import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { print } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { request } from '../schema/examples/request.ts';
import * as generated from '../schema/generated/graphql.ts';
import {
  ChangeDetailsDocument,
  ChangesAroundDocument,
  EventsAddedDocument,
  ExportPageDocument,
  FilterChoicesDocument,
  FlagHistoryDocument,
  HighImpactChangesDocument,
  NewEventsDocument,
  SourceStatesDocument,
  TimelinePageDocument,
} from '../schema/generated/graphql.ts';
import { collect } from './support/gateway-process.ts';
import { type BothSandboxes, startBoth } from './support/sandboxes.ts';
import { subscribe } from './support/subscribe.ts';
import { idsOf, walk } from './support/walk.ts';

let both: BothSandboxes;
let url: string;
beforeAll(async () => {
  both = await startBoth();
  url = both.gateway.url;
});
afterAll(() => both[Symbol.asyncDispose]());

describe('the operations of a frontend', () => {
  it('read a page of the timeline and the next one', async () => {
    const { data } = await request(url, TimelinePageDocument, { first: 5 });
    const after = data?.flagEvents?.pageInfo.endCursor ?? null;
    const next = await request(url, TimelinePageDocument, { first: 5, after });
    const edges = [...(data?.flagEvents?.edges ?? []), ...(next.data?.flagEvents?.edges ?? [])];
    expect(new Set(edges.map(({ node }) => node.id)).size).toBe(10);
    expect(next.data?.flagEvents?.sources.map(({ source, status }) => [source.name, status])).toEqual([
      ['launchdarkly', 'OK'],
      ['unleash', 'OK'],
    ]);
  });

  it('read what changed around a moment', async () => {
    const [moment] = (await walk(both.gateway, { size: 100 })).at(1)?.nodes ?? [];
    const at = Date.parse(moment?.occurredAt ?? '');
    const [from, to] = [at - 60_000, at + 60_000].map((time) => new Date(time).toISOString()) as [string, string];
    const { data } = await request(url, ChangesAroundDocument, { from, to });
    const nodes = data?.flagEvents?.edges.map(({ node }) => node) ?? [];
    expect(nodes.map(({ id }) => id)).toContain(moment?.id);
    expect(nodes.every(({ occurredAt }) => occurredAt >= from && occurredAt < to)).toBe(true);
  });

  it('read one flag’s history in both vendors, with what each of them alone knows', async () => {
    const { data } = await request(url, FlagHistoryDocument, { key: 'split-payments', first: 100 });
    const nodes = data?.flag?.events?.edges.map(({ node }) => node) ?? [];
    expect(new Set(nodes.map(({ flag }) => flag?.key))).toEqual(new Set(['split-payments']));
    const actions = nodes.flatMap((node) => (node.__typename === 'LaunchDarklyFlagEvent' ? node.actions : []));
    const changes = nodes.flatMap((node) => (node.__typename === 'UnleashFlagEvent' ? node.changes : []));
    const comments = nodes.flatMap((node) =>
      node.__typename === 'LaunchDarklyFlagEvent' ? (node.auditLogEntry?.comment ?? []) : [],
    );
    expect([actions.length > 0, changes.length > 0, comments.length > 0]).toEqual([true, true, true]);
  });

  it('read one change in full, whichever vendor it was made in', async () => {
    const { data } = await request(url, FlagHistoryDocument, { key: 'split-payments', first: 100 });
    const nodes = data?.flag?.events?.edges.map(({ node }) => node) ?? [];
    const kinds = ['LaunchDarklyFlagEvent', 'UnleashFlagEvent'] as const;
    for (const name of kinds) {
      const chosen = nodes.find(({ __typename, kind }) => __typename === name && kind === 'TARGETING_CHANGED');
      const { data: details } = await request(url, ChangeDetailsDocument, { id: chosen?.id ?? '' });
      const node = details?.node;
      const changes =
        node?.__typename === 'LaunchDarklyFlagEvent'
          ? node.auditLogEntry?.changes
          : node?.__typename === 'UnleashFlagEvent'
            ? node.changes
            : [];
      expect(changes?.length).toBeGreaterThan(0);
    }
  });

  it('read what many users noticed, with the experiments', async () => {
    const { data } = await request(url, HighImpactChangesDocument, { first: 50 });
    const all = data?.flagEvents?.edges.map(({ node }) => node) ?? [];
    const nodes = all.filter((node) => node.__typename === 'LaunchDarklyFlagEvent');
    expect(new Set(nodes.map(({ impact }) => impact.size))).toEqual(new Set(['MEDIUM', 'LARGE']));
    expect(nodes.flatMap(({ experiments }) => experiments?.nodes ?? []).length).toBeGreaterThan(0);
  });

  it('read a page of an export, with the vendors’ own ids', async () => {
    const { data } = await request(url, ExportPageDocument, { size: 50 });
    const ids = data?.flagEvents?.edges.map(({ node }) => node.eventId);
    expect(ids).toEqual(idsOf(await walk(both.gateway, { size: 50 })).slice(0, 50));
  });

  it('read what a filter can be filled with', async () => {
    const { data } = await request(url, FilterChoicesDocument, {});
    const pairs = data?.flagSources[0]?.projects?.flatMap(({ environments, key }) =>
      (environments ?? []).map((each) => `${key}/${each.key}`),
    );
    expect(pairs).toEqual(both.environments);
  });

  it('read the state of the sources', async () => {
    const { data } = await request(url, SourceStatesDocument, {});
    expect(data?.flagSources.map(({ name, vendor }) => [name, vendor])).toEqual([
      ['launchdarkly', 'LAUNCHDARKLY'],
      ['unleash', 'UNLEASH'],
    ]);
    expect(data?.flagEvents?.sources.map(({ failure, status }) => [status, failure])).toEqual([
      ['OK', null],
      ['OK', null],
    ]);
  });

  it('follow the timeline from a page on', async () => {
    const { data } = await request(url, TimelinePageDocument, { first: 1 });
    const variables = { since: data?.flagEvents?.pageInfo.startCursor };
    await using live = await subscribe({ url }, print(EventsAddedDocument), variables);
    const event = both.unleash.insert({ type: 'feature-created', featureName: 'live', project: 'web-shop' });
    const flagsOf = () => live.batches().flatMap(({ edges }) => edges.map(({ node }) => node.flag));
    await live.until(() => flagsOf().length > 0);
    expect(flagsOf()).toMatchObject([{ key: event.featureName }]);
  });

  it('are all run here', () => {
    // Those of the page at `/` are run by the page.
    const documents = Object.keys(generated).filter((name) => /^(?!Page).*(?<!Fragment)Document$/.test(name));
    const run = Object.keys({
      ChangeDetailsDocument,
      ChangesAroundDocument,
      EventsAddedDocument,
      ExportPageDocument,
      FilterChoicesDocument,
      FlagHistoryDocument,
      HighImpactChangesDocument,
      NewEventsDocument,
      SourceStatesDocument,
      TimelinePageDocument,
    });
    expect(documents.toSorted()).toEqual(run);
  });
});

describe('the export script', () => {
  const script = fileURLToPath(new URL('../schema/examples/export.ts', import.meta.url));

  it('writes a whole walk as a line of JSON each, and tells how far it is', async () => {
    const { stderr, stdout } = await promisify(execFile)(process.execPath, [script, url], { maxBuffer: 2 ** 26 });
    const lines = stdout.trimEnd().split('\n').map(toNode);
    expect(lines.map(({ eventId }) => eventId)).toEqual(idsOf(await walk(both.gateway, { size: 100 })));
    const progress = stderr.trimEnd().split('\r').at(-1);
    expect(progress).toContain(`${lines.length} events, back to ${lines.at(-1)?.occurredAt}`);
  });

  it('ends at the moment it is told', async () => {
    const [, page] = await walk(both.gateway, { size: 50 });
    const from = page?.nodes[0]?.occurredAt ?? '';
    const { stdout } = await promisify(execFile)(process.execPath, [script, url, '--from', from]);
    const lines = stdout.trimEnd().split('\n').map(toNode);
    expect(lines.at(-1)?.occurredAt).toBe(from);
  });

  it('goes on when a source fails, and has its events all the same', async () => {
    using _down = both.unleash.faults.next(6, { kind: 'status', status: 503 });
    const { stderr, stdout } = await promisify(execFile)(process.execPath, [script, url], { maxBuffer: 2 ** 26 });
    const ids = stdout
      .trimEnd()
      .split('\n')
      .map(toNode)
      .map(({ eventId }) => eventId);
    expect(stderr).toContain('waiting for unleash');
    expect(ids.toSorted()).toEqual(idsOf(await walk(both.gateway, { size: 100 })).toSorted());
  });

  it('ends with an error when there is no gateway', async () => {
    const running = promisify(execFile)(process.execPath, [script, 'http://127.0.0.1:1/graphql']);
    await expect(running).rejects.toMatchObject({ code: 1 });
  });
});

describe('the script that follows the timeline', () => {
  const script = fileURLToPath(new URL('../schema/examples/tail.ts', import.meta.url));

  function follow(...args: string[]) {
    const child = spawn(process.execPath, [script, url, ...args]);
    const [output, errors] = [collect(child.stdout), collect(child.stderr)];
    const lines = () => output().split('\n').filter(Boolean).map(toNode);
    return {
      child,
      errors,
      names: () => lines().map(({ flag }) => flag?.key),
      async [Symbol.asyncDispose]() {
        if (child.exitCode !== null) return;
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }
  const happen = (featureName: string) =>
    both.unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' });

  it('writes what happens, and goes on from its file after an interruption', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'gateway-tail-'));
    const file = path.join(folder.path, 'cursor');
    const names = ['first', 'second', 'third', 'fourth'];
    {
      await using tail = follow('--cursor', file);
      await vi.waitUntil(() => tail.errors().includes('0 events'), LONGEST);
      happen('first');
      happen('second');
      await vi.waitUntil(() => tail.names().length === 2, LONGEST);
      expect(tail.names()).toEqual(names.slice(0, 2));
      await vi.waitUntil(() => tail.errors().includes('2 events, up to '), LONGEST);
    }
    happen('third');
    await using tail = follow('--cursor', file);
    await vi.waitUntil(() => tail.names().length === 1, LONGEST);
    happen('fourth');
    await vi.waitUntil(() => tail.names().length === 2, LONGEST);
    expect(tail.names()).toEqual(names.slice(2));
  });

  it('ends with an error when its file holds no cursor', async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'gateway-tail-'));
    const file = path.join(folder.path, 'cursor');
    await writeFile(file, 'nonsense\n');
    await using tail = follow('--cursor', file);
    expect(await once(tail.child, 'exit')).toEqual([1, null]);
    expect(tail.errors()).toContain('is not a cursor of this API');
  });

  it('waits for a gateway that is not there, and says so', async () => {
    const child = spawn(process.execPath, [script, 'http://127.0.0.1:1/graphql']);
    const errors = collect(child.stderr);
    await vi.waitUntil(() => errors().includes('trying again (1)'), LONGEST);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

const LONGEST = { timeout: 10_000 };

interface Line {
  flag?: { key: string } | null;
  occurredAt: string;
  eventId: string;
}

function toNode(line: string): Line {
  return JSON.parse(line);
}
