/** What clients see of a failure: the gateway's own errors with their codes, anything else as "Unexpected error.", logged. */
import { GraphQLError } from 'graphql';
import { type MaskError, maskError } from 'graphql-yoga';
import { toGraphQLError } from '../graph/errors.ts';
import type { Log } from '../observe/log.ts';
import { currentRequestId } from './request-log.ts';

export function createMaskError(log: Log): MaskError {
  // One error may be behind several fields; it is masked for each, and logged once.
  const written = new WeakSet<Error>();
  return (error, message) => {
    const ours = toGraphQLError(error);
    if (ours) return ours;
    // Never with the original error inside, as Yoga does in development: the log has it.
    const shown = maskError(error, message, false);
    if (shown === error) return shown;
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    const isNew = !(original instanceof Error) || !written.has(original);
    if (original instanceof Error) written.add(original);
    if (isNew) log.trouble('unexpected error', original, { level: 'error', requestId: currentRequestId() });
    return shown;
  };
}
