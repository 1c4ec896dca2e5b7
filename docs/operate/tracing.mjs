// Loaded before the gateway: see "Traces" in docs/operate.md. OpenTelemetry's own variables say where spans go and which are
// kept: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and others.
import { NodeSDK } from '@opentelemetry/sdk-node';

// Metrics are served with METRICS_PORT, and the log is the standard output.
process.env.OTEL_METRICS_EXPORTER ??= 'none';
process.env.OTEL_LOGS_EXPORTER ??= 'none';
process.env.OTEL_SERVICE_NAME ??= 'flag-events-gateway';

const sdk = new NodeSDK();
sdk.start();
// Spans are sent in batches: the last one goes out when the gateway has shut down.
process.once('beforeExit', () => sdk.shutdown());
