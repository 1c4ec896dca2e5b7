/** What one GraphQL request carries. */
import type { Source } from './sources/source.ts';

export interface GatewayContext {
  sources: readonly Source[];
  /** Unix milliseconds. */
  now: () => number;
  /** Ends with the client's connection or the request's deadline; every upstream call obeys it. */
  signal: AbortSignal;
  /** Set when some source's data is missing from the answer. */
  isPartial: boolean;
}

export interface ContextOptions {
  sources: readonly Source[];
  requestTimeoutMs: number;
}

export function createContext({ requestTimeoutMs, sources }: ContextOptions, request: Request): GatewayContext {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(requestTimeoutMs)]);
  return { sources, now: Date.now, signal, isPartial: false };
}
