import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Choice,
  NO_CHOICE,
  readAddress,
  type Span,
  toFilter,
  type View,
  windowOf,
  writeAddress,
} from '../../page/src/address.ts';
import { choicesOf } from './support/choices.ts';

const ROOTS = ['https://gateway.example/', 'https://gateway.example/flags/', 'http://localhost:4000/a%20b/c/'];
const root = new URL(ROOTS[1] ?? '');
const read = (rest: string) => readAddress(new URL(rest, root), root);
const write = (view: Partial<View>) => writeAddress({ ...LIST, ...view }, root).slice(root.href.length);

const LIST: View = { event: null, span: { form: 'latest', minutes: 1440 }, choice: NO_CHOICE, live: false };
const at = Date.parse('2026-11-23T14:05:00Z');
const [MINUTE, DAY] = [60_000, 86_400_000];

/** Any text, and what an address could trip over. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc
    .array(fc.constantFrom('.', '/', '%', '%2F', '?', '&', '#', '+', ' ', '=', ',', ':', '@', '\\', '\n', 'ü'), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join('')),
);
/** What `..` means in an address cannot be escaped; no id of the gateway is one. */
const ids = texts.filter((text) => text !== '.' && text !== '..');
const times = fc.integer({ min: Date.parse('2000-01-01T00:00Z'), max: Date.parse('2100-12-31T23:59:59.999Z') });
const minutes = fc.oneof(
  fc.constantFrom(1, 30, 60, 90, 1440, 1441, 2880, 400 * 1440),
  fc.integer({ min: 1, max: 400 * 1440 }),
);
const spans: fc.Arbitrary<Span> = fc.oneof(
  fc.record({ form: fc.constant('latest' as const), minutes }),
  fc.record({ form: fc.constant('around' as const), around: times, minutes }),
  fc
    .tuple(times, fc.integer({ min: 1, max: 400 * DAY }))
    .map(([to, length]) => ({ form: 'between' as const, from: to - length, to }))
    .filter(({ from }) => from >= Date.parse('2000-01-01T00:00Z')),
);
const choices = choicesOf(texts);
const views: fc.Arbitrary<View> = fc
  .record({ event: fc.option(ids), span: spans, choice: choices, live: fc.boolean() })
  .map((view) => ({ ...view, live: view.live && view.span.form === 'latest' }));

