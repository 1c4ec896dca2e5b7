import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../src/errors.ts';
import {
  type Cursor,
  decodeCursor,
  digestOf,
  encodeCursor,
  MAX_CURSOR_LENGTH,
  MAX_OWN_PLACES,
  MAX_SEEN,
  shortKey,
  type Trail,
} from '../../src/timeline/cursor.ts';

const DIGEST = digestOf({ filter: 1 });
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const key = text.map(shortKey);
const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
const start = fc.oneof(
  fc.constant(null),
  fc.record({ time }),
  fc.record({ time, id: text }),
  fc.record({ time, feed: text }),
  fc.record({ time, id: text, feed: text }),
);
const cursor: fc.Arbitrary<Cursor> = fc.record({
  position: fc.option(fc.record({ time, feed: text, id: text }, { requiredKeys: ['time', 'feed'] })),
  direction: fc.constantFrom('older', 'newer'),
  asOf: time,
  hints: mapOf(fc.tuple(fc.nat(), fc.option(fc.string()))),
  done: fc.array(key, { maxLength: 4 }).map((keys) => new Set(keys)),
  behind: mapOf(start),
});
const moment = fc.integer({ min: 0, max: 4e12 });
const trail: fc.Arbitrary<Trail> = fc.record({
  from: fc.option(moment),
  upTo: fc.array(fc.tuple(key, moment), { maxLength: 4 }).map((entries) => new Map(entries)),
  seen: fc
    .array(fc.tuple(key, fc.record({ feed: key, time: moment })), { maxLength: 20 })
    .map((entries) => new Map(entries)),
});

describe('a cursor', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(cursor, (original) => {
        expect(decode(encodeCursor(original, DIGEST))).toEqual(original);
      }),
    );
  });

  it('carries what its reader has had, each event with its time, or up to a second more', () => {
    fc.assert(
      fc.property(cursor, trail, moment, fc.nat(3_000_000), (original, own, asOf, age) => {
        const seen = new Map([...own.seen].map(([event, { feed }]) => [event, { feed, time: asOf - age }]));
        const decoded = decode(encodeCursor({ ...original, asOf, trail: { ...own, seen } }, DIGEST)).trail;
        expect(decoded?.from).toEqual(own.from);
        expect(decoded?.upTo).toEqual(own.upTo);
        expect([...(decoded?.seen.keys() ?? [])].toSorted()).toEqual([...seen.keys()].toSorted());
        for (const [event, { feed, time: at }] of decoded?.seen ?? []) {
          expect(feed).toBe(seen.get(event)?.feed);
          expect(at).toBeGreaterThanOrEqual(asOf - age);
          expect(at).toBeLessThan(asOf - age + 1_000);
        }
      }),
    );
  });

  it('with as much as a trail may hold is still short enough', () => {
    const many = (count: number, name: string) => Array.from({ length: count }, (_, index) => shortKey(name + index));
    const seen = many(MAX_SEEN, 'e').map(
      (event, index) => [event, { feed: shortKey(`f${index % 300}`), time: 5 }] as const,
    );
    const upTo = many(MAX_OWN_PLACES, 'f').map((feed) => [feed, Date.now()] as const);
    const behind = many(20, 'b').map((feed, index) => [feed, { time: Date.now() + index }] as const);
    const whole: Cursor = {
      ...empty,
      behind: new Map(behind),
      trail: { from: Date.now(), upTo: new Map(upTo), seen: new Map(seen) },
    };
    expect(decode(encodeCursor(whole, DIGEST)).trail?.seen.size).toBe(MAX_SEEN);
  });

  it('needs no escaping in a URL', () => {
    fc.assert(
      fc.property(cursor, (original) => {
        expect(encodeCursor(original, DIGEST)).toMatch(/^[\w-]+$/);
      }),
    );
  });

  it('of another query is refused, with the argument named', () => {
    const foreign = encodeCursor(fc.sample(cursor, 1)[0] as Cursor, digestOf({ filter: 2 }));
    expect(refusal(foreign)).toMatchObject({ argument: 'after', message: expect.stringContaining('another filter') });
  });

  it('cut short at any length is refused', () => {
    const whole = encodeCursor({ ...empty, position: { time: 5, feed: 'f', id: 'i' } }, DIGEST);
    for (let length = 0; length < whole.length; length += 1) expect(refusal(whole.slice(0, length))).toBeDefined();
  });

  it('of junk is refused', () => {
    fc.assert(
      fc.property(fc.string(), (junk) => {
        expect(refusal(junk)).toBeInstanceOf(BadInputError);
      }),
    );
    const forged = (body: unknown) => Buffer.from(JSON.stringify(body)).toString('base64url');
    const good = { v: 2, p: [1, 'f', 'i'], d: 'o', a: 1, f: DIGEST };
    expect(decode(forged(good)).position).toEqual({ time: 1, feed: 'f', id: 'i' });
    for (const bad of [
      { ...good, v: 1 },
      { ...good, p: [Number.MAX_SAFE_INTEGER, 'f', 'i'] },
      { ...good, p: ['1', 'f', 'i'] },
      { ...good, d: 'sideways' },
      { ...good, x: 'odd' },
      { ...good, h: { 'no short key': 1 } },
      { ...good, b: [[[1, null], 'AAAAAAAA']] },
      { ...good, b: [[null, '']] },
      { ...good, extra: 1 },
      [],
      null,
    ]) {
      expect(refusal(forged(bad))).toBeInstanceOf(BadInputError);
    }
  });

  it('of any size beyond the limit is refused before it is decoded', () => {
    expect(refusal('A'.repeat(MAX_CURSOR_LENGTH + 1))).toMatchObject({ message: expect.stringContaining('longer') });
  });
});

