/** The one way to a vendor's API: a bounded keep-alive pool, time limits, and JSON that is decoded by a schema or refused. */
import { errors, Pool } from 'undici';
import type { z } from 'zod';
import { UpstreamError } from '../errors.ts';

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
}

export interface UpstreamRequest<T> {
  /** Below the configured URL, beginning with `/`. */
  path: string;
  query?: URLSearchParams;
  headers?: Readonly<Record<string, string>>;
  schema: z.ZodType<T>;
  signal: AbortSignal;
}

export interface Upstream {
  /** Throws {@link UpstreamError} for everything but a 200 that fits the schema. Redirects are not followed. */
  getJson<T>(request: UpstreamRequest<T>): Promise<T>;
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, url, headers, connections = 4, timeoutMs = 10_000, maxResponseBytes = MAX_RESPONSE_BYTES } = options;
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

  async function getText(request: UpstreamRequest<unknown>): Promise<string> {
    const query = request.query?.size ? `?${request.query}` : '';
    const response = await pool.request({
      method: 'GET',
      path: `${basePath}${request.path}${query}`,
      headers: { accept: 'application/json', 'user-agent': 'flag-events-gateway', ...headers, ...request.headers },
      signal: request.signal,
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw toStatusError(name, response.statusCode, response.headers);
    return text;
  }

  return {
    async getJson(request) {
      const text = await getText(request).catch((error: unknown) => {
        throw toUpstreamError(name, error);
      });
      const decoded = request.schema.safeParse(parseJson(text));
      if (decoded.success) return decoded.data;
      throw new UpstreamError('UPSTREAM_UNAVAILABLE', `${name} answered with something that is not its API's JSON.`, {
        status: 200,
        cause: decoded.error,
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
