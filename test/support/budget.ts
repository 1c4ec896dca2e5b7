import type { Budget } from '../../src/model.ts';

/** A budget that never ends, for calls past the gateway. */
export function createEndlessBudget(): Budget {
  const deadline = Number.MAX_SAFE_INTEGER;
  return { signal: new AbortController().signal, deadline, calls: { made: 0, limit: Number.POSITIVE_INFINITY } };
}
