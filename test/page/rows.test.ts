import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlagEventKind } from '../../page/src/generated/graphql.ts';
import { familyOf } from '../../page/src/kinds.ts';
import { type Change, describeRow, type Row, toRows } from '../../page/src/rows.ts';
import { launchDarkly, unleash } from './support/changes.ts';

const NOW = Date.parse('2026-11-23T14:05:00Z');
/** So many seconds before now. */
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const time = ({ occurredAt }: Change) => Date.parse(occurredAt);
const env = (key: string) => ({ environment: { key } });
/** The ids in each row, and what they have in common. */
const shape = (rows: readonly Row[]) => rows.map(({ changes, reason }) => [reason, ...changes.map(({ id }) => id)]);

/** `age` in seconds. */
function change(vendor: 'l' | 'u', id: string, age: number, act: string | null, more: Partial<Change> = {}): Change {
  const common = { id, occurredAt: ago(age), ...more } as Partial<Change>;
  return vendor === 'l'
    ? launchDarkly({ auditLogEntryId: act, ...common } as Parameters<typeof launchDarkly>[0])
    : unleash({ groupId: act, ...common } as Parameters<typeof unleash>[0]);
}

/** The newest first; many at the same moment, and at the edges of what is one act and one migration. */
const listings = fc
  .array(
    fc.record({
      vendor: fc.constantFrom('l' as const, 'u' as const),
      gap: fc.constantFrom(0, 0, 1, 30, 60, 119, 120, 121, 599, 600, 601),
      act: fc.constantFrom(null, null, '', '1', '2'),
      flag: fc.constantFrom(null, 'a', 'b'),
      environment: fc.constantFrom(null, 'p', 'q'),
      kind: fc.constantFrom<FlagEventKind>('ENABLED', 'DISABLED', 'TARGETING_CHANGED', 'CREATED'),
    }),
    { maxLength: 25 },
  )
  .map((items) => {
    let age = 0;
    return items.map(({ act, environment, flag, gap, kind, vendor }, index) => {
      age += gap;
      return change(vendor, `${index}`, age, act, {
        kind,
        flag: flag === null ? null : { id: flag, key: flag },
        environment: environment === null ? null : { key: environment },
      });
    });
  });

const actOf = (each: Change) => (each.__typename === 'UnleashFlagEvent' ? each.groupId : each.auditLogEntryId);

function isOneAct(one: Change, other: Change): boolean {
  return one.source.id === other.source.id && actOf(one) !== '' && actOf(one) !== null && actOf(one) === actOf(other);
}

function areTwoHalves(newest: Change, other: Change): boolean {
  const [first, second] = [newest.environment?.key, other.environment?.key];
  const isOnePlace = first === undefined || second === undefined || first === second;
  const isOneFlag = newest.flag !== null && newest.flag.key === other.flag?.key;
  return (
    isOneFlag &&
    isOnePlace &&
    familyOf(newest.kind) === familyOf(other.kind) &&
    newest.source.vendor !== other.source.vendor
  );
}

