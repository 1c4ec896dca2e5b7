/** The composition root: sources, schema and plugins become a Yoga server. It never listens; `main.ts` does. */
import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { FederationSettings } from './config.ts';
import { createContext, type GatewayContext } from './context.ts';
import { createSchema } from './graph/schema.ts';
import { createGraphiQLPage, graphiqlOptions } from './graphiql.ts';
import { type Log, silentLog } from './log.ts';
import { useSafeIncrementalDelivery } from './plugins/incremental-delivery.ts';
import { createMaskError } from './plugins/mask-error.ts';
import { usePartialMark } from './plugins/partial-mark.ts';
import { PRIVATE_FACE, type PublicFace, publicFaceSettings, usePublicFace } from './plugins/public-face.ts';
import { useSchemaReference } from './plugins/schema-reference.ts';
import { shows, useSubgraphAccess } from './plugins/subgraph-access.ts';
import { useTrustedDocuments } from './plugins/trusted-documents.ts';
import type { Source, SourceDefinition } from './sources/source.ts';
import type { TrustedDocuments, TrustedDocumentsMode } from './trusted-documents.ts';

export interface GatewayOptions {
  definitions: readonly SourceDefinition[];
  sources: readonly Source[];
  requestTimeoutMs: number;
  /** @default no secret, and `node` not in the supergraph */
  federation?: FederationSettings | undefined;
  /** Who may ask, and how. @default everybody on this machine */
  face?: PublicFace;
  /** What `/ready` says. @default always */
  isReady?: () => boolean;
  /** @default nothing is written */
  log?: Log;
  /** Whether requests may, or have to, name one of `documents` by its hash. @default 'off' */
  trustedDocuments?: TrustedDocumentsMode;
  documents?: TrustedDocuments;
  /** @default Date.now */
  now?: () => number;
}

export type Gateway = YogaServerInstance<object, GatewayContext>;

export function createGateway({
  definitions,
  documents = new Map(),
  face = PRIVATE_FACE,
  federation = { nodeField: 'omitted' },
  isReady = () => true,
  log = silentLog,
  now,
  requestTimeoutMs,
  sources,
  trustedDocuments: mode = 'off',
}: GatewayOptions): Gateway {
  const maskError = createMaskError(log);
  const { secret } = federation;
  const isSupergraph = ({ headers }: Request) => secret !== undefined && shows(headers, secret);
  return createYoga<object, GatewayContext>({
    schema: createSchema(definitions, federation),
    context: ({ request }) => createContext({ now, requestTimeoutMs, sources }, request),
    plugins: [
      ...usePublicFace({ face, isReady, log }),
      ...(face.introspection ? [useSchemaReference()] : []),
      useTrustedDocuments({ mode, documents, isExempt: isSupergraph }),
      useSubgraphAccess(federation.secret),
      usePartialMark(),
      useDeferStream(),
      ...useSafeIncrementalDelivery(maskError),
    ],
    maskedErrors: { maskError },
    renderGraphiQL: createGraphiQLPage({ hasReference: face.introspection }),
    graphiql: face.graphiql && graphiqlOptions,
    ...publicFaceSettings(face),
  });
}
