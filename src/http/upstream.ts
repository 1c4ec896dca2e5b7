/**
 * The one way to a vendor's API: a bounded keep-alive pool, time limits, retries within them, a circuit breaker, and JSON
 * that is decoded by a schema or refused.
 */
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { errors, Pool } from 'undici';
import { UpstreamError } from '../errors.ts';
import type { Budget } from '../model.ts';
import { allowanceOf, grant } from './allowance.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Headers, type RateLimit, readRateLimit, readWait } from './rate-limit.ts';
import { createRetry } from './retry.ts';
import { createAnswerStore, createSingleFlight } from './shared.ts';

export interface UpstreamOptions {
  /** Shown in failures, for example `LaunchDarkly`. */
  name: string;
  source: string;
  /** Origin and, where the vendor is mounted below one, a path. */
  url: URL;
  /** Sent with every request; may hold the token. Never logged. */
  headers: Readonly<Record<string, string>>;
  /** @default 4 */
  connections?: number;
  /** Time to connect, to the first byte, and between two bytes. @default 10_000 */
  timeoutMs?: number;
  /** A larger body is refused. @default 32 MiB */
  maxResponseBytes?: number;
  /** How long an answer may be given again to who asks the same. @default 0, not at all */
  pageCacheMs?: number;
  clock?: Clock | undefined;
  /** How long a source that keeps failing is left alone before it is tried again. @default 10_000 */
  breakerMs?: number | undefined;
}

export interface UpstreamRequest<T> {
  /** Below the configured URL, beginning with `/`. */
  path: string;
  query?: URLSearchParams;
  headers?: Readonly<Record<string, string>>;
  decode(body: unknown): T | undefined;
  budget: Budget;
  part: string;
  isHeavy?: boolean;
  isOwed?: boolean;
  /** For how long this answer stays true, in milliseconds; never remembered without. */
  maxAgeMs?: (value: T) => number;
  /** Asked to find out where a failure lies: not tried again. @default false */
  isProbe?: boolean;
}

