/** Whether the gateway is ready: at least one source answers, or has not been asked yet. */

import { createBudget } from '../request/budget.ts';
import type { Source } from '../sources/source.ts';
import { NO_FILTER } from '../timeline/filter.ts';

const PROBE_EVERY_MS = 5_000;
const PROBE_TIMEOUT_MS = 5_000;
const PROBE_CALLS = 100;

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
    await Promise.allSettled(sources.map(askForOneEvent));
    isProbing = false;
  }

  return () => {
    if (sources.some((source) => source.isHealthy())) return true;
    if (!isProbing && performance.now() - probedAt >= probeEveryMs) void probe();
    return false;
  };
}

async function askForOneEvent(source: Source): Promise<void> {
  const now = Date.now();
  const client = new AbortController();
  const budget = createBudget({ deadline: now + PROBE_TIMEOUT_MS, calls: PROBE_CALLS, client });
  const newest = { direction: 'older', start: null, limit: 1, filter: NO_FILTER, fields: new Set<string>() } as const;
  await Promise.allSettled(
    source.parts.map(async (part) => {
      const [feed] = await part.feeds(budget);
      await feed?.read({ ...newest, hint: null, asOf: now, now, budget });
    }),
  );
  budget.close();
}