describe('the length of a cursor', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => shortKey(`launchdarkly/web/${index}`));
  const owed = {
    time: 1_795_395_528_904,
    id: 'a4290006-1fd1-4ca5-acf7-9f31fac61cf5',
    feed: 'launchdarkly/web/production',
  };

  it('stays within its bound with a thousand feeds of a source that is down, and another thousand at their end', () => {
    const keys = many(2_000);
    const whole: Cursor = {
      ...empty,
      done: new Set(keys.slice(1_000, 1_200)),
      behind: new Map(keys.slice(0, 1_000).map((feed) => [feed, owed])),
    };
    const encoded = encodeCursor(whole, DIGEST);
    expect(encoded.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(decode(encoded)).toEqual(whole);
  });

  it('is kept by leaving out what only makes resuming cheap, never what is owed', () => {
    const keys = many(3_000);
    const behind = new Map(keys.slice(0, 100).map((feed, index) => [feed, { ...owed, time: index }]));
    const encoded = encodeCursor({ ...empty, done: new Set(keys), behind }, DIGEST);
    expect(encoded.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(decode(encoded)).toEqual({ ...empty, behind });
  });

  it('is checked when it is made: one that would be refused is a coded failure', () => {
    const behind = new Map(many(1_000).map((feed, index) => [feed, { ...owed, time: index }]));
    expect(() => encodeCursor({ ...empty, behind }, DIGEST)).toThrow('narrow the filter');
  });
});

describe('digestOf', () => {
  it('does not depend on the order of keys', () => {
    expect(digestOf({ a: 1, b: { c: [1, 2], d: 3 } })).toBe(digestOf({ b: { d: 3, c: [1, 2] }, a: 1 }));
  });

  it('tells other values apart', () => {
    expect(new Set([{}, { a: 1 }, { a: 2 }, { a: [1, 2] }, { a: [] }, { a: ['1', 2] }].map(digestOf)).size).toBe(6);
  });

  it.for([
    [{ kinds: ['ENABLED'] }, { kinds: ['ENABLED'], environments: null }],
    [{ kinds: ['ENABLED', 'DISABLED'] }, { kinds: ['DISABLED', 'ENABLED'] }],
    [{ flagKeys: ['a', 'a', 'b'] }, { flagKeys: ['b', 'a'] }],
    [{ launchDarkly: { impactSizes: ['LARGE'], global: null } }, { launchDarkly: { impactSizes: ['LARGE'] } }],
    [{ unleash: { text: undefined } }, {}],
    [{ launchDarkly: {} }, {}],
  ])('is the same for filters that ask the same: %j', ([one, other]) => {
    expect(digestOf(one)).toBe(digestOf(other));
  });
});

const empty: Cursor = {
  position: null,
  direction: 'older',
  asOf: 0,
  hints: new Map(),
  done: new Set(),
  behind: new Map(),
};

function decode(text: string): Cursor {
  return decodeCursor(text, DIGEST, 'after');
}

function refusal(text: string): BadInputError | undefined {
  try {
    decode(text);
    return undefined;
  } catch (error) {
    return error as BadInputError;
  }
}

function mapOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> {
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => new Map(entries));
}
