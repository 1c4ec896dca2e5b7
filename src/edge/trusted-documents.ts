/** Requests that name an operation by its hash instead of sending its text. */
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../request/context.ts';
import { type TrustedDocuments, type TrustedDocumentsMode, toPlainHash } from './document-list.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface TrustedDocumentsOptions {
  mode: TrustedDocumentsMode;
  documents: TrustedDocuments;
  /** Requests that may send any operation even if `mode` is `only`: those of the supergraph's router. */
  isExempt: (request: Request) => boolean;
}

const ABOUT_DOCUMENT = { status: 400, isAboutDocument: true } satisfies Partial<Refusal>;
/** After these two, the persisted-query links of Apollo's clients and urql send the text. urql knows them by message. */
const NOT_FOUND: Refusal = {
  ...ABOUT_DOCUMENT,
  code: 'PERSISTED_QUERY_NOT_FOUND',
  message: 'PersistedQueryNotFound',
};
const NOT_SUPPORTED: Refusal = {
  ...ABOUT_DOCUMENT,
  code: 'PERSISTED_QUERY_NOT_SUPPORTED',
  message: 'PersistedQueryNotSupported',
};
const NOT_IN_LIST: Refusal = {
  ...ABOUT_DOCUMENT,
  code: 'PERSISTED_QUERY_NOT_IN_LIST',
  message: 'No trusted document has this hash.',
};
const ONLY: Refusal = {
  ...ABOUT_DOCUMENT,
  code: 'PERSISTED_QUERY_ONLY',
  message: 'This gateway runs trusted documents only: send the hash of one, and no query.',
};
const NOTHING: Refusal = {
  code: 'BAD_REQUEST',
  message: 'The request holds neither a query nor the hash of one.',
  status: 400,
};
const UNKNOWN: Readonly<Record<TrustedDocumentsMode, Refusal>> = {
  off: NOT_SUPPORTED,
  on: NOT_FOUND,
  only: NOT_IN_LIST,
};

export function useTrustedDocuments({ documents, isExempt, mode }: TrustedDocumentsOptions): Plugin<GatewayContext> {
  const known: TrustedDocuments = mode === 'off' ? new Map() : documents;
  return {
    onParams({ params, request, setParams }) {
      const hash = hashIn(params);
      if (params.query || (hash === undefined && params.query === '')) {
        if (mode === 'only' && !isExempt(request)) throw refuse(ONLY);
        return;
      }
      if (hash === undefined) throw refuse(NOTHING);
      const query = known.get(toPlainHash(hash));
      if (query === undefined) throw refuse(UNKNOWN[mode]);
      setParams({ ...params, query });
    },
  };
}

/** Where Apollo's clients put it. */
function hashIn({ extensions }: GraphQLParams): string | undefined {
  const { sha256Hash, version } = (extensions?.persistedQuery ?? {}) as Record<string, unknown>;
  return version === 1 && typeof sha256Hash === 'string' ? sha256Hash : undefined;
}
