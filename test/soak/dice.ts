import { createRandom } from '../../src/sources/story.ts';

/** Of every soak test: the same seed gives the same events and the same faults, though not the same timing. */
export const SEED = Number(process.env.SOAK_SEED ?? 1);

export interface Dice {
  /** A whole number from 0 to `count - 1`. */
  below(count: number): number;
  isLucky(chance: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

export function createDice(seed: number): Dice {
  const random = createRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  return {
    below,
    isLucky: (chance) => random() < chance,
    pick(choices) {
      const [first] = choices;
      if (first === undefined) throw new Error('There is nothing to choose from.');
      return choices[below(choices.length)] ?? first;
    },
  };
}
