/** Cuts a span into windows of about a page each, by counts of what lies where. */
import type { Span } from '../../paging/span.ts';
import { MAX_ENTRIES } from './client.ts';
import type { AuditLogCountsRep } from './wire.ts';

/** Counts are not promised to be exact: a window shall fit on a page all the same. */
const FULL = 16;
/** Some more than wanted, for what is counted and sifted here. */
const SLACK = 4;

/**
 * From the newest end of the span on, contiguous, as many as hold what is `wanted`; or all of the span, if it holds less.
 * Wrong counts cost calls, and no entry: whatever a window holds is read.
 */
export function cutWindows({ bucketIntervalMs, buckets }: AuditLogCountsRep, span: Span, wanted: number): Span[] {
  const newestFirst = buckets.toSorted((a, b) => b.timestamp - a.timestamp);
  const windows: Span[] = [];
  let { newest } = span;
  let [held, total] = [0, 0];
  const cut = (oldest: number) => {
    if (oldest > newest) return;
    windows.push({ oldest, newest });
    newest = oldest - 1;
    held = 0;
  };
  for (const { count, timestamp } of newestFirst) {
    const end = timestamp + bucketIntervalMs;
    if (held > 0 && held + count > FULL) cut(Math.max(span.oldest, end));
    held += count;
    total += count;
    if (total >= wanted + SLACK || held >= MAX_ENTRIES) cut(Math.max(span.oldest, timestamp));
    if (total >= wanted + SLACK) return windows;
  }
  cut(span.oldest);
  return windows;
}