describe('toRows', () => {
  it('has every change in one row, in the order in which they came', () => {
    fc.assert(
      fc.property(listings, (changes) => {
        const rows = toRows(changes);
        const place = new Map(changes.map((each, index) => [each, index]));
        const placesOf = ({ changes: some }: Row) => some.map((each) => place.get(each) ?? -1);
        for (const row of rows) expect(placesOf(row)).toEqual(placesOf(row).toSorted((one, other) => one - other));
        const firsts = rows.map((row) => placesOf(row)[0] ?? -1);
        expect(firsts).toEqual(firsts.toSorted((one, other) => one - other));
        expect(rows.flatMap(placesOf).toSorted((one, other) => one - other)).toEqual(changes.map((_, index) => index));
        expect(rows.map(({ id }) => id)).toEqual(rows.map((row) => row.changes[0]?.id));
      }),
      { numRuns: 500 },
    );
  });

  it('moves nothing that is on the page when older changes come', () => {
    fc.assert(
      fc.property(listings, fc.nat(25), (changes, count) => {
        const before = toRows(changes.slice(0, count));
        const after = toRows(changes);
        const kept = after.slice(0, before.length).map((row, index) => ({
          id: row.id,
          changes: row.changes.slice(0, before[index]?.changes.length),
        }));
        expect(kept).toEqual(before.map(({ changes: some, id }) => ({ id, changes: some })));
        const known = new Set(changes.slice(0, count));
        expect(after.slice(before.length).flatMap((row) => row.changes.filter((each) => known.has(each)))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('joins what belongs together and nothing else', () => {
    fc.assert(
      fc.property(listings, (changes) => {
        for (const { changes: some, reason } of toRows(changes)) {
          const [newest, ...others] = some as [Change, ...Change[]];
          for (const [index, other] of others.entries()) {
            const seconds = (time(newest) - time(other)) / 1000;
            const isActOfRow = some.slice(0, index + 1).some((each) => isOneAct(each, other));
            const belongs = (isActOfRow && seconds <= 600) || (areTwoHalves(newest, other) && seconds <= 120);
            expect([other.id, belongs]).toEqual([other.id, true]);
          }
          const vendors = new Set(some.map(({ source }) => source.vendor)).size;
          expect(reason).toBe(vendors > 1 ? 'migration' : others.length > 0 ? 'group' : 'single');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not change what it is given', () => {
    const changes = Object.freeze(
      [change('u', 'a', 0, '1'), change('u', 'b', 1, '1')].map((each) => Object.freeze(each)),
    );
    expect(shape(toRows(changes))).toEqual([['group', 'a', 'b']]);
    expect(toRows([])).toEqual([]);
  });

  const other = { flag: { id: 'o', key: 'other' } };
  it.for([
    [
      'the changes of one group of Unleash',
      [change('u', 'a', 0, '7'), change('u', 'b', 9, '7', other)],
      [['group', 'a', 'b']],
    ],
    [
      'the changes of one entry in LaunchDarkly’s audit log',
      [change('l', 'a', 0, 'e', env('p')), change('l', 'b', 0, 'e', env('q'))],
      [['group', 'a', 'b']],
    ],
    [
      'those of one act with others between them',
      [change('u', 'a', 0, '7'), change('u', 'b', 1, '8'), change('u', 'c', 2, '7'), change('u', 'd', 3, '8')],
      [
        ['group', 'a', 'c'],
        ['group', 'b', 'd'],
      ],
    ],
    [
      'an act as far as ten minutes before its newest change, and what is further as the next one',
      [change('u', 'a', 0, '7'), change('u', 'b', 600, '7'), change('u', 'c', 601, '7'), change('u', 'd', 1200, '7')],
      [
        ['group', 'a', 'b'],
        ['group', 'c', 'd'],
      ],
    ],
    [
      'no changes without an act',
      [change('u', 'a', 0, null), change('u', 'b', 0, null)],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'no changes of an act without a name',
      [change('u', 'a', 0, ''), change('u', 'b', 0, '')],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'no acts of the same name in two sources',
      [change('u', 'a', 0, '7'), change('u', 'b', 0, '7', { source: { id: 'v', name: 'eu', vendor: 'UNLEASH' } })],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'both halves of a migration within two minutes, whatever the vendors call it',
      [change('u', 'a', 0, null), change('l', 'b', 120, null, { kind: 'DISABLED' })],
      [['migration', 'a', 'b']],
    ],
    [
      'no halves further apart',
      [change('u', 'a', 0, null), change('l', 'b', 121, null)],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'no halves in two environments',
      [change('u', 'a', 0, null, env('p')), change('l', 'b', 1, null, env('q'))],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'a half with the one in its environment, past one in another',
      [change('u', 'a', 0, null, env('p')), change('u', 'b', 60, null, env('q')), change('l', 'c', 90, null, env('p'))],
      [
        ['migration', 'a', 'c'],
        ['single', 'b'],
      ],
    ],
    [
      'a half that concerns every environment',
      [change('u', 'a', 0, null, env('p')), change('l', 'b', 1, null, { environment: null })],
      [['migration', 'a', 'b']],
    ],
    [
      'no half of another family',
      [change('u', 'a', 0, null), change('l', 'b', 1, null, { kind: 'CREATED' })],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'no half of another flag',
      [change('u', 'a', 0, null), change('l', 'b', 1, null, other)],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'no halves without a flag',
      [change('u', 'a', 0, null, { flag: null }), change('l', 'b', 1, null, { flag: null })],
      [
        ['single', 'a'],
        ['single', 'b'],
      ],
    ],
    [
      'two migrations one after the other as two',
      [change('u', 'a', 0, null), change('l', 'b', 1, null), change('u', 'c', 2, null), change('l', 'd', 3, null)],
      [
        ['migration', 'a', 'b'],
        ['migration', 'c', 'd'],
      ],
    ],
    [
      'both halves with the rest of their acts',
      [
        change('u', 'a', 0, '7'),
        change('l', 'b', 1, 'e'),
        change('u', 'c', 2, '7', other),
        change('l', 'd', 3, 'e', other),
      ],
      [['migration', 'a', 'b', 'c', 'd']],
    ],
  ] as [string, Change[], string[][]][])('joins %s', ([, changes, rows]) => {
    expect(shape(toRows(changes))).toEqual(rows);
  });
});

describe('describeRow', () => {
  const row = (reason: Row['reason'], ...changes: Change[]) => describeRow({ id: 'a', changes, reason });
  const told = (comment: string | null) => ({ auditLogEntry: { id: 'e', comment } });

  it('says of one change what it says of itself', () => {
    expect(row('single', launchDarkly(told('Launch day')))).toEqual({
      title: 'Turned on',
      flags: ['checkout'],
      environments: ['production'],
      projects: ['shop'],
      who: ['Ada'],
      why: 'Launch day',
      sources: ['launchdarkly'],
    });
  });

  it('says nothing of what it does not know', () => {
    const bare = { flag: null, project: null, environment: null, actor: null };
    const nothing = { flags: [], environments: [], projects: [], who: [], why: null };
    expect(row('single', launchDarkly({ ...bare, ...told('') }))).toMatchObject(nothing);
    expect(row('single', unleash({ ...bare, actor: { name: '', kind: 'PERSON' } }))).toMatchObject(nothing);
  });

  it('has everything once, in the order of the changes', () => {
    const words = row(
      'group',
      launchDarkly({ ...told('Why'), ...env('p'), title: 'Turned on' }),
      launchDarkly({ ...told('Because'), ...env('q'), title: 'Renamed' }),
      launchDarkly({ ...told('Why'), ...env('p'), title: 'Tagged' }),
    );
    expect(words).toMatchObject({ title: 'Turned on and 2 more', environments: ['p', 'q'], why: 'Why / Because' });
    expect(row('group', unleash(), unleash(env('q')))).toMatchObject({ title: 'Turned on', flags: ['checkout'] });
  });

  it('has the newest title of a migration, whose halves have two words for one thing', () => {
    const words = row('migration', unleash({ title: 'Enabled' }), launchDarkly({ title: 'Turned on' }));
    expect(words).toMatchObject({ title: 'Enabled', sources: ['unleash', 'launchdarkly'], who: ['Ada'] });
  });
});
