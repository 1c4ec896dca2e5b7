/** How far back and how far ahead LaunchDarkly's logs are read. */
import type { Window } from '../../model.ts';
import type { FeedRequest } from '../../timeline/feed.ts';
import { type Span, spanFrom } from '../paging/span.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What a read is about, both ends inclusive. */
export function spanOf(request: FeedRequest, historyDays: number): Span {
  const { asOf, direction, filter, now } = request;
  return spanFrom(request, wholeSpan(filter.window, asOf, latest(direction === 'older' ? asOf : now), historyDays));
}

/** What there is to read at most. */
export function wholeSpan({ from, to }: Window, asOf: number, newest: number, historyDays: number): Span {
  return { oldest: from ?? horizonAt(asOf, historyDays), newest: to === null ? newest : Math.min(to - 1, newest) };
}

/** In whole hours, and the newest in whole minutes, so that walks begun at about the same time ask the same. */
export function horizonAt(asOf: number, historyDays: number): number {
  return Math.floor(asOf / HOUR_MS) * HOUR_MS - historyDays * 24 * HOUR_MS;
}

/** Beyond the present moment: the newest events count even when LaunchDarkly's clock is ahead of ours. */
export function latest(now: number): number {
  return Math.ceil(now / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
}

/** Said only where the filter leaves it to the source how far back to go. */
export function horizonOf({ asOf, filter }: FeedRequest, historyDays: number): { reachesBackTo?: number } {
  return filter.window.from === null ? { reachesBackTo: horizonAt(asOf, historyDays) } : {};
}
