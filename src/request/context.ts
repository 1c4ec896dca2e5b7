/** What one GraphQL request carries. */
import { type FeedFailure, toFeedFailure } from '../errors.ts';
import type { Budget } from '../model.ts';
import type { Source } from '../sources/source.ts';
import type { Place, Scope } from '../timeline/scope.ts';
import { createBudget } from './budget.ts';
import type { Caller } from './caller.ts';
import { type Live, NO_LIVE } from './live.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export interface GatewayContext extends Loaders {
  /** Those of which the caller may see something. */
  sources: readonly Source[];
  /** What the caller may see; `null`: everything. */
  scope: Scope | null;
  /** When the request began, Unix milliseconds. */
  now: number;
  /** Ends with the client's connection or shortly before the request's deadline; every upstream call spends it. */
  budget: Budget;
  /** `null` where everybody is accepted. */
  caller: Caller | null;
  /** Lets go of everything that waits for the request's end. */
  finish(): void;
  /** Set when some source's data is missing from the answer. */
  isPartial: boolean;
  /** What failed of the sources, for the log. */
  failures: readonly FeedFailure[];
  noteFailure(feed: string, error: unknown): void;
  /** What subscriptions follow. */
  live: Live;
  /** The cursor of the last answer that a client has had of a subscription, if its connection was lost. */
  resumeAt: string | null;
  /** Set by an answer of a subscription: the cursor to go on with after it. */
  place?: () => string;
  /** The context of one execution of a subscription's operation: with a budget, loaders and failures of its own. */
  renew(): GatewayContext;
}

export interface ContextOptions {
  sources: readonly Source[];
  requestTimeoutMs: number;
  /** How many upstream calls one request may make, retries included. */
  upstreamCallsPerRequest: number;
  /** @default everybody is accepted */
  caller?: Caller | null | undefined;
  /** @default it begins where the operation says */
  resumeAt?: string | null | undefined;
  /** @default nothing is followed */
  live?: Live | undefined;
  /** @default Date.now */
  now?: (() => number) | undefined;
}

/** Whether the caller may see who is named in an event. */
export function maySeeNames({ scope }: Pick<GatewayContext, 'scope'>, event: Place): boolean {
  return scope === null || scope.named().allows(event);
}

/** Kept back from a request's time: when its upstream calls have to end, what they gave can still be answered. */
const LONGEST_RESERVE_MS = 500;

export function createContext(options: ContextOptions, request: Pick<Request, 'signal'>): GatewayContext {
  const {
    caller = null,
    live = NO_LIVE,
    now = Date.now,
    requestTimeoutMs,
    resumeAt = null,
    upstreamCallsPerRequest,
  } = options;
  const scope = caller?.scope ?? null;
  const sources = scope ? options.sources.filter(({ id }) => scope.canHold(id)) : options.sources;
  const reserve = Math.min(LONGEST_RESERVE_MS, requestTimeoutMs / 10);
  const budget = createBudget({
    deadline: Date.now() + Math.floor(requestTimeoutMs - reserve),
    calls: upstreamCallsPerRequest,
    client: request,
  });
  const failures: FeedFailure[] = [];
  return {
    sources,
    scope,
    now: now(),
    caller,
    budget,
    finish: budget.close,
    isPartial: false,
    failures,
    noteFailure: (feed, error) => void failures.push(toFeedFailure(feed, error)),
    live,
    resumeAt,
    renew: () => createContext(options, request),
    ...createLoaders(sources, budget, scope),
  };
}
