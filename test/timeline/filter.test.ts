import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Actor, FlagEvent } from '../../src/model.ts';
import { createMatcher, type EventFilter, NO_FILTER } from '../../src/timeline/filter.ts';
import { createEvent } from '../support/memory-feed.ts';

describe('createMatcher', () => {
  const actor: Actor = { name: 'Sam Vimes', email: 'sam@example.com', aliases: ['Commander'], kind: 'PERSON' };
  const event: FlagEvent = { ...createEvent('a', '1', 100, 'enabled'), flagKey: 'dark-mode', project: 'web', actor };

  it.for<[string, Partial<EventFilter>, boolean]>([
    ['nothing', {}, true],
    ['a window that begins with it', { window: { from: 100, to: 101 } }, true],
    ['a window that ends with it', { window: { from: null, to: 100 } }, false],
    ['its type among others', { types: ['disabled', 'enabled'] }, true],
    ['its type in another case', { types: ['ENABLED'] }, false],
    ['an empty list', { kinds: [] }, false],
    ['its flag and another project', { flagKeys: ['dark-mode'], projects: ['shop'] }, false],
    ['an environment, and it has none', { environments: ['production'] }, false],
    ['its actor by name, in another case', { actors: ['SAM VIMES'] }, true],
    ['its actor by e-mail', { actors: ['nobody', 'Sam@Example.com'] }, true],
    ['its actor by another name', { actors: ['commander'] }, true],
    ['another actor', { actors: ['sam'] }, false],
  ])('asked for %s', ([, part, passes]) => {
    expect(createMatcher({ ...NO_FILTER, ...part })(event)).toBe(passes);
  });

  it('lets no event without an actor pass a list of actors, nor one without a flag a list of flags', () => {
    const bare = createEvent('a', '1', 100);
    expect(createMatcher({ ...NO_FILTER, actors: [''] })(bare)).toBe(false);
    expect(createMatcher({ ...NO_FILTER, flagKeys: ['null'] })(bare)).toBe(false);
  });

  it('finds an actor by any of a list of names exactly if one is theirs', () => {
    const names = fc.array(fc.constantFrom('sam', 'SAM VIMES', 'İ', 'i̇', 'COMMANDER', 'sam@EXAMPLE.com'));
    fc.assert(
      fc.property(names, (actors) => {
        const own = ['sam vimes', 'sam@example.com', 'commander'];
        expect(createMatcher({ ...NO_FILTER, actors })(event)).toBe(
          actors.some((name) => own.includes(name.toLowerCase())),
        );
      }),
    );
  });

  it('reads each of 200 names once, however many rows there are', () => {
    let reads = 0;
    const actors = new Proxy(Array<string>(200).fill('İ'.repeat(240)), {
      get(names, property) {
        if (/^\d+$/.test(String(property))) reads += 1;
        return Reflect.get(names, property);
      },
    });
    const matches = createMatcher({ ...NO_FILTER, actors });
    for (let row = 0; row < 1_000; row += 1) expect(matches(event)).toBe(false);
    expect(reads).toBe(200);
  });
});
