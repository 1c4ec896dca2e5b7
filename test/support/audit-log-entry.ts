import type { AuditLogEntryRep } from '../../src/sources/launchdarkly/sandbox.ts';

/** Twenty-four hexadecimal digits that follow from `number`. */
export function entryId(number: number): string {
  return number.toString(16).padStart(24, '0');
}

/** An entry about turning on the flag of that number in production. */
export function createEntry(number: number, date: number, rest: Partial<AuditLogEntryRep> = {}): AuditLogEntryRep {
  const resource = `proj/default:env/production:flag/flag-${number}`;
  return {
    _id: entryId(number),
    _accountId: entryId(0),
    date,
    accesses: [{ action: 'updateOn', resource }],
    kind: 'flag',
    name: `Flag ${number}`,
    description: '',
    shortDescription: '',
    comment: `Reason ${number}`,
    titleVerb: 'turned on the flag',
    _links: {},
    ...rest,
  };
}