describe('an address', () => {
  it.for(ROOTS)('is read as what was written: %s', (href) => {
    const place = new URL(href);
    fc.assert(
      fc.property(views, (view) => {
        const written = writeAddress(view, place);
        expect(written.startsWith(href)).toBe(true);
        const known = readAddress(new URL(written), place);
        expect(known).toEqual(view);
        expect(writeAddress(known, place)).toBe(written);
      }),
      { numRuns: 300 },
    );
  });

  it('never fails to be read, and what makes no sense in it is left out', () => {
    const names = fc.constantFrom('around', 'from', 'to', 'span', 'live', 'kinds', 'impact', 'env', 'x', '__proto__');
    const values = fc.oneof(
      texts,
      fc.constantFrom('1', '-1', '30m', '0m', '2026-11-23T14:05Z', '1795442700', 'enabled,nothing', '%', '%E0%A4%A'),
    );
    const queries = fc.array(fc.tuple(names, values), { maxLength: 6 });
    const paths = fc.constantFrom(
      '',
      'events',
      'events/',
      'events/%',
      'events/%E0%A4%A',
      'events/a',
      '../',
      '../events/a',
    );
    fc.assert(
      fc.property(paths, queries, (path, query) => {
        const view = read(`${path}?${query.map((pair) => pair.join('=')).join('&')}`);
        expect(read(writeAddress(view, root))).toEqual(view);
      }),
      { numRuns: 1000 },
    );
  });

  it('says nothing of what is as it is without being said', () => {
    expect(write({})).toBe('');
    expect(write({ span: { form: 'around', around: at, minutes: 30 } })).toBe('?around=2026-11-23T14:05Z');
    expect(write({ span: { form: 'around', around: at, minutes: 1440 } })).toBe('?around=2026-11-23T14:05Z&span=1d');
    expect(write({ span: { form: 'latest', minutes: 30 } })).toBe('?span=30m');
    expect(write({ event: 'abc' })).toBe('events/abc');
  });

  it('can be read by people', () => {
    const choice: Choice = {
      environments: ['production', 'eu:1'],
      projects: ['a b'],
      flags: ['checkout'],
      kinds: ['ENABLED', 'TARGETING_CHANGED'],
      sources: ['launchdarkly'],
      actors: ['ada@example.com'],
      impact: 'large',
    };
    const span: Span = { form: 'between', from: at, to: at + 90_500 };
    expect(write({ event: 'a/b', choice, span })).toBe(
      'events/a%2Fb?from=2026-11-23T14:05Z&to=2026-11-23T14:06:30.500Z&env=production&env=eu:1&project=a%20b&flag=checkout' +
        '&source=launchdarkly&actor=ada@example.com&kinds=enabled,targeting_changed&impact=large',
    );
  });

  it.for([
    '2026-11-23T14:05Z',
    '2026-11-23t14:05:00.000z',
    '2026-11-23T14:05:00.000999999Z',
    '2026-11-23T19:35+05:30',
    '2026-11-23T19:35%2B05:30',
    '2026-11-23T19:35%2B0530',
    '2026-11-23T10:35-03:30',
    '1795442700',
    '1795442700000',
  ])('takes one moment in whichever of its forms: %s', (around) => {
    expect(read(`?around=${around}`).span).toEqual({ form: 'around', around: at, minutes: 30 });
  });

  it.for([
    ...['', 'around=', 'around=now', 'around=14:05', 'around=2026-11-23', 'around=2026-11-23T14:05', 'around=0'],
    ...['around=2026-02-30T14:05Z', 'around=2026-11-23T24:00Z', 'around=2026-11-23T14:05%2B99:99', 'around=1'],
    ...['around=1900-01-01T00:00Z', 'around=9999999999', 'around=0000000000', 'around=1795442700.5'],
    ...['from=2026-11-23T14:05Z', 'to=2026-11-23T14:05Z', 'from=2026-11-23T14:05Z&to=2026-11-23T14:05Z'],
    ...['from=2026-11-23T14:06Z&to=2026-11-23T14:05Z', 'from=2025-01-01T00:00Z&to=2026-11-23T14:05Z'],
    ...['span=0m', 'span=', 'span=30', 'span=-5m', 'span=1.5h', 'span=1w', 'span=401d', 'span=999999d', 'span=30M'],
    ...['live=0', 'live=true', 'impact=small', 'impact=LARGE', 'kinds=', 'kinds=nothing,else', 'env=', 'unknown=1'],
  ])('ignores what makes no sense: %s', (query) => {
    expect(read(`?${query}`)).toEqual(LIST);
  });

  it('is of an exact moment before one of a span, and of a span before the latest', () => {
    const between = 'from=2026-11-23T14:05Z&to=2026-11-23T14:06Z';
    expect(read(`?${between}&span=1h`).span).toEqual({ form: 'between', from: at, to: at + MINUTE });
    expect(read(`?${between}&around=1795442700&span=1h`).span).toEqual({ form: 'around', around: at, minutes: 60 });
  });

  it('is live with the latest changes only', () => {
    expect(read('?live=1').live).toBe(true);
    expect(read('?live=1&span=1h').live).toBe(true);
    expect(read('?live=1&around=1795442700').live).toBe(false);
    expect(write({ live: true })).toBe('?live=1');
    expect(write({ live: true, span: { form: 'around', around: at, minutes: 30 } })).toBe('?around=2026-11-23T14:05Z');
  });

  it('has each value once, and each kind in one order', () => {
    const { choice } = read('?env=b&env=a&env=b&kinds=created,enabled&kinds=ENABLED,disabled,x');
    expect(choice).toEqual({ ...NO_CHOICE, environments: ['b', 'a'], kinds: ['ENABLED', 'DISABLED', 'CREATED'] });
  });

  it.for(['..', '.', '%2e%2e', '/', '//evil.example/', '?a', '#a', 'a%', '\ud800'])(
    'of a change stays below the root, whatever its id: %j',
    (event) => {
      expect(writeAddress({ ...LIST, event }, root)).toMatch(/^https:\/\/gateway\.example\/flags\/(events\/[^/?#]*)?$/);
    },
  );

  it.for([
    ['events/abc', 'abc'],
    ['events/a%2Fb%3F', 'a/b?'],
    ['events/', null],
    ['events', null],
    ['events/%', null],
    ['events/%E0%A4%A', null],
    ['/events/abc', null],
    ['eventsabc', null],
  ] as const)('names one change, or none: %s', ([path, event]) => {
    expect(read(path).event).toBe(event);
  });
});

describe('windowOf', () => {
  it.for([
    [{ form: 'around', around: at, minutes: 30 }, at - 30 * MINUTE, at],
    [{ form: 'between', from: at - 5, to: at + 5 }, at - 5, at + 5],
    [{ form: 'latest', minutes: 1440 }, at, at + DAY],
  ] as const)('has the beginning and the end of a span: %j', ([span, from, to]) => {
    expect(windowOf(span, at + DAY)).toEqual({ from, to });
  });
});

describe('toFilter', () => {
  const span = { from: at, to: at + 500 };
  it.for([
    [{}, {}, {}],
    [{}, span, { from: '2026-11-23T14:05:00.000Z', to: '2026-11-23T14:05:00.500Z' }],
    [{}, { from: at }, { from: '2026-11-23T14:05:00.000Z' }],
    [{ environments: ['p'], projects: ['x', 'y'] }, {}, { environments: ['p'], projects: ['x', 'y'] }],
    [{ flags: ['f'], kinds: ['ENABLED'] }, {}, { flagKeys: ['f'], kinds: ['ENABLED'] }],
    [{ sources: ['s'], actors: ['a'] }, {}, { sources: ['s'], actors: ['a'] }],
    [{ impact: 'large' }, {}, { vendors: ['LAUNCHDARKLY'], launchDarkly: { impactSizes: ['LARGE'] } }],
  ] as [Partial<Choice>, { from?: number; to?: number }, object][])('asks for %j in %j', ([choice, window, filter]) => {
    expect(toFilter({ ...NO_CHOICE, ...choice }, window)).toEqual(filter);
  });
});
