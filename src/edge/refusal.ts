/** The error that a request gets which is not let through. */
import { GraphQLError } from 'graphql';

export interface Refusal {
  code: string;
  message: string;
  status: number;
  headers?: Readonly<Record<string, string>>;
  extensions?: Readonly<Record<string, unknown>>;
  /**
   * Whether GraphQL over HTTP wants a 200 for clients that know only `application/json`: for what is wrong with the
   * document. Otherwise the status is the same for everybody.
   */
  isAboutDocument?: boolean;
}

export function refuse({ code, extensions, headers, isAboutDocument = false, message, status }: Refusal): GraphQLError {
  const http = { status, ...(headers && { headers }), ...(isAboutDocument && { spec: true }) };
  return new GraphQLError(message, { extensions: { code, ...extensions, http } });
}
