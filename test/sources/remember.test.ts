import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CallerGoneError } from '../../src/errors.ts';
import { remember } from '../../src/sources/remember.ts';
import { createEndlessBudget } from '../support/budget.ts';

const budget = createEndlessBudget();

/** Gives these one after another, and throws those that are errors. */
function answering(...answers: unknown[]) {
  let asked = 0;
  const load = async () => {
    const answer = answers[asked++];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { load, asked: () => asked };
}

describe('what a source remembers', () => {
  it('is asked for once, and again when it is too old: an upgrade of a server is noticed', async () => {
    const { asked, load } = answering('7.0.0', '8.2.0');
    const version = remember(load, { maxAgeMs: 20 });
    expect([await version(budget), await version(budget), asked()]).toEqual(['7.0.0', '7.0.0', 1]);
    await wait(30);
    expect([await version(budget), asked()]).toEqual(['8.2.0', 2]);
  });

  it('is given on while a new answer cannot be had, and the vendor is left alone for a moment', async () => {
    const { asked, load } = answering('old', new Error('down'), 'new');
    const value = remember(load, { maxAgeMs: 5 });
    await value(budget);
    await wait(10);
    expect([await value(budget), await value(budget), asked()]).toEqual(['old', 'old', 2]);
  });

  it('is a failure for a moment only, and only where that is wanted', async () => {
    const brief = answering(new Error('down'), 'up');
    const value = remember(brief.load, { failureMs: 20 });
    await expect(value(budget)).rejects.toThrow('down');
    await expect(value(budget)).rejects.toThrow('down');
    expect(brief.asked()).toBe(1);
    await wait(30);
    expect(await value(budget)).toBe('up');
    const eager = answering(new Error('down'), 'up');
    const other = remember(eager.load);
    await expect(other(budget)).rejects.toThrow('down');
    expect(await other(budget)).toBe('up');
  });

  it('is nothing that a caller who has gone says of the vendor', async () => {
    const { load } = answering(new CallerGoneError(), 'there');
    const value = remember(load, { failureMs: 60_000 });
    await expect(value(budget)).rejects.toThrow('gone');
    expect(await value(budget)).toBe('there');
  });
});
