/** What one GraphQL request carries. */
import { createLoaders, type Loaders } from './loaders.ts';
import type { Source } from './sources/source.ts';

export interface GatewayContext extends Loaders {
  sources: readonly Source[];
  /** When the request began, Unix milliseconds. */
  now: number;
  /** Ends with the client's connection or the request's deadline; every upstream call obeys it. */
  signal: AbortSignal;
  /** Set when some source's data is missing from the answer. */
  isPartial: boolean;
}

export interface ContextOptions {
  sources: readonly Source[];
  requestTimeoutMs: number;
  /** @default Date.now */
  now?: (() => number) | undefined;
}

export function createContext(
  { now = Date.now, requestTimeoutMs, sources }: ContextOptions,
  request: Request,
): GatewayContext {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(requestTimeoutMs)]);
  return { sources, now: now(), signal, isPartial: false, ...createLoaders(sources, signal) };
}
