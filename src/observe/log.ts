/**
 * What the gateway writes down: JSON lines. Secrets are kept out by construction: only what is declared here can be
 * written, and of an error neither its message nor its properties, which may quote a header or an upstream's body.
 */
import { type DestinationStream, pino, stdTimeFunctions } from 'pino';
import type { FeedFailure } from '../errors.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One GraphQL request, or one webhook, written once its answer is sent or its client is gone. */
export interface RequestLine {
  requestId: string;
  operation: { type: string; name: string | null } | null;
  /** The source whose webhook it was. */
  webhook?: string;
  /** `null` if the client was gone before there was an answer. */
  status: number | null;
  durationMs: number;
  /** How many HTTP requests it took upstream; `null` if it was refused before that. */
  upstreamCalls: number | null;
  partial: boolean;
  /** The feeds that failed. */
  failures: readonly FeedFailure[];
  /** The codes of its errors, each once. */
  codes: readonly string[];
  /** The client has gone before the end of the answer. */
  aborted: boolean;
}

export interface Trouble {
  level: 'warn' | 'error' | 'fatal';
  requestId?: string | undefined;
  /** Key of the feed that it is about. */
  feed?: string | undefined;
  /** How many of its kind there were so far. */
  count?: number;
}

export interface Log {
  request(line: RequestLine): void;
  /** Something that should not have happened. `what` is a fixed text. */
  trouble(what: string, error: unknown, trouble: Trouble): void;
}

export interface LogOptions {
  level: LogLevel;
  /** @default the standard output */
  destination?: DestinationStream;
}

export function createLog({ destination, level }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // In its place among what the process prints otherwise, and not lost when it ends.
  const logger = pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
  return {
    request: (line) => logger.info(line, 'request'),
    trouble: (what, error, { level: severity, ...more }) => logger[severity]({ ...more, error: describe(error) }, what),
  };
}

export const silentLog: Log = { request: () => {}, trouble: () => {} };

const MAX_CAUSES = 5;

interface ErrorLine {
  type: string;
  code?: string;
  /** Where it happened, innermost first. */
  at: string[];
  cause?: ErrorLine;
}

function describe(error: unknown, depth = 0): ErrorLine {
  if (!(error instanceof Error)) return { type: typeof error, at: [] };
  const { cause, code } = error as Error & { code?: unknown };
  return {
    type: /^\w{1,60}$/.test(error.name) ? error.name : 'Error',
    ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,60}$/.test(code) && { code }),
    at: framesOf(error),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: describe(cause, depth + 1) }),
  };
}

/** A stack begins with the message, and that may have lines which look like frames. */
function framesOf({ message, stack = '' }: Error): string[] {
  const end = message === '' ? 0 : stack.indexOf(message) + message.length;
  return stack
    .slice(end)
    .split('\n')
    .filter((line) => /^ {4}at .*(:\d+:\d+\)?|\(native\)|<anonymous>\)?|index \d+\))$/.test(line))
    .map((line) => line.trim());
}
