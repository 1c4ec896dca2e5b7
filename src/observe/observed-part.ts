/** A part whose feeds tell of the pages that are read of them. */
import { type Feed, type FeedPage, type FeedRequest, type Part, withFeeds } from '../timeline/feed.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

export interface PageObserver {
  metrics: Pick<Metrics, 'skipped'>;
  /** @default nothing is traced */
  tracing?: Pick<Tracing, 'page'> | undefined;
}

export function observedPart<P extends Part>(part: P, observer: PageObserver): P {
  return withFeeds(part, (feed) => observedFeed(feed, observer));
}

function observedFeed(feed: Feed, { metrics, tracing }: PageObserver): Feed {
  async function read(request: FeedRequest): Promise<FeedPage> {
    const page = await (tracing ? tracing.page(feed, () => feed.read(request)) : feed.read(request));
    if (page.skipped > 0) metrics.skipped(feed.source, page.skipped);
    return page;
  }
  return { ...feed, read };
}
