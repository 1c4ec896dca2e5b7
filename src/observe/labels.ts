/** The values that labels may have. Whatever else is counted is `other`, so that no request can make a new time series. */

const OTHER = 'other';

const OPERATION_TYPES = new Set(['query', 'mutation', 'subscription']);

/** Of answers, here and there. */
const STATUSES = new Set(
  [200, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 422, 429, 431, 500, 501, 502, 503, 504].map(String),
);

/** Of errors in answers. */
const CODES = new Set([
  'ANSWER_TOO_LARGE',
  'AUTHENTICATION_UNAVAILABLE',
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'CONFLICT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTERNAL_SERVER_ERROR',
  'NOT_ACCEPTABLE',
  'NOT_FOUND',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_IN_LIST',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_ONLY',
  'QUERY_TOO_COMPLEX',
  'QUERY_TOO_DEEP',
  'RATE_LIMITED',
  'REQUEST_ABORTED',
  'REQUEST_ENTITY_TOO_LARGE',
  'SUBSCRIPTION_ENDED',
  'TOO_MANY_ALIASES',
  'TOO_MANY_DIRECTIVES',
  'TOO_MANY_OPERATIONS',
  'TOO_MANY_STREAMS',
  'TOO_MANY_TOKENS',
  'UNAUTHENTICATED',
  'UNKNOWN',
  'UNSUPPORTED_MEDIA_TYPE',
  'UPSTREAM_CALLS_SPENT',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_REJECTED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
]);

/** `other` without an operation, for example where its document could not be parsed. */
export function operationLabel(operation: { type: string } | null): string {
  return oneOf(OPERATION_TYPES, operation?.type);
}

/** `none` without an answer. */
export function statusLabel(status: number | null): string {
  return status === null ? 'none' : oneOf(STATUSES, String(status));
}

export function codeLabel(code: string): string {
  return oneOf(CODES, code);
}

/** One of `known`, or `other`. */
export function oneOf(known: ReadonlySet<string>, value: string | undefined): string {
  return value !== undefined && known.has(value) ? value : OTHER;
}
