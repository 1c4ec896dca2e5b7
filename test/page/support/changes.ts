import type { Change } from '../../../page/src/rows.ts';

/** What the page knows of a row, without what comes later. */
type Of<Name extends Change['__typename']> = Omit<Extract<Change, { __typename: Name }>, 'experiments'>;

const COMMON = {
  id: 'id',
  type: 'word',
  occurredAt: '2026-11-23T14:05:00.000Z',
  title: 'Turned on',
  kind: 'ENABLED',
  url: null,
  flag: { id: 'f', key: 'checkout' },
  project: { key: 'shop' },
  environment: { key: 'production' },
  actor: { name: 'Ada', kind: 'PERSON' },
} as const;

export function launchDarkly(more: Partial<Of<'LaunchDarklyFlagEvent'>> = {}): Of<'LaunchDarklyFlagEvent'> {
  return {
    ...COMMON,
    __typename: 'LaunchDarklyFlagEvent',
    source: { id: 'l', name: 'launchdarkly', vendor: 'LAUNCHDARKLY' },
    auditLogEntryId: null,
    auditLogEntry: null,
    impact: { size: null, percentage: null, reason: null, evaluationsSummary: null },
    ...more,
  };
}

export function unleash(more: Partial<Of<'UnleashFlagEvent'>> = {}): Of<'UnleashFlagEvent'> {
  return {
    ...COMMON,
    __typename: 'UnleashFlagEvent',
    source: { id: 'u', name: 'unleash', vendor: 'UNLEASH' },
    groupId: null,
    groupType: null,
    changes: [],
    ...more,
  };
}
