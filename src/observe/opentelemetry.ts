/**
 * Spans, through OpenTelemetry's API alone: who wants them loads an SDK before the gateway (`docs/operate.md`). Without one
 * nothing is traced. Names follow OpenTelemetry's conventions for GraphQL servers and HTTP clients.
 */
import {
  context,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { UpstreamError } from '../errors.ts';
import type { RequestLine } from './log.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

const NAME = 'flag-events-gateway';

/** `undefined` if no SDK is loaded. */
export function createTracing({ sendTraceparent }: TracingOptions): Tracing | undefined {
  const tracer = loadedTracer();
  if (tracer === undefined) return undefined;
  return {
    request(headers) {
      const caller = propagation.extract(ROOT_CONTEXT, headers, fromHeaders);
      // Its name is known once its document is parsed.
      const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, caller);
      const own = trace.setSpan(caller, span);
      return {
        within: (run) => context.with(own, run),
        end: (line) => endRequest(span, line),
      };
    },
    page({ key, source }, read) {
      const attributes = { 'flag_events.feed': key, 'flag_events.source': source };
      return tracer.startActiveSpan('read page', { attributes }, async (span) => {
        try {
          const page = await read();
          span.setAttributes({ 'flag_events.rows': page.rows.length, 'flag_events.skipped': page.skipped });
          return page;
        } catch (error) {
          fail(span, error instanceof UpstreamError ? error.code : error instanceof Error ? error.name : 'unknown');
          throw error;
        } finally {
          span.end();
        }
      });
    },
    call({ host, method, part, path, source }) {
      const attributes = {
        'http.request.method': method,
        'server.address': host,
        'url.path': path,
        'flag_events.source': source,
        'flag_events.part': part,
      };
      const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes });
      return {
        headers: sendTraceparent ? { traceparent: toTraceparent(span) } : {},
        end({ outcome, status }) {
          if (status !== null) span.setAttribute('http.response.status_code', status);
          if (outcome !== 'ok') fail(span, outcome);
          span.end();
        },
      };
    },
  };
}

function loadedTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer(NAME) : provider.getTracer(NAME);
}

const fromHeaders = {
  get: (headers: Pick<Headers, 'get'>, name: string) => headers.get(name) ?? undefined,
  keys: () => [],
};

/** Codes that are no fault of the client. */
const FAULT = /^(INTERNAL_SERVER_ERROR|UNKNOWN|UPSTREAM_.+|AUTHENTICATION_UNAVAILABLE)$/;

function endRequest(
  span: Span,
  { aborted, codes, operation, partial, requestId, status, upstreamCalls }: RequestLine,
): void {
  if (operation) {
    span.updateName(operation.type);
    span.setAttribute('graphql.operation.type', operation.type);
    if (operation.name !== null) span.setAttribute('graphql.operation.name', operation.name);
  }
  if (status !== null) span.setAttribute('http.response.status_code', status);
  if (upstreamCalls !== null) span.setAttribute('flag_events.upstream_calls', upstreamCalls);
  span.setAttributes({
    'flag_events.request_id': requestId,
    'flag_events.partial': partial,
    'flag_events.aborted': aborted,
  });
  const [first] = codes;
  const fault = codes.find((code) => FAULT.test(code));
  if (fault !== undefined || (status ?? 0) >= 500) fail(span, fault ?? String(status));
  else if (first !== undefined) span.setAttribute('error.type', first);
  span.end();
}

/** Never with a message: it may quote what nobody else should read. */
function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
function toTraceparent(span: Span): string {
  const { spanId, traceFlags, traceId } = span.spanContext();
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}
