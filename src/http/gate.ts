/**
 * What every HTTP request passes right before it is sent. It keeps to the number of connections and to the vendor's rate
 * limits, and says who comes first when not everybody may go.
 */
import { LRUCache } from 'lru-cache';
import { UpstreamError } from '../errors.ts';
import type { Budget } from '../model.ts';
import type { Clock } from './clock.ts';
import { createLimits, type RouteLimits } from './limits.ts';
import type { Pause } from './pauses.ts';
import type { Headers, RateLimit } from './rate-limit.ts';

export interface GateCall {
  /** Owners take turns, so that a page that needs one call does not wait for one that needs a thousand. */
  owner: object;
  /** Of one owner's calls, those of the part that was served least recently go first. */
  part: string;
  /** What the vendor counts calls by. */
  route: string;
  /** May use no more than half of the connections. */
  isHeavy: boolean;
  /** Goes before all that are not. */
  isOwed: boolean;
  budget: Pick<Budget, 'signal' | 'deadline'>;
}

/** Leave to send one HTTP request. */
export interface Pass {
  /** The head of the answer has come. */
  answer(status: number, headers: Headers): void;
  /** It is over, and the connection is free again. */
  leave(): void;
  /** Instead of all that: nothing was sent. */
  giveBack(): void;
}

export interface Gate {
  /**
   * Rejects with the signal's reason when it is aborted, and at once with `UPSTREAM_RATE_LIMITED` when a known limit lets
   * nothing through before the deadline.
   */
  enter(call: GateCall): Promise<Pass>;
  rateLimit(): RateLimit | null;
  /** Another replica was told so. */
  pause(pause: Pause): void;
  /** HTTP requests that are under way, and those that wait for leave to be sent. */
  queue(): { active: number; waiting: number };
  /** Rejects all who wait, and all who come. */
  close(): void;
}

export interface GateOptions {
  name: string;
  connections: number;
  clock: Clock;
  /** Told when the vendor wants no more calls for a while. @default nobody is told */
  onPause?: ((pause: Pause) => void) | undefined;
}

interface Waiter extends GateCall {
  limits: RouteLimits;
  admit(): void;
  refuse(reason: unknown): void;
}

const MAX_PARTS = 10_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A timer may end a little early, and a limit that has not ended yet costs a call. */
const MARGIN_MS = 20;

