/** What one GraphQL request carries. */
import { grant } from '../http/allowance.ts';
import type { Source } from '../sources/source.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export interface GatewayContext extends Loaders {
  sources: readonly Source[];
  /** When the request began, Unix milliseconds. */
  now: number;
  /** Ends with the client's connection or shortly before the request's deadline; every upstream call obeys it. */
  signal: AbortSignal;
  /** Set when some source's data is missing from the answer. */
  isPartial: boolean;
  /** How many HTTP requests were made to upstreams so far. A function, because Yoga copies what is in here. */
  upstreamCalls(): number;
}

export interface ContextOptions {
  sources: readonly Source[];
  requestTimeoutMs: number;
  /** @default Date.now */
  now?: (() => number) | undefined;
}

/** What is left of a request's time when its upstream calls must have ended, so that the rest can still be answered. */
const LONGEST_REMAINDER_MS = 500;

export function createContext(
  { now = Date.now, requestTimeoutMs, sources }: ContextOptions,
  request: Request,
): GatewayContext {
  const remainder = Math.min(LONGEST_REMAINDER_MS, requestTimeoutMs / 10);
  const timeoutMs = Math.floor(requestTimeoutMs - remainder);
  const allowance = { expiresAt: Date.now() + timeoutMs, calls: 0 };
  const signal = grant(AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]), allowance);
  return {
    sources,
    now: now(),
    signal,
    isPartial: false,
    upstreamCalls: () => allowance.calls,
    ...createLoaders(sources, signal),
  };
}
