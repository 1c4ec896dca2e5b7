import { describe, expect, it } from 'vitest';
import { withinBudget } from '../../src/timeline/within-budget.ts';
import { createEndlessBudget } from '../support/budget.ts';

describe('withinBudget', () => {
  const budgetOf = (signal: AbortSignal) => ({ ...createEndlessBudget(), signal });

  it('gives what the work gives, and throws what it throws', async () => {
    const budget = createEndlessBudget();
    expect(await withinBudget(budget, Promise.resolve(1))).toBe(1);
    await expect(withinBudget(budget, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('ends every wait when the signal is aborted, and every later one at once', async () => {
    const controller = new AbortController();
    const budget = budgetOf(controller.signal);
    const waits = [1, 2].map(() => withinBudget(budget, new Promise(() => {})));
    controller.abort(new Error('gone'));
    for (const wait of waits) await expect(wait).rejects.toThrow('gone');
    await expect(withinBudget(budget, Promise.reject(new Error('late')))).rejects.toThrow('gone');
  });

  it('listens to a signal once, however often it is waited for', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener } = signal;
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, given);
    };
    for (let wait = 0; wait < 20; wait += 1) await withinBudget(budgetOf(signal), Promise.resolve());
    expect(listeners).toBe(1);
  });
});
