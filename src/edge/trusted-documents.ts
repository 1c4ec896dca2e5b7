/** Requests that send the hash of an operation as `extensions.persistedQuery`, the protocol of Apollo's clients. */
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { type TrustedDocuments, type TrustedDocumentsMode, toPlainHash } from './document-list.ts';
import { refuse } from './refusal.ts';

export interface TrustedDocumentsOptions {
  mode: TrustedDocumentsMode;
  documents: TrustedDocuments;
  /** Requests that may send any operation even if `mode` is `only`: those of the supergraph's router. */
  isExempt: (request: Request) => boolean;
}

const NOT_IN_LIST = { code: 'PERSISTED_QUERY_NOT_IN_LIST', message: 'No trusted document has this hash.' };
const NOTHING = { code: 'BAD_REQUEST', message: 'The request holds neither a query nor the hash of one.' };
const ONLY = {
  code: 'PERSISTED_QUERY_ONLY',
  message: 'This gateway runs trusted documents only: send the hash of one, and no query.',
};

export function useTrustedDocuments({ documents, isExempt, mode }: TrustedDocumentsOptions): Plugin<GatewayContext> {
  if (mode === 'off') return {};
  return usePersistedOperations<GatewayContext>({
    allowArbitraryOperations: mode === 'on' ? true : isExempt,
    getPersistedOperation: (hash) => documents.get(toPlainHash(hash)) ?? null,
    customErrors: {
      notFound: () => refuse({ ...NOT_IN_LIST, status: 400, isAboutDocument: true }),
      keyNotFound: () => refuse({ ...NOTHING, status: 400 }),
      persistedQueryOnly: () => refuse({ ...ONLY, status: 400, isAboutDocument: true }),
    },
  }) as Plugin<GatewayContext>;
}
