/** Whether the gateway is ready: at least one source answers, or has not been asked yet. */

import type { Source } from '../sources/source.ts';
import { askNewest } from './newest.ts';

const PROBE_EVERY_MS = 5_000;
const PROBE = { timeoutMs: 5_000, calls: 100, feedsPerPart: 1 };

/**
 * The check behind `/ready`. While no source is healthy, a check asks them again, at most every `probeEveryMs`: a gateway
 * that gets no requests because it is not ready would otherwise never notice that they have recovered.
 */
export function createReadiness(sources: readonly Source[], { probeEveryMs = PROBE_EVERY_MS } = {}): () => boolean {
  let probedAt = Number.NEGATIVE_INFINITY;
  let isProbing = false;

  async function probe(): Promise<void> {
    isProbing = true;
    probedAt = performance.now();
    await Promise.all(sources.map((source) => askNewest(source, PROBE)));
    isProbing = false;
  }

  return () => {
    if (sources.some((source) => source.isHealthy())) return true;
    if (!isProbing && performance.now() - probedAt >= probeEveryMs) void probe();
    return false;
  };
}
