/** The one translation of the gateway's failures into GraphQL's errors. */
import { GraphQLError } from 'graphql';
import { BadInputError, CallerGoneError, DeadlineError, ForbiddenError, UpstreamError } from '../errors.ts';
import { EndedError } from '../request/live.ts';

/** `error` is what a resolver threw, as graphql wraps it. `undefined`: it is none of ours and must be masked. */
export function toGraphQLError(error: unknown): GraphQLError | undefined {
  const thrown = error instanceof GraphQLError ? error.originalError : error;
  const original = thrown instanceof DeadlineError ? TIMEOUT : thrown;
  const extensions = extensionsOf(original);
  if (!(original instanceof Error) || extensions === undefined) return undefined;
  const { nodes, path } = error instanceof GraphQLError ? error : {};
  return new GraphQLError(original.message, { nodes: nodes ?? null, path: path ?? null, extensions });
}

const TIMEOUT = new UpstreamError('UPSTREAM_TIMEOUT', 'The sources did not answer in time.');

function extensionsOf(error: unknown): Record<string, unknown> | undefined {
  if (error instanceof BadInputError) return { code: 'BAD_USER_INPUT', argument: error.argument, ...error.details };
  if (error instanceof ForbiddenError) {
    return { code: 'FORBIDDEN', ...(error.argument !== undefined && { argument: error.argument }) };
  }
  // Nobody reads it; but it is no fault of the gateway, so it must not be logged as one.
  if (error instanceof EndedError) return { code: 'SUBSCRIPTION_ENDED', reason: error.reason };
  if (error instanceof CallerGoneError) return { code: 'REQUEST_ABORTED' };
  if (!(error instanceof UpstreamError)) return undefined;
  const { code, retryAfterSeconds } = error;
  return { code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}
