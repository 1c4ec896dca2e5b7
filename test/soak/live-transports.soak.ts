import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createFlagEvent } from '../support/flag-event.ts';
import type { GraphQLAnswer } from '../support/gateway.ts';
import { startBoth } from '../support/sandboxes.ts';
import { subscribe } from '../support/subscribe.ts';
import { transports } from '../support/transports.ts';
import { createDice, SEED } from './dice.ts';
import { tell } from './tell.ts';

const READERS = 20;
/** All of them happen within the minute that a cursor remembers: it has to name each. */
const EVENTS = 360;
const QUERY = `subscription Chaos($since: String, $filter: FlagEventFilter) {
  flagEventsAdded(since: $since, filter: $filter) {
    cursor
    nodes { ... on LaunchDarklyFlagEvent { eventId } ... on UnleashFlagEvent { eventId } project { key } }
  }
}`;

interface Batch {
  cursor: string;
  nodes: { eventId: string }[];
}

type Vendor = 'LAUNCHDARKLY' | 'UNLEASH';

/** What is left of a session is its last cursor. */
interface Session {
  batches: Batch[];
  ended: Promise<unknown>;
  leave(): PromiseLike<void>;
}

it('gives each reader each event once, over every transport, through faults and resumptions', async () => {
  tell(`SOAK_SEED=${SEED}`);
  const dice = createDice(SEED);
  await using both = await startBoth({ pace: { pollIntervalMs: 40, maxBackoffMs: 200 } });
  const { launchDarkly, unleash } = both;
  const { url } = both.gateway;
  const environment = launchDarkly.projects[0]?.environments[0] ?? '';
  const projectKey = launchDarkly.projects[0]?.key ?? '';
  const made: { id: string; vendor: Vendor }[] = [];
  let isOver = false;

  function happen(): void {
    const at = Date.now() - (dice.isLucky(1 / 10) ? dice.below(20_000) : 0);
    if (dice.isLucky(1 / 2)) {
      const createdAtMicros = at * 1000;
      const { id } = unleash.insert({
        type: 'feature-created',
        featureName: 'f',
        project: 'web-shop',
        createdAtMicros,
      });
      made.push({ id: String(id), vendor: 'UNLEASH' });
    } else {
      const event = createFlagEvent(10_000 + made.length, at, { projectKey, environmentKey: environment });
      launchDarkly.insert(event);
      made.push({ id: event.id, vendor: 'LAUNCHDARKLY' });
    }
  }

  async function make(): Promise<void> {
    while (made.length < EVENTS) {
      for (let burst = dice.below(12); burst > 0; burst -= 1) happen();
      if (dice.isLucky(1 / 15)) unleash.faults.next(1 + dice.below(3), { kind: 'status', status: 503 });
      if (dice.isLucky(1 / 15))
        launchDarkly.faults.add({ type: 'answer', status: 503, body: {} }, { times: 1 + dice.below(3) });
      await wait(100);
    }
    isOver = true;
  }

  async function begin(variables: { since: string | null; filter: object }): Promise<Session> {
    if (dice.isLucky(1 / 3)) {
      const client = transports[dice.isLucky(1 / 2) ? 'a WebSocket' : 'a shared event stream'](url);
      const running = client.begin({ query: QUERY, variables });
      return {
        get batches() {
          return running.answers.flatMap(batchIn);
        },
        ended: running.ended,
        leave: () => client[Symbol.asyncDispose](),
      };
    }
    // Either as a program does it, or as a browser: it asks the same as at first, and says what it has had last.
    const isBrowser = dice.isLucky(1 / 2) && variables.since !== null;
    const headers = isBrowser ? { 'last-event-id': variables.since ?? '' } : {};
    const stream = await subscribe({ url }, QUERY, isBrowser ? { ...variables, since: null } : variables, headers);
    return {
      get batches() {
        return stream.answers.flatMap(batchIn);
      },
      ended: stream.ended.catch(() => {}),
      leave: () => stream[Symbol.asyncDispose](),
    };
  }

  async function read() {
    const vendors: Vendor[] = dice.isLucky(1 / 2) ? ['LAUNCHDARKLY', 'UNLEASH'] : ['UNLEASH'];
    const given: string[] = [];
    let since: string | null = null;
    let firstCertain = Number.POSITIVE_INFINITY;
    let sessions = 0;
    const missing = () =>
      made.slice(firstCertain).filter(({ id, vendor }) => vendors.includes(vendor) && !given.includes(id));
    await wait(dice.below(1_000));
    for (let begun = Date.now(); !isOver || missing().length > 0; ) {
      if (isOver && Date.now() - begun > 20_000) break;
      if (!isOver) begun = Date.now();
      sessions += 1;
      const session = await begin({ since, filter: { vendors } });
      await Promise.race([session.ended, wait(dice.below(1_500))]);
      // It leaves amid a batch, too: what it has not read to its end, it has not had.
      const { batches } = session;
      for (const { cursor, nodes } of batches) {
        given.push(...nodes.map(({ eventId }) => eventId));
        since = cursor;
      }
      if (batches.length > 0) firstCertain = Math.min(firstCertain, made.length);
      await session.leave();
      if (dice.isLucky(1 / 3)) await wait(dice.below(500));
    }
    const twice = given.filter((id, index) => given.indexOf(id) < index);
    return { missed: missing().map(({ id }) => id), twice, sessions, given: given.length };
  }

  const [readers] = await Promise.all([Promise.all(Array.from({ length: READERS }, read)), make()]);
  tell(`${readers.reduce((sum, { sessions }) => sum + sessions, 0)} sessions`);
  expect(readers.filter(({ missed, twice }) => missed.length + twice.length > 0)).toEqual([]);
  expect(readers.reduce((sum, { given }) => sum + given, 0)).toBeGreaterThan(READERS * 100);
});

function batchIn({ data }: GraphQLAnswer<Record<string, unknown>> | GraphQLAnswer<object>): Batch[] {
  const batch = (data as { flagEventsAdded?: Batch } | null | undefined)?.flagEventsAdded;
  return batch ? [batch] : [];
}
