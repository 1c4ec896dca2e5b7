/**
 * Everything that is counted, as Prometheus reads it. Loaded only with `METRICS_PORT`. Names and units are OpenTelemetry's
 * where it has some. Labels have values of the configuration and of `labels.ts`, never of a client's text.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { UpstreamErrorCode } from '../errors.ts';
import { CALL_OUTCOMES } from '../http/exchange.ts';
import { codeLabel, oneOf, operationLabel, statusLabel } from './labels.ts';
import { type GatewayState, HOOK_OUTCOMES, type Metrics } from './metrics.ts';
import { createRuntimeReader } from './runtime.ts';

export interface Prometheus extends Metrics, Disposable {
  readonly contentType: string;
  /** The state to read with every scrape. @default none */
  watch(state: GatewayState): void;
  /** All of it as text. */
  print(): Promise<string>;
  /** What there is, for the documentation. */
  describe(): { name: string; type: string; labels: readonly string[]; help: string }[];
}

export interface PrometheusOptions {
  /** Ids of the configured sources. */
  sources: readonly string[];
}

const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OUTCOMES: ReadonlySet<string> = new Set(CALL_OUTCOMES);
const HOOKS: ReadonlySet<string> = new Set(HOOK_OUTCOMES);
/** What a feed may fail with. */
const FAILURES: readonly UpstreamErrorCode[] = [
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_REJECTED',
  'UPSTREAM_CALLS_SPENT',
];

