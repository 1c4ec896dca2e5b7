import { expect, it } from 'vitest';
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
