/** What is traced of a gateway, for whoever traces it: `opentelemetry.ts` if an SDK is loaded, and otherwise nobody. */
import type { TraceCall } from '../http/upstream.ts';
import type { FeedPage } from '../timeline/feed.ts';
import type { RequestLine } from './log.ts';

export interface Tracing {
  /** A request begins, as part of its caller's trace if its headers name one. */
  request(headers: Pick<Headers, 'get' | 'has'>): RequestSpan;
  /** Reads one page of a feed. */
  page(feed: { key: string; source: string }, read: () => Promise<FeedPage>): Promise<FeedPage>;
  call: TraceCall;
}

export interface TracingOptions {
  /** Whether vendors are sent `traceparent`. */
  sendTraceparent: boolean;
}

export interface RequestSpan {
  /** Spans that begin in `run` belong to the request. */
  within<T>(run: () => T): T;
  end(line: RequestLine): void;
}
