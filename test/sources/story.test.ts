import { describe, expect, it } from 'vitest';
import { FLAG_EVENT_KINDS, type FlagEventKind } from '../../src/model.ts';
import { createStory, type StoryChange, type StoryVendor } from '../../src/sources/story.ts';

const NOW = Date.parse('2026-03-01T12:34:56.789Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Only these are flag events in LaunchDarkly. */
const LAUNCHDARKLY_KINDS: readonly FlagEventKind[] = [
  'CREATED',
  'ENABLED',
  'DISABLED',
  'TARGETING_CHANGED',
  'ROLLOUT_CHANGED',
  'VARIATIONS_CHANGED',
  'SCHEDULE_CHANGED',
  'APPROVAL_CHANGED',
  'EXPERIMENT_CHANGED',
  'ARCHIVED',
  'RESTORED',
  'DELETED',
  'DEPENDENCIES_CHANGED',
];

const isIn =
  (vendor: StoryVendor) =>
  ({ vendors }: StoryChange) =>
    vendors.includes(vendor);

describe('createStory', () => {
  it('tells the same story for the same seed and now, and another one for another seed', () => {
    const story = createStory({ seed: 7, now: NOW });
    expect(JSON.stringify(createStory({ seed: 7, now: NOW }))).toBe(JSON.stringify(story));
    expect(JSON.stringify(createStory({ seed: 8, now: NOW }))).not.toBe(JSON.stringify(story));
  });

  it('has three projects, two environments, twenty flags, six actors and a few experiments', () => {
    const { projects, environments, flags, actors, experiments } = createStory({ seed: 1, now: NOW });
    expect(projects.map(({ key }) => key)).toEqual(['web-shop', 'mobile-app', 'payments']);
    expect(environments).toEqual(['production', 'staging']);
    expect([flags.length, actors.length, experiments.length]).toEqual([20, 6, 5]);
    expect(new Set(experiments.map(({ status }) => status))).toEqual(new Set(['running', 'stopped']));
  });
});

describe.each([1, 2, 3, 42])('the story of seed %i', (seed) => {
  const { changes, flags, experiments } = createStory({ seed, now: NOW });
  const ofVendor = (vendor: StoryVendor) => changes.filter(isIn(vendor));

  it('has a few hundred changes over thirty days, newest first, the newest minutes old', () => {
    expect(changes.length).toBeGreaterThan(300);
    expect(changes.length).toBeLessThan(420);
    expect(changes.map(({ at }) => at)).toEqual(changes.map(({ at }) => at).toSorted((a, b) => b - a));
    const ages = changes.map(({ at }) => NOW - at);
    expect(Math.min(...ages)).toBeGreaterThan(MINUTE);
    expect(Math.min(...ages)).toBeLessThan(3 * MINUTE);
    expect(Math.max(...ages)).toBeLessThanOrEqual(30 * DAY);
  });

  it('has something younger than ten minutes in either vendor', () => {
    for (const vendor of ['launchdarkly', 'unleash'] as const) {
      expect(ofVendor(vendor).filter(({ at }) => NOW - at < 10 * MINUTE).length).toBeGreaterThan(1);
    }
  });

  it('uses every kind but OTHER, each where it can occur', () => {
    const kindsOf = (vendor: StoryVendor) => new Set(ofVendor(vendor).map(({ kind }) => kind));
    const all = FLAG_EVENT_KINDS.filter((kind) => kind !== 'OTHER');
    expect(kindsOf('launchdarkly')).toEqual(new Set(LAUNCHDARKLY_KINDS));
    expect(kindsOf('unleash')).toEqual(new Set(all.filter((kind) => kind !== 'EXPERIMENT_CHANGED')));
  });

  it('has ties inside each vendor and across both', () => {
    for (const vendor of ['launchdarkly', 'unleash'] as const) {
      const times = ofVendor(vendor).map(({ at }) => at);
      expect(new Set(times).size).toBeLessThan(times.length);
    }
    expect(changes.filter(({ vendors }) => vendors.length === 2).length).toBeGreaterThan(3);
  });

  it('has changes of every environment, without an actor, and, in Unleash alone, about no flag', () => {
    expect(changes.some(({ environment }) => environment === null)).toBe(true);
    expect(ofVendor('launchdarkly').some(({ actor }) => actor === null)).toBe(true);
    expect(ofVendor('unleash').some(({ actor }) => actor === null)).toBe(true);
    expect(ofVendor('launchdarkly').filter(({ flag }) => flag === null)).toEqual([]);
    expect(ofVendor('unleash').some(({ flag }) => flag === null)).toBe(true);
  });

  it('leads each flag from LaunchDarkly over both to Unleash', () => {
    for (const { key } of flags) {
      const life = changes.filter(({ flag }) => flag === key).toReversed();
      const firstInUnleash = life.findIndex(isIn('unleash'));
      const ownChanges = life.slice(firstInUnleash).filter(({ at }) => at > (life[firstInUnleash]?.at ?? 0) + 4 * DAY);
      expect(ownChanges.filter(isIn('launchdarkly'))).toEqual([]);
    }
  });

  it('repeats a change in the other vendor within seconds while a flag is migrating', () => {
    const twins = changes.filter((one) =>
      changes.some(
        (other) =>
          other.vendors[0] === 'unleash' &&
          one.vendors.length === 1 &&
          one.vendors[0] === 'launchdarkly' &&
          other.flag === one.flag &&
          other.kind === one.kind &&
          other.environment === one.environment &&
          other.at > one.at &&
          other.at - one.at < 10_000,
      ),
    );
    expect(twins.length).toBeGreaterThan(10);
  });

  it.each(['launchdarkly', 'unleash'] as const)('keeps each flag’s life coherent in %s', (vendor) => {
    for (const { key } of flags) {
      const life = ofVendor(vendor).filter(({ flag }) => flag === key);
      expect(problemsOf(life.toReversed())).toEqual([]);
    }
  });

  it('announces the start and the end of every experiment', () => {
    for (const { flag, startedAt, endedAt } of experiments) {
      const moments = changes.filter(({ flag: key, kind }) => key === flag && kind === 'EXPERIMENT_CHANGED');
      expect(moments.map(({ at }) => at)).toContain(startedAt);
      expect(moments.map(({ at }) => at)).toContain(endedAt ?? startedAt);
    }
  });
});

/** Oldest first in; what could not have happened in that order out. */
function problemsOf(life: StoryChange[]): string[] {
  const on = new Map<string | null, boolean>();
  let state: 'unborn' | 'alive' | 'archived' | 'deleted' = 'unborn';
  return life.flatMap(({ kind, environment, flag }) => {
    const expected = { CREATED: 'unborn', RESTORED: 'archived', DELETED: 'archived' }[kind as string] ?? 'alive';
    const problems = state === expected ? [] : [`${flag}: ${kind} while ${state}`];
    state =
      ({ CREATED: 'alive', RESTORED: 'alive', ARCHIVED: 'archived', DELETED: 'deleted' } as const)[kind as 'CREATED'] ??
      state;
    if (kind === 'ENABLED' || kind === 'DISABLED') {
      if ((on.get(environment) ?? false) === (kind === 'ENABLED')) {
        problems.push(`${flag}: ${kind} twice in ${environment}`);
      }
      on.set(environment, kind === 'ENABLED');
    }
    return problems;
  });
}
