/**
 * The one way to a vendor's API: budgets, rate limits, retries, a circuit breaker for each part of the account, and JSON that
 * is decoded or refused. It has no time limit of its own: a request's budget says until when.
 */
import { UpstreamError } from '../errors.ts';
import { type Budget, believe } from '../model.ts';
import type { Bus } from '../store/bus.ts';
import { type Cache, createMemoryCache } from '../store/cache.ts';
import { createBreaker, type Outcome } from './breaker.ts';
import { type Clock, systemClock } from './clock.ts';
import { createDecodings } from './decodings.ts';
import { type CallReport, createExchange, type TraceCall } from './exchange.ts';
import { isDeadline, isUnanswered, notItsApi, timedOut } from './failure.ts';
import { createGate } from './gate.ts';
import { createPauses } from './pauses.ts';
import type { ProxySettings } from './proxy.ts';
import type { RateLimit } from './rate-limit.ts';
import { createRetry } from './retry.ts';
import { createSharedPages } from './shared-pages.ts';
import { createSingleFlight } from './single-flight.ts';

export type { CallReport, TraceCall };

export interface UpstreamOptions {
  /** Shown in failures, for example `LaunchDarkly`. */
  name: string;
  /** Id of the configured source: part of the keys in the cache. */
  source: string;
  /** Origin and, where the vendor is mounted below one, a path. */
  url: URL;
  /** Sent with every request; may hold the token. Never logged. */
  headers: Readonly<Record<string, string>>;
  /** @default 32 */
  connections?: number | undefined;
  /** A larger body is refused, as it is sent and as it is decompressed. @default 32 MiB */
  maxResponseBytes?: number | undefined;
  /** How long an answer may be given again to who asks the same. @default 0, not at all */
  pageCacheMs?: number | undefined;
  /** Where answers are remembered. @default the process's memory, 16 MiB */
  cache?: Cache | undefined;
  /** Where replicas keep texts of answers for each other, for `pageCacheMs`. @default nowhere */
  sharedPages?: Cache | undefined;
  /** Where replicas tell each other that the vendor wants no more calls. @default nobody is told */
  bus?: Bus | undefined;
  /** @default none */
  proxy?: ProxySettings | undefined;
  clock?: Clock | undefined;
  /** How long a part that keeps failing is left alone before it is tried again. @default 10_000 */
  breakerMs?: number | undefined;
  /** Told of every HTTP request once it is over. */
  onCall?: ((report: CallReport) => void) | undefined;
  /** Told of every HTTP request before it is sent, too; and may send headers with it. */
  trace?: TraceCall | undefined;
  /** Told of each time that a call is tried again. */
  onRetry?: ((source: string) => void) | undefined;
}

/** What is going on between the gateway and one account. */
export interface Traffic {
  /** HTTP requests that are under way. */
  active: number;
  /** Those that wait for a connection, or for a rate limit to end. */
  waiting: number;
  /** Parts of the account that the circuit breaker leaves alone. */
  brokenParts: number;
}

export interface UpstreamRequest<T> {
  /** Below the configured URL, beginning with `/`. */
  path: string;
  query?: URLSearchParams;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, with POST: for searches that take one, and change nothing. @default GET */
  body?: unknown;
  /** The answer's JSON as the vendor's type; `undefined` if it is something else. One path has one decoder; the same text is not decoded twice. */
  decode(body: unknown): T | undefined;
  budget: Budget;
  /** Which part of the account the call is about, for example a feed's key. Each part has a circuit breaker of its own. */
  part: string;
  /** What the vendor counts calls by, where the path is not the same for all of them. @default `path` */
  route?: string;
  /** Text searches and whole windows: they may use only half of the connections, and their slowness is no outage. @default false */
  isHeavy?: boolean;
  /** For events that an earlier page missed: goes before others when not all may go. @default false */
  isOwed?: boolean;
  /** Nothing that is remembered will do, and no request of others whom it would do for. @default false */
  isFresh?: boolean;
  /** For how long this answer stays true, in milliseconds; never remembered without. */
  maxAgeMs?: (value: T) => number;
  /** Asked to find out where a failure lies: not tried again. @default false */
  isProbe?: boolean;
}

export interface Upstream {
  /**
   * Throws {@link UpstreamError} for everything but a 200 that can be decoded, after retries where those may help, and the
   * signal's reason when the caller has gone. Redirects are not followed.
   * Callers who ask the same at the same time share one request, and its answer: do not change it.
   */
  getJson<T>(request: UpstreamRequest<T>): Promise<T>;
  /** What is left of the vendor's rate limit, as its latest answer said; `null` if it has not said. */
  rateLimit(): RateLimit | null;
  /** False while the part, or every part that was asked in the last minute, fails for want of an answer. */
  isHealthy(part?: string): boolean;
  traffic(): Traffic;
  close(): Promise<void>;
}

/** What an upstream has answered, and until when that may be given again, Unix milliseconds. */
interface Answered<T> {
  value: T;
  believedUntil: number;
}

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;
/** Of JSON, once it is decoded: as measured on pages of both vendors, rounded up. */
const BYTES_OF_A_CHARACTER = 2;

