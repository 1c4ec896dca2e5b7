import { uuid } from '../../src/sources/launchdarkly/sandbox/data.ts';
import type { FlagEventRep } from '../../src/sources/launchdarkly/sandbox.ts';
import type { SandboxEvent } from '../../src/sources/unleash/sandbox.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import type { Dice } from './dice.ts';

/** What happened, as each upstream has it, in no order. */
export interface History {
  launchDarkly: FlagEventRep[];
  unleash: SandboxEvent[];
  /** Of an Unleash that is not sure of its order. */
  oldUnleash: SandboxEvent[];
}

/** An environment of `null` is all of them. */
interface Log {
  source: keyof History;
  project: string | null;
  environment: string | null;
  /** Of a hundred events, how many are in it. */
  share: number;
}

const LOGS: readonly Log[] = [
  { source: 'launchDarkly', project: 'web', environment: 'production', share: 20 },
  { source: 'launchDarkly', project: 'web', environment: 'staging', share: 13 },
  { source: 'launchDarkly', project: 'web', environment: 'preview', share: 6 },
  { source: 'launchDarkly', project: 'web', environment: null, share: 6 },
  { source: 'launchDarkly', project: 'mobile', environment: 'production', share: 12 },
  { source: 'launchDarkly', project: 'mobile', environment: 'staging', share: 7 },
  { source: 'launchDarkly', project: 'mobile', environment: null, share: 3 },
  { source: 'unleash', project: 'growth', environment: null, share: 26 },
  { source: 'oldUnleash', project: 'legacy', environment: null, share: 7 },
];

const DAY_MS = 24 * 60 * 60_000;
const DAYS = 200;
/** Events of one log in one millisecond: at the sizes of pages, and beyond all of them. */
const CROWDS = [99, 100, 101, 300];

/** So many events before `newest`. Many share their millisecond with others, of their own log and of the others. */
export function createHistory(count: number, newest: number, dice: Dice): History {
  const history: History = { launchDarkly: [], unleash: [], oldUnleash: [] };
  let number = 0;
  const add = (log: Log, time: number) => {
    number += 1;
    if (log.source === 'launchDarkly') history.launchDarkly.push(toFlagEvent(log, number, time));
    else history[log.source].push(toUnleashEvent(log, number, time * 1000 + dice.below(1000)));
  };
  const sometime = () => newest - dice.below(DAYS * DAY_MS);
  for (const log of LOGS) {
    for (const size of CROWDS) {
      const time = sometime();
      // The last of them also meets a few events of every other log.
      const others = size === Math.max(...CROWDS) ? [...LOGS, ...LOGS, ...LOGS] : [];
      for (const each of [...Array<Log>(size).fill(log), ...others]) add(each, time);
    }
  }
  const lots = LOGS.flatMap((log) => Array<Log>(log.share).fill(log));
  while (number < count) {
    const time = sometime();
    const events = dice.isLucky(0.8) ? 1 : 2 + dice.below(12);
    for (let index = 0; index < events && number < count; index += 1) add(dice.pick(lots), time);
  }
  return history;
}

/** One more, somewhere in time. */
export function createLateEvent(number: number, newest: number, dice: Dice): { rep: FlagEventRep; row: SandboxEvent } {
  const time = newest - dice.below(DAYS * DAY_MS);
  const [first] = LOGS;
  if (first === undefined) throw new Error('There is no log.');
  const log = dice.pick(LOGS.filter(({ source }) => source === 'launchDarkly'));
  return { rep: toFlagEvent(log, number, time), row: toUnleashEvent(first, number, time * 1000 + dice.below(1000)) };
}

function toFlagEvent({ environment, project }: Log, number: number, time: number): FlagEventRep {
  const { environmentKey: _production, ...event } = createFlagEvent(number, time, {
    // Ids that say nothing of when an event happened.
    id: uuid(`event ${number}`),
    projectKey: project ?? '',
    flagKey: `flag-${number % 500}`,
  });
  return environment === null ? { ...event, impact: { reason: 'global' } } : { ...event, environmentKey: environment };
}

function toUnleashEvent({ project }: Log, number: number, createdAtMicros: number): SandboxEvent {
  return {
    id: number,
    type: 'feature-created',
    createdBy: 'admin',
    createdByUserId: 1,
    createdAtMicros,
    data: { name: `flag-${number % 500}` },
    preData: null,
    tags: [],
    featureName: `flag-${number % 500}`,
    project,
    environment: null,
  };
}
