/** What the process itself says, read when somebody looks. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

export interface Runtime {
  /** Since the last time. */
  delay: { p50: number; p99: number; max: number };
  /** The share of the time in which the event loop was busy, since the last time. */
  utilization: number;
  /** Bytes in use, by V8's name of the heap's part. */
  heap: Readonly<Record<string, number>>;
  /** How far V8 lets the heap grow. */
  heapLimit: number;
  /** Resident memory, in bytes. */
  memory: number;
  cpuSeconds: { user: number; system: number };
  uptimeSeconds: number;
}

const NANOSECONDS = 1e-9;
const MICROSECONDS = 1e-6;
const RESOLUTION_MS = 10;

export interface RuntimeReader extends Disposable {
  read(): Runtime;
}

/** Measures the event loop from now on. */
export function createRuntimeReader(): RuntimeReader {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let last = performance.eventLoopUtilization();
  // A delay is measured as the whole time between two beats of a timer.
  const seconds = (nanoseconds: number) => Math.max(0, (nanoseconds || 0) * NANOSECONDS - RESOLUTION_MS / 1000);
  return {
    read() {
      const delay = {
        p50: seconds(delays.percentile(50)),
        p99: seconds(delays.percentile(99)),
        max: seconds(delays.max),
      };
      delays.reset();
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      const { system, user } = process.cpuUsage();
      return {
        delay,
        utilization,
        heap: Object.fromEntries(getHeapSpaceStatistics().map((each) => [each.space_name, each.space_used_size])),
        heapLimit: getHeapStatistics().heap_size_limit,
        memory: process.memoryUsage.rss(),
        cpuSeconds: { user: user * MICROSECONDS, system: system * MICROSECONDS },
        uptimeSeconds: process.uptime(),
      };
    },
    [Symbol.dispose]: () => void delays.disable(),
  };
}
