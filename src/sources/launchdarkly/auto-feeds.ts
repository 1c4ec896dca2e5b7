/**
 * A project's feeds where the settings leave it open which log to read: flag events, or the audit log for an account that
 * has none. It is found out by reading: nothing is asked for it as long as there are flag events.
 */
import { isRefusal } from '../../errors.ts';
import type { Budget } from '../../model.ts';
import type { FeedPage, FeedRequest } from '../../timeline/feed.ts';
import { withShareOf } from '../../timeline/within-budget.ts';
import type { FlagEventsFeed } from './feed.ts';

export type Log = 'insights' | 'auditlog';

export interface Choice {
  /** `undefined`: it is not known, or not known any more. */
  known(): Log | undefined;
  /** Flag events were read. */
  note(): void;
  /** Flag events were refused. */
  forget(): void;
  /** Something is being read that may tell. */
  follow(reading: Promise<FeedPage>): void;
  /** Waits for what is being read, and asks only if that tells nothing. */
  decide(budget: Budget): Promise<Log>;
}

/** How long it is believed that there are no flag events. */
const CHOICE_MS = 10 * 60_000;
/** Of a request's time: what was read of flag events has to go out. */
const SHARE_OF_TIME = 0.8;

export function createChoice(findOut: (budget: Budget) => Promise<Log>): Choice {
  let current: { log: Log; until: number } | undefined;
  const readings = new Set<Promise<unknown>>();
  const waiting = new Set<() => void>();
  const known = () => (current && Date.now() < current.until ? current.log : undefined);

  function note(): void {
    current = { log: 'insights', until: Number.POSITIVE_INFINITY };
    for (const wake of waiting) wake();
  }

  return {
    known,
    note,
    forget: () => {
      current = undefined;
    },
    follow(reading) {
      const end = () => readings.delete(ended);
      const ended: Promise<unknown> = reading.then(({ rows }) => {
        end();
        if (rows.length > 0) note();
      }, end);
      readings.add(ended);
    },
    async decide(budget) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await Promise.race([promise, Promise.all(readings)]);
      waiting.delete(resolve);
      const log = known() ?? (await findOut(budget));
      if (known() === undefined) current = { log, until: Date.now() + CHOICE_MS };
      return log;
    },
  };
}

/**
 * `forAll` is the feed of the changes to every environment, and the audit log has its key: the place of a reader stays the
 * same when the choice is made.
 */
export function chooseFeeds(
  choice: Choice,
  [forAll, ...others]: readonly FlagEventsFeed[],
  auditLog: FlagEventsFeed,
): readonly FlagEventsFeed[] {
  const log = choice.known();
  if (log === 'auditlog' || forAll === undefined) return [auditLog];
  if (log === 'insights') return [forAll, ...others].map((feed) => watched(feed, choice));
  return [either(forAll, auditLog, choice), ...others.map((feed) => yielding(feed, choice))];
}

const NOTHING: FeedPage = { rows: [], reached: null, skipped: 0 };

/** An account may lose its flag events: then the next page finds that out. */
function watched(feed: FlagEventsFeed, choice: Choice): FlagEventsFeed {
  return {
    ...feed,
    async read(request) {
      try {
        return await feed.read(request);
      } catch (error) {
        if (isRefusal(error)) choice.forget();
        throw error;
      }
    },
  };
}

/** Nothing of it is remembered: it may give the rows of either log, or none. */
function unremembered({ maxPage: _maxPage, ...feed }: FlagEventsFeed): FlagEventsFeed {
  return feed;
}

/** Gives way to the audit log where it is refused. */
function yielding(feed: FlagEventsFeed, choice: Choice): FlagEventsFeed {
  return {
    ...unremembered(feed),
    async read(request) {
      const reading = feed.read(request);
      choice.follow(reading);
      try {
        return await reading;
      } catch (error) {
        if (isRefusal(error) && (await decide(choice, request)) === 'auditlog') return NOTHING;
        throw error;
      }
    },
  };
}

/** The one feed, until the other one is known to be the right one. */
function either(forAll: FlagEventsFeed, auditLog: FlagEventsFeed, choice: Choice): FlagEventsFeed {
  const isAuditLog = () => choice.known() === 'auditlog';
  return {
    ...unremembered(forAll),
    get notice() {
      return isAuditLog() ? auditLog.notice : undefined;
    },
    canMatch: (filter) => forAll.canMatch(filter) || auditLog.canMatch(filter),
    count: async (filter, asOf, budget) => (isAuditLog() ? null : forAll.count(filter, asOf, budget)),
    async read(request) {
      const reading = forAll.canMatch(request.filter)
        ? forAll.read(request)
        : Promise.resolve({ ...NOTHING, total: 0 });
      choice.follow(reading);
      await reading.catch((error: unknown) => {
        if (!isRefusal(error)) throw error;
      });
      if ((await decide(choice, request)) === 'auditlog') {
        return auditLog.canMatch(request.filter) ? auditLog.read(request) : NOTHING;
      }
      return reading;
    },
    async find(wanted, fields, budget) {
      const found = await forAll.find(wanted, fields, budget).catch((error: unknown) => {
        if (isRefusal(error)) return new Map<string, never>();
        throw error;
      });
      const others = wanted.filter(({ id }) => !found.has(id));
      return others.length === 0 ? found : new Map([...found, ...(await auditLog.find(others, fields, budget))]);
    },
  };
}

/** `null`: it cannot be found out now. What fails then is told of the flag events. */
async function decide(choice: Choice, { budget }: FeedRequest): Promise<Log | null> {
  return choice.known() ?? withShareOf(budget, SHARE_OF_TIME, choice.decide).catch(() => null);
}
