/** Typed failures. A failure names its source and never its secrets: no URL, header or upstream body is in a message. */
import { GraphQLError } from 'graphql';

export type UpstreamErrorCode =
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_RATE_LIMITED'
  | 'UPSTREAM_REJECTED';

export interface UpstreamErrorOptions {
  /** The HTTP status, where there was an answer. */
  status?: number;
  /** Rounded up to whole seconds. */
  retryAfterSeconds?: number;
  /** For the log only. */
  cause?: unknown;
}

/** A vendor's API did not give what was asked. `message` is safe to show to a client. */
export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: UpstreamErrorCode, message: string, options: UpstreamErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'UpstreamError';
    this.code = code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds === undefined ? undefined : Math.ceil(options.retryAfterSeconds);
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
  return { code: 'UPSTREAM_UNAVAILABLE', message: `${sourceName} could not be read.`, retryAfterSeconds: null };
}

/**
 * The one translation into GraphQL's errors. `undefined`: nothing of ours, so it must be masked.
 * `error` is what a resolver threw, as graphql wraps it.
 */
export function toGraphQLError(error: unknown): GraphQLError | undefined {
  const original = error instanceof GraphQLError ? error.originalError : error;
  const extensions = extensionsOf(original);
  if (!(original instanceof Error) || extensions === undefined) return undefined;
  const { nodes, path } = error instanceof GraphQLError ? error : {};
  return new GraphQLError(original.message, { nodes: nodes ?? null, path: path ?? null, extensions });
}

function extensionsOf(error: unknown): Record<string, unknown> | undefined {
  if (error instanceof BadInputError) return { code: 'BAD_USER_INPUT', argument: error.argument, ...error.details };
  if (!(error instanceof UpstreamError)) return undefined;
  const { code, retryAfterSeconds } = error;
  return { code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}
