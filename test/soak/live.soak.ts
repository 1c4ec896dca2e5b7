import { expect, it } from 'vitest';
import { runChaos } from '../support/live-chaos.ts';
import { createDice, SEED } from './dice.ts';
import { tell } from './tell.ts';

const EVENTS = Number(process.env.SOAK_EVENTS ?? 100_000);
const MEGABYTE = 1_000_000;

it('gives fifty readers each of their events once, out of very many', { timeout: 1_200_000 }, async () => {
  tell(`SOAK_SEED=${SEED} SOAK_EVENTS=${EVENTS}`);
  const heaps: number[] = [];
  const { mostSeen, readers } = await runChaos({
    dice: createDice(SEED),
    events: EVENTS,
    readers: 50,
    onProgress: () => void heaps.push(process.memoryUsage().heapUsed),
  });
  const wrong = readers.filter(({ foreign, missed, twice }) => foreign.length + missed.length + twice.length > 0);
  expect(wrong).toEqual([]);
  expect(mostSeen).toBeLessThanOrEqual(400);
  tell(
    `at most ${Math.round(Math.max(...heaps) / MEGABYTE)} MB, ${readers.reduce((sum, { sessions }) => sum + sessions, 0)} sessions`,
  );
});
