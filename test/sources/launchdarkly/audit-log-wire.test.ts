import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesOf } from '../../../src/sources/launchdarkly/audit-log/changes.ts';
import { toPlainText } from '../../../src/sources/launchdarkly/audit-log/plain-text.ts';
import {
  decodeAuditLogCollection,
  decodeAuditLogCounts,
  decodeAuditLogEntry,
} from '../../../src/sources/launchdarkly/audit-log/wire.ts';
import { createEntry } from '../../support/audit-log-entry.ts';

/** As LaunchDarkly documents it. @see https://launchdarkly.com/docs/api/audit-log/get-audit-log-entry */
const SAMPLE = {
  _id: '1234a56b7c89d012345e678f',
  _accountId: '1234a56b7c89d012345e678f',
  date: 1_722_300_000_000,
  accesses: [
    { action: 'updateOn', resource: 'proj/my-project:env/e;production,eu:flag/f;tag1' },
    { action: 'updateOn', resource: 'proj/my-project' },
    { action: 7 },
    null,
  ],
  kind: 'flag',
  name: 'Example flag, ExampleFlag',
  description: 'Example, turning on the flag for testing',
  shortDescription: 'Example, turning on the flag',
  comment: 'This is an automated test',
  subject: { name: 'Ann Lee', avatarUrl: 'https://x' },
  member: { _id: '507f1f77bcf86cd799439011', email: 'ann@example.com', firstName: 'Ann', lastName: 'Lee' },
  token: { name: 'DevOps token', ending: 'w8Kd', serviceToken: false },
  titleVerb: 'turned on the flag',
  title: '[Ann](mailto:ann@example.com) turned on the flag',
  delta: null,
  triggerBody: { a: 1 },
  previousVersion: { on: false },
  currentVersion: { on: true },
  subentries: [],
  _links: { site: { href: '/default/production/features/f' } },
};

describe('an entry of the audit log', () => {
  it('is decoded from the documented sample, tags cut off and tokens’ endings dropped', () => {
    const entry = decodeAuditLogEntry(SAMPLE);
    expect(entry).toMatchObject({
      accesses: [
        { action: 'updateOn', project: 'my-project', environment: 'e', flag: 'f' },
        { action: 'updateOn', project: 'my-project', environment: null, flag: null },
        { action: '', project: null, environment: null, flag: null },
      ],
      actor: { name: 'Ann Lee', email: 'ann@example.com', kind: 'PERSON' },
      site: '/default/production/features/f',
      previousVersion: { on: false },
      currentVersion: { on: true },
      isWhole: true,
    });
    expect(JSON.stringify(entry)).not.toMatch(/w8Kd|triggerBody/);
  });

  it('needs no more than an id and a date', () => {
    expect(decodeAuditLogEntry({ _id: 'a', date: '7' })).toMatchObject({
      _id: 'a',
      date: 7,
      actor: null,
      comment: null,
    });
    expect(decodeAuditLogCollection({ items: [{ _id: 'a' }, { date: 1 }, null, createEntry(1, 5)] })?.items).toEqual([
      null,
      null,
      null,
      expect.objectContaining({ date: 5 }),
    ]);
  });

  it.for([[{}], [[]], [null], ['text'], [{ items: 'none' }]])('is none in %o', ([body]) => {
    expect(decodeAuditLogCollection(body)).toBeUndefined();
    expect(decodeAuditLogEntry(body)).toBeUndefined();
    expect(decodeAuditLogCounts(body)).toBeUndefined();
  });

  it('costs no more than its details, whatever they are', () => {
    const details = Object.fromEntries(Object.keys(SAMPLE).map((name) => [name, fc.anything()]));
    fc.assert(
      fc.property(fc.record(details, { requiredKeys: [] }), (rest) => {
        const entry = decodeAuditLogEntry({ ...JSON.parse(JSON.stringify(rest) ?? '{}'), _id: 'a', date: 1 });
        expect(entry).toMatchObject({ _id: 'a', date: 1 });
        if (entry) changesOf(entry, 'production');
      }),
    );
  });

  it('has no versions that go deeper than anybody may look', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`);
    expect(decodeAuditLogEntry({ ...SAMPLE, currentVersion: deep })).toMatchObject({ currentVersion: null });
  });
});

describe('toPlainText', () => {
  it.for([
    ['[Ann](mailto:a@example.com) did it', 'Ann did it'],
    ['[ann@example.com](mailto:ann@example.com) did it', '[e-mail address] did it'],
    ['* a\n+ **b**\n# c', '- a\n- b\nc'],
    ['~~old~~ new', '[removed: old] new'],
    ['a \\* b \\_c\\_', 'a * b _c_'],
    ['5 * 3 and [x] (y)', '5 * 3 and [x] (y)'],
    ['mailto:ann+tag@mail.example.co.uk.', 'mailto:[e-mail address].'],
    ['@example.com and a@b', '@example.com and a@b'],
  ])('%j is %j', ([markdown = '', text]) => {
    expect(toPlainText(markdown)).toBe(text);
  });

  it.for(['[', '](', '~~', '**', '`', 'a@', '[a](', '\\', 'a', 'a.', '@a.'])(
    'takes no longer for a long text of %j',
    (piece) => {
      const startedAt = performance.now();
      toPlainText(piece.repeat(500_000));
      expect(performance.now() - startedAt).toBeLessThan(300);
    },
  );
});
