/** All of a vendor's rate limits that hold for a route: its own and the account's. */
import { LRUCache } from 'lru-cache';
import { createLimit, type Limit } from './limit.ts';
import type { Pause as ToldPause } from './pauses.ts';
import { type Headers, type RateLimit, readScopes, readWait, SCOPES, tightest } from './rate-limit.ts';

export interface RouteLimits {
  /** As of {@link Limit}, of the tightest. */
  left(now: number): number;
  opensAt(now: number): number;
  take(): void;
  answer(status: number, headers: Headers, now: number): void;
  lose(): void;
  giveBack(): void;
}

export interface Limits {
  of(route: string): RouteLimits;
  /** Lets nothing through for a while, because another replica was told so. */
  pause(pause: ToldPause, now: number): void;
  /** As the latest answer said; `null` if none has said anything. */
  latest(): RateLimit | null;
}

interface Route extends RouteLimits {
  hold(until: number): void;
}

/** A pause is what a 429 asks for without naming a limit. */
interface Pause {
  limit: Limit;
  /** How many 429s came in a row. */
  strikes: number;
}

const MAX_ROUTES = 1_000;
const FIRST_PAUSE_MS = 500;
/** LaunchDarkly's window: whoever is told nothing has waited long enough then. */
const LONGEST_PAUSE_MS = 10_000;

/** `onPause`: told when a vendor wants no more calls for a while. */
export function createLimits(onPause: (pause: ToldPause) => void = () => {}): Limits {
  let latest: RateLimit | null = null;
  const account = SCOPES.map(({ isOfRoute }) => (isOfRoute ? null : createLimit()));
  const accountPause: Pause = { limit: createLimit(), strikes: 0 };
  const routes = new LRUCache<string, Route>({ max: MAX_ROUTES });

  function createRoute(route: string): Route {
    const scopes = account.map((limit) => limit ?? createLimit());
    const routePause: Pause = { limit: createLimit(), strikes: 0 };
    const pauses = [accountPause, routePause];
    const all = [...scopes, ...pauses.map(({ limit }) => limit)];

    function pause(said: readonly (RateLimit | null)[], headers: Headers, now: number): void {
      const exhausted = SCOPES.filter((_, index) => (said[index]?.remaining ?? 1) <= 0);
      const isOfRoute = exhausted.length > 0 && exhausted.every((scope) => scope.isOfRoute);
      const own = isOfRoute ? routePause : accountPause;
      own.strikes += 1;
      const wait = readWait(headers, now) ?? Math.min(FIRST_PAUSE_MS * 2 ** (own.strikes - 1), LONGEST_PAUSE_MS);
      onPause({ route: isOfRoute ? route : null, forMs: wait });
      // A limit that is known says it all, and how many calls it takes afterwards.
      if (!scopes.some((limit) => limit.opensAt(now) >= now + wait)) own.limit.hold(now + wait);
    }

    return {
      left: (now) => Math.min(...all.map((limit) => limit.left(now))),
      opensAt: (now) => Math.max(...all.map((limit) => limit.opensAt(now))),
      take() {
        for (const limit of all) limit.take();
      },
      lose() {
        for (const limit of all) limit.lose();
      },
      giveBack() {
        for (const limit of all) limit.giveBack();
      },
      answer(status, headers, now) {
        const said = readScopes(headers, now);
        latest = tightest(said) ?? latest;
        scopes.forEach((limit, index) => {
          limit.note(said[index] ?? null, now);
        });
        for (const { limit } of pauses) limit.note(null, now);
        if (status === 429) return pause(said, headers, now);
        for (const each of pauses) each.strikes = 0;
        said.forEach((each, index) => {
          if (each === null || each.remaining > 0 || each.resetsAt === null || each.resetsAt <= now) return;
          onPause({ route: SCOPES[index]?.isOfRoute ? route : null, forMs: each.resetsAt - now });
        });
      },
      hold: (until) => routePause.limit.hold(until),
    };
  }

  function of(route: string): Route {
    const known = routes.get(route) ?? createRoute(route);
    routes.set(route, known);
    return known;
  }

  return {
    of,
    pause({ forMs, route }, now) {
      const own = route === null ? accountPause.limit : of(route);
      own.hold(now + forMs);
    },
    latest: () => latest,
  };
}