export function createUpstream(options: UpstreamOptions): Upstream {
  const {
    breakerMs = 10_000,
    clock = systemClock,
    connections = 32,
    name,
    onCall,
    onRetry,
    pageCacheMs = 0,
    source,
    trace,
    url,
  } = options;
  const { maxResponseBytes = MAX_RESPONSE_BYTES, proxy = {} } = options;
  const cache = pageCacheMs > 0 ? (options.cache ?? createMemoryCache({ maxBytes: MAX_REMEMBERED_BYTES })) : undefined;
  const shared = pageCacheMs > 0 && options.sharedPages ? createSharedPages(options.sharedPages) : undefined;
  const once = createSingleFlight<Answered<unknown>>();
  const decodeText = createDecodings();
  let isClosed = false;
  const retry = createRetry({ clock, isClosed: () => isClosed, onRetry: onRetry && (() => onRetry(source)) });
  const gate = createGate({ name, connections, clock, onPause: (pause) => pauses?.tell(pause) });
  const pauses = options.bus && createPauses({ bus: options.bus, source, onPause: gate.pause });
  const exchange = createExchange({
    name,
    source,
    url,
    headers: options.headers,
    connections,
    maxResponseBytes,
    proxy,
    clock,
    onCall,
    trace,
  });
  const breaker = createBreaker({
    clock,
    breakerMs,
    judge,
    refuse: (wait) =>
      new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} keeps failing and is left alone for a moment.`, {
        retryAfterSeconds: wait / 1000,
      }),
  });

  function refuseIfSpent({ limit, made }: Budget['calls']): void {
    if (made < limit) return;
    const message = `${name} was not asked: this request has used up its upstream calls.`;
    throw new UpstreamError('UPSTREAM_CALLS_SPENT', message);
  }

  /** One HTTP request, once there is leave to send it. */
  async function send(path: string, request: SentRequest, budget: Budget): Promise<string> {
    refuseIfSpent(budget.calls);
    const { isHeavy = false, isOwed = false, part, route = request.path } = request;
    const pass = await gate.enter({ owner: request.budget.calls, part, route, isHeavy, isOwed, budget });
    // Others have spent too, in the meantime.
    if (budget.calls.made >= budget.calls.limit) pass.giveBack();
    refuseIfSpent(budget.calls);
    budget.calls.made += 1;
    return exchange.send({ ...request, pathAndQuery: path, signal: budget.signal, pass });
  }

  async function load<T>(own: string, path: string, request: UpstreamRequest<T>, budget: Budget): Promise<Answered<T>> {
    const key = `page ${source} ${own}`;
    // One path has one decoder, so what is kept under it is a T.
    const known =
      !request.isFresh &&
      request.maxAgeMs &&
      ((await cache?.get(key).catch(() => undefined)) as Answered<T> | undefined);
    if (known) return known;
    const told = request.isFresh || !request.maxAgeMs ? null : await readShared(key, request);
    if (told) return told;
    return breaker.run(request.part, async () => {
      const attempt = () => send(path, request, budget);
      const text = await (request.isProbe ? attempt() : retry(budget, attempt));
      const value = decodeText(text, request.decode);
      if (value === undefined) throw notItsApi(name);
      const answered = keep(key, request, { text, value, until: Number.POSITIVE_INFINITY });
      if (answered.believedUntil > Date.now()) shared?.write(key, { text, believedUntil: answered.believedUntil });
      return answered;
    });
  }

  /** What another replica was answered, if this one can decode it and would still believe it. */
  async function readShared<T>(key: string, request: UpstreamRequest<T>): Promise<Answered<T> | null> {
    const page = await shared?.read(key, request.budget.calls);
    if (!page || page.believedUntil <= Date.now()) return null;
    const { believedUntil: until, text } = page;
    const value = decodeText(text, request.decode);
    if (value === undefined) return null;
    const answered = keep(key, request, { text, value, until });
    return answered.believedUntil > Date.now() ? answered : null;
  }

  function keep<T>(
    key: string,
    { maxAgeMs }: UpstreamRequest<T>,
    { text, until, value }: { text: string; value: T; until: number },
  ): Answered<T> {
    const now = Date.now();
    const ttlMs = Math.min(maxAgeMs?.(value) ?? 0, pageCacheMs, until - now);
    const answered = { value, believedUntil: now + ttlMs };
    // Nobody waits for it to be kept, and nobody is hurt if it is not.
    if (ttlMs > 0) cache?.set(key, answered, { ttlMs, bytes: BYTES_OF_A_CHARACTER * text.length }).catch(() => {});
    return answered;
  }

  return {
    async getJson<T>(request: UpstreamRequest<T>): Promise<T> {
      const path = request.query?.size ? `${request.path}?${request.query}` : request.path;
      try {
        const key = keyOf(path, request);
        const answered = await once(request.isFresh ? `fresh ${key}` : key, request.budget, (budget) =>
          load(key, path, request, budget),
        );
        believe(request.budget.calls, answered.believedUntil);
        return answered.value as T;
      } catch (error) {
        const { signal } = request.budget;
        if (error === signal.reason && isDeadline(error)) throw timedOut(name, error);
        throw error;
      }
    },
    rateLimit: gate.rateLimit,
    isHealthy: breaker.isHealthy,
    traffic: () => ({ ...gate.queue(), brokenParts: breaker.broken() }),
    async close() {
      isClosed = true;
      gate.close();
      await exchange.close();
    },
  };
}

/** What of a request matters to sending it. */
type SentRequest = Pick<
  UpstreamRequest<unknown>,
  'path' | 'headers' | 'body' | 'part' | 'route' | 'isHeavy' | 'isOwed' | 'budget'
>;

/** What makes two requests one and the same. */
function keyOf(path: string, { body }: { body?: unknown }): string {
  return body === undefined ? path : `${path} ${JSON.stringify(body)}`;
}

/** No answer is an outage. What was not sent, or given up, says nothing. */
function judge(error: unknown): Outcome {
  if (!(error instanceof UpstreamError)) return 'nothing';
  const { code, status } = error;
  if (code === 'UPSTREAM_TIMEOUT') return 'outage';
  if (code === 'UPSTREAM_UNAVAILABLE' && isUnanswered(status)) return 'outage';
  return status === undefined ? 'nothing' : 'answered';
}
