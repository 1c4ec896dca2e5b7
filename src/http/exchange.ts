/** One HTTP request and its answer's text, and a report of it. */
import { readText, UnreadableBodyError } from './body.ts';
import type { Clock } from './clock.ts';
import { isDeadline, notItsApi, timedOut, tooLarge, toStatusError, toUpstreamError } from './failure.ts';
import type { Pass } from './gate.ts';
import { createNetwork, type NetworkOptions } from './network.ts';

export interface ExchangeOptions extends NetworkOptions {
  name: string;
  source: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  clock: Pick<Clock, 'now'>;
  onCall: ((report: CallReport) => void) | undefined;
  trace: TraceCall | undefined;
}

export interface OutgoingRequest {
  /** Without the query, for the report. */
  path: string;
  pathAndQuery: string;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  part: string;
  isHeavy?: boolean;
  signal: AbortSignal;
  pass: Pass;
}

/** How an HTTP request has ended. */
export const CALL_OUTCOMES = [
  'ok',
  // Status 429; status 401 or 403; any other but 200.
  'rate_limited',
  'rejected',
  'failed',
  // Status 200, but the body broke off, was too large or could not be decompressed.
  'unreadable',
  'unanswered',
  // The request's deadline has passed; nobody waits for it any more.
  'timed_out',
  'given_up',
] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** One HTTP request, for the log. `path` is without the query. */
export interface CallReport {
  source: string;
  part: string;
  path: string;
  /** `null` without an answer. */
  status: number | null;
  outcome: CallOutcome;
  /** From sending to the end of the body. */
  durationMs: number;
  /** What went wrong, with the code of Node or undici; `undefined` if nothing did. */
  error: unknown;
}

/** Told that an HTTP request is about to be sent. */
export type TraceCall = (call: {
  source: string;
  part: string;
  method: 'GET' | 'POST';
  path: string;
  host: string;
}) => {
  /** Sent with it. */
  headers: Readonly<Record<string, string>>;
  end(report: CallReport): void;
};

export interface Exchange {
  /**
   * Throws `UpstreamError` for everything but a 200. When the signal is aborted nobody waits for what it throws; that is
   * `UPSTREAM_TIMEOUT` if the vendor seems not to answer at all, and otherwise the signal's reason.
   */
  send(request: OutgoingRequest): Promise<string>;
  close(): Promise<void>;
}

/** Whoever waits for a first byte so long, while nothing else of the vendor answers, has met an outage. */
const SILENCE_MS = 5_000;

export function createExchange(options: ExchangeOptions): Exchange {
  const { clock, maxResponseBytes, name, onCall, source, trace, url } = options;
  const network = createNetwork(url, options);
  const common = { accept: 'application/json', 'user-agent': 'flag-events-gateway', ...options.headers };
  const basePath = url.pathname.replace(/\/+$/, '');
  let answeredAt = Number.NEGATIVE_INFINITY;

  async function readBody(response: Parameters<typeof readText>[0]): Promise<string> {
    if (Number(response.headers['content-length']) > maxResponseBytes) {
      response.body.on('error', () => {}).destroy();
      throw tooLarge(name);
    }
    try {
      return await readText(response, maxResponseBytes);
    } catch (error) {
      throw error instanceof UnreadableBodyError ? notItsApi(name, error) : error;
    }
  }

  return {
    async send({ body, headers, isHeavy = false, part, pass, path, pathAndQuery, signal }) {
      const sentAt = clock.now();
      let status: number | null = null;
      let failure: unknown;
      const method = body === undefined ? 'GET' : 'POST';
      const traced = trace?.({ source, part, method, path: basePath + path, host: url.hostname });
      try {
        const all = headers || traced ? { ...common, ...headers, ...traced?.headers } : common;
        const response = await network.request(basePath + pathAndQuery, all, signal, body);
        status = response.statusCode;
        answeredAt = clock.now();
        pass.answer(status, response.headers);
        if (status === 200) return await readBody(response);
        await response.body.dump();
        throw toStatusError(name, status, response.headers, clock.now());
      } catch (error) {
        failure = error;
        if (!signal.aborted) throw toUpstreamError(name, error);
        const isSilent = status === null && clock.now() - sentAt >= SILENCE_MS && answeredAt < sentAt;
        throw isSilent && !isHeavy && isDeadline(signal.reason) ? timedOut(name, error) : signal.reason;
      } finally {
        pass.leave();
        if (onCall || traced) {
          const outcome = outcomeOf(status, failure, signal);
          const report = { source, part, path, status, outcome, durationMs: clock.now() - sentAt, error: failure };
          onCall?.(report);
          traced?.end(report);
        }
      }
    },
    close: network.close,
  };
}

function outcomeOf(status: number | null, failure: unknown, { aborted, reason }: AbortSignal): CallOutcome {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'rejected';
  if (status !== null && status !== 200) return 'failed';
  if (failure === undefined) return 'ok';
  if (aborted) return isDeadline(reason) ? 'timed_out' : 'given_up';
  return status === null ? 'unanswered' : 'unreadable';
}
