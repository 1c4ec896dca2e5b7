import type { FlagEventRep } from '../../src/sources/launchdarkly/sandbox.ts';

/** A LaunchDarkly event with nothing in it that it need not have. Its id follows from `number`. */
export function createFlagEvent(number: number, eventTime: number, rest: Partial<FlagEventRep> = {}): FlagEventRep {
  return {
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    projectId: '65baa44ecc4b5bce113bb4f7',
    projectKey: 'default',
    flagKey: `flag-${number}`,
    eventType: 'enabled_targeting',
    eventTime,
    description: '',
    impact: {},
    environmentKey: 'production',
    ...rest,
  };
}
