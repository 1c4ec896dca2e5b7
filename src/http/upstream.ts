/** The one way to a vendor's API: a bounded keep-alive pool, time limits, and JSON that is decoded by a schema or refused. */
import { errors, Pool } from 'undici';
import type { z } from 'zod';
import { UpstreamError } from '../errors.ts';
import { createAnswerStore, createSingleFlight } from './shared.ts';

export interface UpstreamOptions {
  /** Shown in failures, for example `LaunchDarkly`. */
  name: string;
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
}

export interface UpstreamRequest<T> {
  /** Below the configured URL, beginning with `/`. */
  path: string;
  query?: URLSearchParams;
  headers?: Readonly<Record<string, string>>;
  schema: z.ZodType<T>;
  signal: AbortSignal;
  /** For how long this answer stays true, in milliseconds; never remembered without. */
  maxAgeMs?: (value: T) => number;
}

export interface Upstream {
  /**
   * Throws {@link UpstreamError} for everything but a 200 that fits the schema. Redirects are not followed.
   * Callers who ask the same at the same time share one request, and its answer: do not change it.
   */
  getJson<T>(request: UpstreamRequest<T>): Promise<T>;
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, url, headers, connections = 4, timeoutMs = 10_000, maxResponseBytes = MAX_RESPONSE_BYTES } = options;
  const remembered = createAnswerStore(options.pageCacheMs ?? 0);
  const once = createSingleFlight<unknown>();
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

  async function getText(path: string, own: UpstreamRequest<unknown>['headers'], signal: AbortSignal): Promise<string> {
    const response = await pool.request({
      method: 'GET',
      path: basePath + path,
      headers: { accept: 'application/json', 'user-agent': 'flag-events-gateway', ...headers, ...own },
      signal,
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw toStatusError(name, response.statusCode, response.headers);
    return text;
  }

  async function load<T>(path: string, request: UpstreamRequest<T>, signal: AbortSignal): Promise<T> {
    const text = await getText(path, request.headers, signal).catch((error: unknown) => {
      throw toUpstreamError(name, error);
    });
    const { data, error } = request.schema.safeParse(parseJson(text));
    if (data === undefined) {
      const message = `${name} answered with something that is not its API's JSON.`;
      throw new UpstreamError('UPSTREAM_UNAVAILABLE', message, { status: 200, cause: error });
    }
    if (request.maxAgeMs) remembered?.set(path, { value: data, bytes: text.length, maxAgeMs: request.maxAgeMs(data) });
    return data;
  }

  return {
    async getJson<T>(request: UpstreamRequest<T>): Promise<T> {
      const path = request.query?.size ? `${request.path}?${request.query}` : request.path;
      // One path has one schema, so what is kept under it is a T.
      const known = (request.maxAgeMs && remembered?.get(path)) as T | undefined;
      if (known !== undefined) return known;
      const flight = once(path, request.signal, (signal) => load(path, request, signal)) as Promise<T>;
      return flight.catch((error: unknown) => {
        throw toUpstreamError(name, error);
      });
    },
    close: () => pool.destroy(),
  };
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function toStatusError(name: string, status: number, headers: Headers): UpstreamError {
  if (status === 429) {
    const retryAfterSeconds = retryAfter(headers);
    return new UpstreamError('UPSTREAM_RATE_LIMITED', `${name} limits the rate of requests.`, {
      status,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  }
  if (status === 401 || status === 403) {
    return new UpstreamError('UPSTREAM_REJECTED', `${name} refused the gateway's credentials (${status}).`, { status });
  }
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} answered with status ${status}.`, { status });
}

/** Whole seconds, rounded up. LaunchDarkly gives its resets in epoch milliseconds, to be held against the answer's own clock. */
function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers['retry-after']);
  if (seconds > 0) return Math.ceil(seconds);
  const resets = [headers['x-ratelimit-reset'], headers['x-ratelimit-auth-token-reset']].map(Number);
  const wait = Math.max(...resets.filter(Number.isFinite)) - Date.parse(String(headers.date));
  return wait > 0 && Number.isFinite(wait) ? Math.ceil(wait / 1000) : undefined;
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
