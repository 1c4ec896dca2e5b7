/** The error for a request that is refused. */
import { GraphQLError } from 'graphql';

export interface Refusal {
  code: string;
  message: string;
  status: number;
  headers?: Readonly<Record<string, string>>;
  extensions?: Readonly<Record<string, unknown>>;
  /**
   * Whether the error is about the document. For those GraphQL over HTTP requires status 200 if the client accepts only
   * `application/json`. For other errors the status is the same for every client.
   */
  isAboutDocument?: boolean;
}

export function refuse({ code, extensions, headers, isAboutDocument = false, message, status }: Refusal): GraphQLError {
  const http = { status, ...(headers && { headers }), ...(isAboutDocument && { spec: true }) };
  return new GraphQLError(message, { extensions: { code, ...extensions, http } });
}