export function createGate({ clock, connections, name, onPause }: GateOptions): Gate {
  const limits = createLimits(onPause);
  const heavyConnections = Math.max(1, Math.floor(connections / 2));
  /** By owner, in the order of their turns. */
  const waiting = new Map<object, Waiter[]>();
  const turns = new LRUCache<string, number>({ max: MAX_PARTS });
  let turn = 0;
  let owed = 0;
  let active = 0;
  let activeHeavy = 0;
  let isClosed = false;
  let isPumpDue = false;
  let alarm: { at: number; controller: AbortController } | undefined;
  let sleptUntil = Number.NEGATIVE_INFINITY;

  // What was slept through is past, also for a clock that does not move while somebody sleeps.
  const time = () => Math.max(clock.now(), sleptUntil);

  function mayGo(call: Pick<Waiter, 'isHeavy' | 'limits'>, now: number): boolean {
    return active < connections && !(call.isHeavy && activeHeavy >= heavyConnections) && call.limits.left(now) > 0;
  }

  function admit({ isHeavy, part, limits: own }: Omit<Waiter, 'admit' | 'refuse'>): Pass {
    let isAnswered = false;
    const free = () => {
      active -= 1;
      if (isHeavy) activeHeavy -= 1;
      pump();
    };
    active += 1;
    if (isHeavy) activeHeavy += 1;
    turn += 1;
    turns.set(part, turn);
    own.take();
    return {
      answer(status, headers) {
        isAnswered = true;
        own.answer(status, headers, time());
        pump();
      },
      leave() {
        if (!isAnswered) own.lose();
        free();
      },
      giveBack() {
        own.giveBack();
        free();
      },
    };
  }

  function comesBefore(one: Waiter, other: Waiter): boolean {
    if (one.isOwed !== other.isOwed) return one.isOwed;
    return one.owner === other.owner && (turns.get(one.part) ?? 0) < (turns.get(other.part) ?? 0);
  }

  function nextInTurn(now: number): Waiter | undefined {
    if (active >= connections) return undefined;
    let best: Waiter | undefined;
    for (const calls of waiting.values()) {
      for (const call of calls) {
        if ((best === undefined || comesBefore(call, best)) && mayGo(call, now)) best = call;
      }
      if (best && (best.isOwed || owed === 0)) return best;
    }
    return best;
  }

  function add(waiter: Waiter): void {
    const calls = waiting.get(waiter.owner);
    if (calls) calls.push(waiter);
    else waiting.set(waiter.owner, [waiter]);
    if (waiter.isOwed) owed += 1;
  }

  function remove(waiter: Waiter): void {
    const calls = waiting.get(waiter.owner) ?? [];
    calls.splice(calls.indexOf(waiter), 1);
    if (calls.length === 0) waiting.delete(waiter.owner);
    if (waiter.isOwed) owed -= 1;
  }

  /** Refuses who cannot wait for a limit to end, and says when the first limit ends that others wait for. */
  function refuseHopeless(now: number): number {
    const opens = new Map<RouteLimits, number>();
    const hopeless: Waiter[] = [];
    let first = Number.POSITIVE_INFINITY;
    for (const calls of waiting.values()) {
      for (const call of calls) {
        const opensAt = opens.get(call.limits) ?? call.limits.opensAt(now);
        opens.set(call.limits, opensAt);
        if (opensAt > call.budget.deadline) hopeless.push(call);
        else if (opensAt > now) first = Math.min(first, opensAt);
      }
    }
    for (const call of hopeless) call.refuse(rateLimited(name, call.limits.opensAt(now) - now));
    return first;
  }

  function pump(): void {
    const now = time();
    setAlarm(refuseHopeless(now), now);
    for (let call = nextInTurn(now); call; call = nextInTurn(now)) {
      const { owner } = call;
      call.admit();
      const others = waiting.get(owner);
      // To the end of the line.
      if (others && waiting.delete(owner)) waiting.set(owner, others);
    }
  }

  function setAlarm(at: number, now: number): void {
    if (at === (alarm?.at ?? Number.POSITIVE_INFINITY)) return;
    alarm?.controller.abort();
    alarm = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const own = { at, controller: new AbortController() };
    alarm = own;
    const wait = Math.min(at - now, LONGEST_TIMER_MS - MARGIN_MS);
    clock.sleep(wait + MARGIN_MS, own.controller.signal).then(
      () => {
        if (alarm !== own) return;
        alarm = undefined;
        sleptUntil = now + wait;
        pump();
      },
      () => {},
    );
  }

  /** Once in this turn of the event loop. */
  function pumpSoon(): void {
    if (isPumpDue) return;
    isPumpDue = true;
    setImmediate(() => {
      isPumpDue = false;
      pump();
    });
  }

  function wait(call: Omit<Waiter, 'admit' | 'refuse'>): Promise<Pass> {
    const { signal } = call.budget;
    return new Promise((resolve, reject) => {
      const end = () => {
        signal.removeEventListener('abort', abort);
        remove(waiter);
      };
      const waiter: Waiter = {
        ...call,
        admit() {
          end();
          resolve(admit(call));
        },
        refuse(reason) {
          end();
          reject(reason);
        },
      };
      const abort = () => {
        waiter.refuse(signal.reason);
        if (waiting.size === 0) setAlarm(Number.POSITIVE_INFINITY, time());
      };
      signal.addEventListener('abort', abort);
      add(waiter);
    });
  }

  return {
    async enter(call) {
      call.budget.signal.throwIfAborted();
      if (isClosed) throw closed(name);
      const now = time();
      const own = limits.of(call.route);
      // With fewer calls left than there are parts, who asks first must not get them all: see who else asks.
      const isScarce = own.left(now) <= turns.size;
      const request = { ...call, limits: own };
      if (waiting.size === 0 && !isScarce && mayGo(request, now)) return admit(request);
      const admitted = wait(request);
      if (isScarce) pumpSoon();
      else pump();
      return admitted;
    },
    rateLimit: limits.latest,
    pause(pause) {
      limits.pause(pause, time());
      pump();
    },
    queue: () => ({ active, waiting: [...waiting.values()].reduce((sum, calls) => sum + calls.length, 0) }),
    close() {
      isClosed = true;
      for (const call of [...waiting.values()].flat()) call.refuse(closed(name));
      setAlarm(Number.POSITIVE_INFINITY, time());
    },
  };
}

function rateLimited(name: string, wait: number): UpstreamError {
  return new UpstreamError('UPSTREAM_RATE_LIMITED', `${name} limits the rate of requests.`, {
    retryAfterSeconds: wait / 1000,
  });
}

function closed(name: string): UpstreamError {
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} is not asked any more: the gateway is shutting down.`);
}