export function createPrometheus({ sources: ids }: PrometheusOptions): Prometheus {
  const registry = new Registry();
  const registers = [registry];
  const known: ReadonlySet<string> = new Set(ids);
  const runtime = createRuntimeReader();
  let state: GatewayState | undefined;

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers });
  const durations = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Histogram<L>({ name, help, labelNames: [...labelNames], buckets: DURATIONS, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], registers });
  const sourceOf = (source: string) => oneOf(known, source);

  const requests = durations(
    'http_server_request_duration_seconds',
    'Duration of GraphQL requests, by status of the response; for a subscription, how long it was open. `none`: no HTTP ' +
      'response, because the client disconnected before it or the operation came over a WebSocket.',
    ['graphql_operation_type', 'http_response_status_code'],
  );
  const inProgress = gauge('http_server_active_requests', 'HTTP requests in progress, open subscriptions included.');
  const errors = counter(
    'flag_events_request_errors_total',
    'GraphQL requests with an error of this code in the response.',
    ['code'],
  );
  const partial = counter(
    'flag_events_partial_responses_total',
    'Responses that lack the data of a source that failed.',
  );
  const aborted = counter('flag_events_aborted_requests_total', 'Requests whose client disconnected before the end.', [
    'graphql_operation_type',
  ]);
  const failures = counter(
    'flag_events_feed_failures_total',
    'Feeds that a request could not read, at most 20 for each request.',
    ['source', 'code'],
  );
  const troubles = counter(
    'flag_events_log_problems_total',
    'Lines of the log at level `warn`, `error` or `fatal`: unexpected errors, and live feeds that begin to fail.',
    ['level'],
  );

  const calls = durations(
    'http_client_request_duration_seconds',
    'Duration of HTTP requests to a vendor, retries included, by outcome and status of the response.',
    ['source', 'outcome', 'http_response_status_code'],
  );
  const active = gauge('http_client_active_requests', 'HTTP requests to a vendor in progress.', ['source']);
  const waiting = gauge(
    'flag_events_upstream_waiting_calls',
    'Upstream calls that wait for a connection, or for the end of a rate limit.',
    ['source'],
  );
  const retries = counter('flag_events_upstream_retries_total', 'Upstream calls that were tried again.', ['source']);
  const healthy = gauge('flag_events_source_healthy', '0 while no part of the source answers, otherwise 1.', [
    'source',
  ]);
  const broken = gauge(
    'flag_events_circuit_breaker_open_parts',
    'Parts of the source that the circuit breaker does not call, or is testing.',
    ['source'],
  );
  const remaining = gauge(
    'flag_events_rate_limit_remaining',
    'Calls that the vendor still allows, as its latest response said. No series if the vendor does not say.',
    ['source'],
  );
  const limit = gauge('flag_events_rate_limit_limit', 'Calls that the vendor allows in one window.', ['source']);

  const historyReads = counter(
    'flag_events_history_reads_total',
    'Pages of settled events, by whether they were remembered (`hit`) or had to be asked for (`miss`).',
    ['source', 'result'],
  );
  const historyBytes = gauge('flag_events_history_size_bytes', 'Memory in use for remembered history.');
  const historyLimit = gauge('flag_events_history_limit_bytes', 'Memory that remembered history may use.');

  const subscribers = gauge('flag_events_subscribers', 'Open subscriptions.');
  const lag = gauge(
    'flag_events_poll_lag_seconds',
    'Time since the latest successful poll of a feed began, for feeds with subscribers. The label is the key of the feed.',
    ['feed'],
  );
  const late = counter(
    'flag_events_late_events_total',
    'Events that became readable after newer ones, as far as subscriptions saw them.',
    ['source'],
  );
  const skipped = counter(
    'flag_events_skipped_events_total',
    'Events that could not be read, counted each time that a page or a poll meets them.',
    ['source'],
  );
  const hooks = counter('flag_events_webhooks_total', 'Webhook requests, by outcome.', ['source', 'outcome']);
  const lastHook = gauge(
    'flag_events_webhook_last_accepted_timestamp_seconds',
    'Time of the latest accepted webhook request, in Unix seconds. No series before the first one.',
    ['source'],
  );

  const delayP50 = gauge('nodejs_eventloop_delay_p50_seconds', 'Median delay of the event loop since the last scrape.');
  const delayP99 = gauge('nodejs_eventloop_delay_p99_seconds', '99th percentile of it.');
  const delayMax = gauge(
    'nodejs_eventloop_delay_max_seconds',
    'Largest delay of the event loop since the last scrape.',
  );
  const utilization = gauge(
    'nodejs_eventloop_utilization_ratio',
    'Share of the time in which the event loop was busy since the last scrape, 0 to 1.',
  );
  const heap = gauge('v8js_memory_heap_used_bytes', 'Heap in use, by part of V8’s heap.', ['v8js_heap_space_name']);
  const heapLimit = gauge('flag_events_heap_limit_bytes', 'Size up to which V8 lets the heap grow.');
  const memory = gauge('process_memory_usage_bytes', 'Resident memory of the process.');
  const uptime = gauge('process_uptime_seconds', 'Time since the start of the process.');
  const cpu = counter('process_cpu_time_seconds_total', 'CPU time of the process.', ['cpu_mode']);

  // A rate needs a first value to begin from.
  for (const source of ids) {
    for (const each of [retries, late, skipped]) each.inc({ source }, 0);
    for (const code of FAILURES) failures.inc({ source, code }, 0);
    for (const result of ['hit', 'miss']) historyReads.inc({ source, result }, 0);
    for (const outcome of HOOK_OUTCOMES) hooks.inc({ source, outcome }, 0);
  }
  for (const level of ['warn', 'error', 'fatal']) troubles.inc({ level }, 0);

  function readState({ history, inProgress: readInProgress, live, sources }: GatewayState, now: number): void {
    inProgress.set(readInProgress());
    for (const source of sources) {
      const label = { source: sourceOf(source.id) };
      const traffic = source.traffic();
      active.set(label, traffic.active);
      waiting.set(label, traffic.waiting);
      broken.set(label, traffic.brokenParts);
      healthy.set(label, source.isHealthy() ? 1 : 0);
      const said = source.rateLimit();
      // Once its window is over, a limit is whole again.
      const isOver = said?.resetsAt != null && said.resetsAt <= now;
      const left = isOver ? said.limit : said?.remaining;
      if (left != null) remaining.set(label, left);
      else remaining.remove(label);
      if (said?.limit != null) limit.set(label, said.limit);
    }
    historyBytes.set(history?.bytes() ?? 0);
    historyLimit.set(history?.maxBytes ?? 0);
    subscribers.set(live.subscribers);
    lag.reset();
    for (const [feed, readAt] of oldest(live.lags())) lag.set({ feed }, Math.max(0, now - readAt) / 1000);
  }

  function readRuntime(): void {
    const read = runtime.read();
    delayP50.set(read.delay.p50);
    delayP99.set(read.delay.p99);
    delayMax.set(read.delay.max);
    utilization.set(read.utilization);
    for (const [space, bytes] of Object.entries(read.heap)) heap.set({ v8js_heap_space_name: space }, bytes);
    heapLimit.set(read.heapLimit);
    memory.set(read.memory);
    uptime.set(read.uptimeSeconds);
    cpu.reset();
    for (const [mode, seconds] of Object.entries(read.cpuSeconds)) cpu.inc({ cpu_mode: mode }, seconds);
  }

  return {
    request({ aborted: isAborted, codes, durationMs, failures: failed, operation, partial: isPartial, status }) {
      const type = operationLabel(operation);
      const labels = { graphql_operation_type: type, http_response_status_code: statusLabel(status) };
      requests.observe(labels, durationMs / 1000);
      if (isAborted) aborted.inc({ graphql_operation_type: type });
      if (isPartial) partial.inc();
      for (const code of new Set(codes.map(codeLabel))) errors.inc({ code });
      // A feed's key begins with the id of its source, which has no slash.
      for (const { code, feed } of failed) failures.inc({ source: sourceOf(feed.split('/', 1)[0] ?? ''), code });
    },
    trouble: (level) => troubles.inc({ level }),
    call({ durationMs, outcome, source, status }) {
      const http_response_status_code = statusLabel(status);
      const labels = { source: sourceOf(source), outcome: oneOf(OUTCOMES, outcome), http_response_status_code };
      calls.observe(labels, Math.max(0, durationMs) / 1000);
    },
    retry: (source) => retries.inc({ source: sourceOf(source) }),
    historyRead: (source, isHit) => historyReads.inc({ source: sourceOf(source), result: isHit ? 'hit' : 'miss' }),
    late: (source, count) => late.inc({ source: sourceOf(source) }, count),
    skipped: (source, count) => skipped.inc({ source: sourceOf(source) }, count),
    hook(source, outcome) {
      hooks.inc({ source: sourceOf(source), outcome: oneOf(HOOKS, outcome) });
      if (outcome === 'accepted') lastHook.set({ source: sourceOf(source) }, Date.now() / 1000);
    },
    contentType: registry.contentType,
    watch(watched) {
      state = watched;
    },
    print() {
      if (state) readState(state, Date.now());
      readRuntime();
      return registry.metrics();
    },
    describe: () =>
      registry.getMetricsAsArray().map((metric) => {
        const { help, labelNames = [], name } = metric as { name: string; help: string; labelNames?: string[] };
        return { name, help, labels: labelNames, type: typeOf(metric) };
      }),
    [Symbol.dispose]: () => runtime[Symbol.dispose](),
  };
}

/** Several pollers may follow one feed: the one that is furthest behind counts. */
function oldest(lags: readonly { feed: string; readAt: number }[]): Map<string, number> {
  const byFeed = new Map<string, number>();
  for (const { feed, readAt } of lags) byFeed.set(feed, Math.min(readAt, byFeed.get(feed) ?? readAt));
  return byFeed;
}

function typeOf(metric: unknown): string {
  if (metric instanceof Histogram) return 'histogram';
  return metric instanceof Counter ? 'counter' : 'gauge';
}
