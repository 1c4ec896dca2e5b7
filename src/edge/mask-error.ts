/** What a failure looks like outside: ours with their codes, anything else as "Unexpected error." with a line in the log. */
import { GraphQLError } from 'graphql';
import { type MaskError, maskError } from 'graphql-yoga';
import { toGraphQLError } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { currentRequestId } from './request-log.ts';

export function createMaskError(log: Log): MaskError {
  // An error may be behind several fields, and be masked for each.
  const written = new WeakSet<Error>();
  return (error, message) => {
    const ours = toGraphQLError(error);
    if (ours) return ours;
    // Never as in development, with the original error inside: it is in the log.
    const shown = maskError(error, message, false);
    if (shown === error) return shown;
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    const isNew = !(original instanceof Error) || !written.has(original);
    if (original instanceof Error) written.add(original);
    if (isNew) log.trouble('unexpected error', original, { level: 'error', requestId: currentRequestId() });
    return shown;
  };
}