export interface Upstream {
  /**
   * Throws {@link UpstreamError} for everything but a 200 that fits the schema, after retries where those may help.
   * Redirects are not followed.
   * Callers who ask the same at the same time share one request, and its answer: do not change it.
   */
  getJson<T>(request: UpstreamRequest<T>): Promise<T>;
  /** What is left of the vendor's allowance, as its latest answer said; `null` if it has not said. */
  rateLimit(): RateLimit | null;
  /** False once requests have failed for want of an answer, until one is answered again. */
  isHealthy(): boolean;
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** So many requests without an answer, one after another, and the source is left alone for a while. */
const FAILURES_BEFORE_BREAK = 5;

export function createUpstream(options: UpstreamOptions): Upstream {
  const { breakerMs = 10_000, clock = systemClock, connections = 4, headers, name, url } = options;
  const { maxResponseBytes = MAX_RESPONSE_BYTES, timeoutMs = 10_000 } = options;
  const remembered = createAnswerStore(options.pageCacheMs ?? 0);
  const once = createSingleFlight<unknown>();
  const retry = createRetry(name, clock);
  const breaker = circuitBreaker(handleWhen(isOutage), {
    halfOpenAfter: breakerMs,
    breaker: new ConsecutiveBreaker(FAILURES_BEFORE_BREAK),
  });
  const basePath = url.pathname.replace(/\/+$/, '');
  const pool = new Pool(url.origin, {
    connections,
    pipelining: 1,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    // Unleash closes idle connections after 15 s: let go of them first.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 10_000,
    maxResponseSize: maxResponseBytes,
  });
  let latestLimit: RateLimit | null = null;
  let isHealthy = true;

  function noteRateLimit(limit: RateLimit | null): void {
    if (limit === null) return;
    latestLimit = limit;
    if (limit.remaining <= 0 && limit.resetsAt !== null) retry.pause(limit.resetsAt);
  }

  /** One HTTP request. */
  async function getText(path: string, own: UpstreamRequest<unknown>['headers'], signal: AbortSignal): Promise<string> {
    const allowance = allowanceOf(signal);
    const budget = (allowance as { budget?: Budget } | undefined)?.budget;
    if (budget && budget.calls.made >= budget.calls.limit)
      throw new UpstreamError('UPSTREAM_CALLS_SPENT', `${name} was not asked.`);
    if (budget) budget.calls.made += 1;
    try {
      const response = await pool.request({
        method: 'GET',
        path: basePath + path,
        headers: { accept: 'application/json', 'user-agent': 'flag-events-gateway', ...headers, ...own },
        signal,
      });
      noteRateLimit(readRateLimit(response.headers, clock.now()));
      const text = await response.body.text();
      if (response.statusCode !== 200) throw toStatusError(name, response.statusCode, response.headers, clock.now());
      return text;
    } catch (error) {
      throw isGivenUp(signal) ? signal.reason : toUpstreamError(name, error);
    }
  }

  async function load<T>(path: string, request: UpstreamRequest<T>, signal: AbortSignal): Promise<T> {
    const attempt = () => getText(path, request.headers, signal);
    const text = await (request.isProbe ? attempt() : retry.run(signal, attempt));
    const data = request.decode(parseJson(text));
    if (data === undefined) {
      const message = `${name} answered with something that is not its API's JSON.`;
      throw new UpstreamError('UPSTREAM_UNAVAILABLE', message, { status: 200 });
    }
    if (request.maxAgeMs) remembered?.set(path, { value: data, bytes: text.length, maxAgeMs: request.maxAgeMs(data) });
    return data;
  }

  async function loadUnlessBroken<T>(path: string, request: UpstreamRequest<T>, signal: AbortSignal): Promise<T> {
    try {
      const value = await breaker.execute(() => load(path, request, signal));
      isHealthy = true;
      return value;
    } catch (error) {
      if (isOutage(error)) isHealthy = false;
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} keeps failing and is left alone for a moment.`, {
        retryAfterSeconds: Math.ceil(breakerMs / 1000),
      });
    }
  }

  return {
    async getJson<T>(request: UpstreamRequest<T>): Promise<T> {
      const path = request.query?.size ? `${request.path}?${request.query}` : request.path;
      // One path has one schema, so what is kept under it is a T.
      const known = (request.maxAgeMs && remembered?.get(path)) as T | undefined;
      if (known !== undefined) return known;
      const { budget } = request;
      const signal = budget.signal;
      if (!allowanceOf(signal))
        grant(signal, { expiresAt: budget.deadline, calls: budget.calls.made, budget } as never);
      try {
        return (await once(path, signal, (signal) => loadUnlessBroken(path, request, signal))) as T;
      } catch (error) {
        throw isGivenUp(signal) ? signal.reason : toUpstreamError(name, error);
      }
    },
    rateLimit: () => latestLimit,
    isHealthy: () => isHealthy,
    close: () => pool.destroy(),
  };
}

/** The vendor does not answer at all, or only a proxy before it does. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  const { code, status } = error;
  return (
    code === 'UPSTREAM_TIMEOUT' ||
    (code === 'UPSTREAM_UNAVAILABLE' && (status === undefined || [502, 503, 504].includes(status)))
  );
}

/** Nobody waits for the answer any more, which says nothing of the vendor. */
function isGivenUp(signal: AbortSignal): boolean {
  return signal.aborted && !isTimeout(signal.reason);
}

function toStatusError(name: string, status: number, headers: Headers, now: number): UpstreamError {
  if (status === 429) {
    const wait = readWait(headers, now);
    return new UpstreamError('UPSTREAM_RATE_LIMITED', `${name} limits the rate of requests.`, {
      status,
      ...(wait !== null && { retryAfterSeconds: wait / 1000 }),
    });
  }
  if (status === 401 || status === 403) {
    return new UpstreamError('UPSTREAM_REJECTED', `${name} refused the gateway's credentials (${status}).`, { status });
  }
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} answered with status ${status}.`, { status });
}

function toUpstreamError(name: string, error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  if (isTimeout(error))
    return new UpstreamError('UPSTREAM_TIMEOUT', `${name} did not answer in time.`, { cause: error });
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} could not be reached.`, { cause: error });
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError ||
    (error instanceof Error && error.name === 'TimeoutError')
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
