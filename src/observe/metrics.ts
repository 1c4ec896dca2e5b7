/**
 * What is counted of a gateway, for whoever counts it: `prometheus.ts` with `METRICS_PORT`, and otherwise nobody. What is
 * known as a state is not reported: it is read when somebody looks.
 */
import type { CallReport } from '../http/upstream.ts';
import type { RateLimit, Traffic } from '../sources/source.ts';
import type { Log, RequestLine, Trouble } from './log.ts';

/** What became of a webhook's request. */
export const HOOK_OUTCOMES = ['accepted', 'refused'] as const;
export type HookOutcome = (typeof HOOK_OUTCOMES)[number];

/** A source is named by its id in the configuration. */
export interface Metrics {
  /** A GraphQL request has ended. */
  request(line: RequestLine): void;
  /** Something was logged that should not have happened. */
  trouble(level: Trouble['level']): void;
  /** An HTTP request to a vendor has ended. */
  call(report: CallReport): void;
  /** Such a request is tried again. */
  retry(source: string): void;
  /** A page of settled events was asked for, and was remembered or not. */
  historyRead(source: string, isHit: boolean): void;
  /** Events became readable after newer ones. */
  late(source: string, count: number): void;
  /** A page had events that could not be read. */
  skipped(source: string, count: number): void;
  /** A webhook's request was answered. */
  hook(source: string, outcome: HookOutcome): void;
}

/** Counts nothing. */
export const noMetrics: Metrics = {
  request: () => {},
  trouble: () => {},
  call: () => {},
  retry: () => {},
  historyRead: () => {},
  late: () => {},
  skipped: () => {},
  hook: () => {},
};

/** What is read when somebody looks. */
export interface GatewayState {
  sources: readonly {
    id: string;
    isHealthy(): boolean;
    rateLimit(): RateLimit | null;
    traffic(): Traffic;
  }[];
  history: { bytes(): number; readonly maxBytes: number } | undefined;
  live: { readonly subscribers: number; lags(): readonly { feed: string; readAt: number }[] };
  /** How many requests are being answered. */
  inProgress(): number;
}

/** The log, with everything that is written to it counted. */
export function countingLog(log: Log, metrics: Metrics): Log {
  return {
    request(line) {
      metrics.request(line);
      log.request(line);
    },
    trouble(what, error, trouble) {
      metrics.trouble(trouble.level);
      log.trouble(what, error, trouble);
    },
  };
}
