/** Typed failures. A failure names its source and never its secrets: no URL, header or upstream body is in a message. */

export type UpstreamErrorCode =
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_RATE_LIMITED'
  | 'UPSTREAM_REJECTED'
  | 'UPSTREAM_CALLS_SPENT';

export interface UpstreamErrorOptions {
  /** The HTTP status, where there was an answer. */
  status?: number;
  /** Rounded up to whole seconds. */
  retryAfterSeconds?: number;
  /** The answer was larger than the gateway reads: asking for less may help. @default false */
  isTooLarge?: boolean;
  /** For the log only. */
  cause?: unknown;
}

/** A vendor's API did not give what was asked. `message` is safe to show to a client. */
export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly isTooLarge: boolean;

  constructor(code: UpstreamErrorCode, message: string, options: UpstreamErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'UpstreamError';
    this.code = code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds === undefined ? undefined : Math.ceil(options.retryAfterSeconds);
    this.isTooLarge = options.isTooLarge ?? false;
  }
}

/** Whether an upstream says that there is no such thing. */
export function isAbsent(error: unknown): boolean {
  return error instanceof UpstreamError && error.status === 404;
}

/** Whether an upstream does not have it, or not for this token. */
export function isRefusal(error: unknown): boolean {
  return isAbsent(error) || (error instanceof UpstreamError && error.status === 403);
}

/** Why a budget's signal is aborted when its deadline has passed. */
export class DeadlineError extends Error {
  constructor() {
    super('The deadline of the request has passed.');
    this.name = 'TimeoutError';
  }
}

/** Why a budget's signal is aborted when nobody waits for the answer any more. */
export class CallerGoneError extends Error {
  constructor() {
    super('The caller has gone.');
    this.name = 'AbortError';
  }
}

/** The client asked for something that cannot be answered; `argument` says which part of the request is at fault. */
export class BadInputError extends Error {
  readonly argument: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(argument: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'BadInputError';
    this.argument = argument;
    this.details = details;
  }
}

/** The caller may not ask this; `argument` says which part of the request, if it is one. */
export class ForbiddenError extends Error {
  readonly argument: string | undefined;

  constructor(message: string, argument?: string) {
    super(message);
    this.name = 'ForbiddenError';
    this.argument = argument;
  }
}

/** A failure as the log has it: which feed, what kind, and why, in words that can hold no secret. */
export interface FeedFailure {
  feed: string;
  code: UpstreamErrorCode;
  /** `status 504`, or the code of the network's or the system's error, such as `ENOTFOUND`; `null` if there is neither. */
  cause: string | null;
}

export function toFeedFailure(feed: string, error: unknown): FeedFailure {
  return { feed, code: toFailure(error, feed).code, cause: causeOf(error) };
}

function causeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { cause, code, status } = error as Error & { code?: unknown; status?: unknown };
  if (typeof status === 'number') return `status ${status}`;
  const isOwn = error instanceof UpstreamError;
  if (!isOwn && typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,60}$/.test(code)) return code;
  return causeOf(cause);
}

/** What was thrown, as the `Error` that a batch function puts in the place of a value. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** What a failure looks like as data. Anything that is not ours is only ever "unavailable". */
export interface Failure {
  code: UpstreamErrorCode;
  message: string;
  retryAfterSeconds: number | null;
}

export function toFailure(error: unknown, sourceName: string): Failure {
  if (error instanceof UpstreamError) {
    return { code: error.code, message: error.message, retryAfterSeconds: error.retryAfterSeconds ?? null };
  }
  if (error instanceof DeadlineError) {
    return { code: 'UPSTREAM_TIMEOUT', message: `${sourceName} did not answer in time.`, retryAfterSeconds: null };
  }
  return { code: 'UPSTREAM_UNAVAILABLE', message: `${sourceName} could not be read.`, retryAfterSeconds: null };
}
