import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createMemoryBus } from '../../src/store/bus.ts';
import { createMemoryLease } from '../../src/store/lease.ts';
import { createDice, SEED } from '../soak/dice.ts';
import { runChaos } from '../support/live-chaos.ts';

it('gives each reader each of its events once, whatever happens', { timeout: 60_000 }, async () => {
  const { mostSeen, readers } = await runChaos({ dice: createDice(SEED), events: 2_000, readers: 50 });
  const wrong = readers.filter(({ foreign, missed, twice }) => foreign.length + missed.length + twice.length > 0);
  expect(wrong).toEqual([]);
  expect(readers.reduce((sum, { sessions }) => sum + sessions, 0)).toBeGreaterThan(100);
  expect(readers.reduce((sum, { given }) => sum + given, 0)).toBeGreaterThan(10_000);
  expect(mostSeen).toBeLessThan(400);
});

it('does so where replicas are told late, or not at all, and are killed', { timeout: 60_000 }, async () => {
  const dice = createDice(SEED);
  const [bus, held] = [createMemoryBus(), new Map()];
  const publish = async (topic: string, message: unknown) => {
    await wait(dice.below(60));
    if (!dice.isLucky(1 / 4)) bus.publish(topic, message);
  };
  const share = () => ({
    bus: { subscribe: bus.subscribe, publish: (topic: string, message: unknown) => void publish(topic, message) },
    lease: createMemoryLease(held),
    [Symbol.asyncDispose]: async () => {},
  });
  const { readers } = await runChaos({ dice, events: 3_000, readers: 20, share, kills: 5 });
  const wrong = readers.filter(({ foreign, missed, twice }) => foreign.length + missed.length + twice.length > 0);
  expect(wrong).toEqual([]);
});
