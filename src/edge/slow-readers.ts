/** Ends connections whose client does not read: an answer that is not read stays in memory until it is. */
import type { ServerResponse } from 'node:http';

export interface ReadingLimits {
  /** Without a byte being read, although some wait. */
  idleMs: number;
  /** From the first byte of an answer to its last, where it has an end. */
  wholeMs: number;
}

export const READING_LIMITS: ReadingLimits = { idleMs: 20_000, wholeMs: 120_000 };

/** Call it once the answer is being sent: what sends a stream sets the socket's timeout itself. */
export function cutOffSlowReader(
  response: ServerResponse,
  { idleMs, wholeMs }: ReadingLimits,
  { isEndless = false } = {},
): void {
  if (response.writableFinished || response.destroyed) return;
  const whole = isEndless ? undefined : setTimeout(() => response.destroy(), wholeMs).unref();
  response.once('close', () => clearTimeout(whole));
  response.setTimeout(idleMs);
  response.on('timeout', () => {
    // Between two parts of an answer there is nothing to read.
    if (response.writableLength > 0) response.destroy();
    else response.setTimeout(idleMs);
  });
}
