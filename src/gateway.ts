/** The composition root: sources, schema and plugins become a Yoga server. It never listens; `main.ts` does. */
import type { RequestListener } from 'node:http';
import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { createYoga } from 'graphql-yoga';
import { createAnswers } from './edge/answers.ts';
import type { TrustedDocuments, TrustedDocumentsMode } from './edge/document-list.ts';
import { useEventStream } from './edge/event-stream.ts';
import { createFastPath } from './edge/fast-path.ts';
import type { ReadableHeaders } from './edge/headers.ts';
import { createHooks, type HooksOptions } from './edge/hooks.ts';
import { useSafeIncrementalDelivery } from './edge/incremental-delivery.ts';
import { createListener } from './edge/listener.ts';
import { createMaskError } from './edge/mask-error.ts';
import { createOperations, type Execute } from './edge/operations.ts';
import { usePartialMark } from './edge/partial-mark.ts';
import type { ServerContext } from './edge/progress.ts';
import { admissionFor, PRIVATE_FACE, type PublicFace, publicFaceSettings, usePublicFace } from './edge/public-face.ts';
import { createSharedStreams } from './edge/shared-streams.ts';
import { carriesSecret, useSubgraphAccess } from './edge/subgraph-access.ts';
import { useTrustedDocuments } from './edge/trusted-documents.ts';
import { createWebSockets, type WebSockets } from './edge/web-socket.ts';
import { usePlans } from './graph/execution/executor.ts';
import { createSchema } from './graph/schema.ts';
import type { GraphVendor } from './graph/vendor.ts';
import type { History } from './history/history.ts';
import { rememberingPart } from './history/remembering-feed.ts';
import { type Log, silentLog } from './observe/log.ts';
import { type Metrics, noMetrics } from './observe/metrics.ts';
import { observedPart } from './observe/observed-part.ts';
import type { Tracing } from './observe/tracing.ts';
import { useBatches } from './request/batches.ts';
import type { Caller } from './request/caller.ts';
import { createContext, type GatewayContext } from './request/context.ts';
import { useFinish } from './request/finish.ts';
import type { Live } from './request/live.ts';
import type { FederationSettings } from './settings/config.ts';
import type { Source } from './sources/source.ts';
import type { CreateLimiter } from './store/limiter.ts';
import type { Part } from './timeline/feed.ts';
import { createScope } from './timeline/scope.ts';

export interface GatewayOptions {
  definitions: readonly GraphVendor[];
  sources: readonly Source[];
  requestTimeoutMs: number;
  /** How long an upstream page, and an answer made of such pages, may be given again. @default 0, not at all */
  pageCacheMs?: number;
  /** Where settled events are remembered. @default nowhere */
  history?: History | undefined;
  /** How many upstream calls one request may make, retries included. @default 500 */
  upstreamCallsPerRequest?: number;
  /** What subscriptions follow. @default nothing */
  live?: Live | undefined;
  /** How often a subscription sends something where nothing happens, in milliseconds. @default 12_000 */
  heartbeatMs?: number | undefined;
  /** After so long a connection for operations is ended that has none, in milliseconds. @default 60_000 */
  idleMs?: number | undefined;
  /** Told by a vendor's webhook that there may be something new. @default nobody is told */
  nudge?: HooksOptions['nudge'];
  /** @default no secret, and `node` not in the supergraph */
  federation?: FederationSettings | undefined;
  /** Authentication and limits. @default everybody on this machine is accepted */
  face?: PublicFace;
  /** Where callers' requests are counted. @default this process */
  createLimiter?: CreateLimiter | undefined;
  /** What `/ready` says. @default always */
  isReady?: () => boolean;
  /** @default nothing is written */
  log?: Log;
  /** What is counted of pages; requests are counted by the log. @default nothing */
  metrics?: Metrics;
  /** @default nothing is traced */
  tracing?: Tracing | undefined;
  /** Whether requests may, or must, send the hash of one of `documents`. @default 'off' */
  trustedDocuments?: TrustedDocumentsMode;
  documents?: TrustedDocuments;
  /** @default Date.now */
  now?: () => number;
}

/** The listener of an HTTP server. */
export interface Gateway extends RequestListener {
  /** Answers without a server, as for a client on this machine. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** The listener of an HTTP server's `upgrade`. */
  upgrade: WebSockets['upgrade'];
  /** Ends connections for many operations once they have none, and all of them after `graceMs`. */
  goAway(options: { graceMs: number }): void;
  dispose(): Promise<void>;
}

export function createGateway({
  createLimiter,
  definitions,
  documents = new Map(),
  face = PRIVATE_FACE,
  federation = { nodeField: 'omitted' },
  heartbeatMs = 12_000,
  history,
  idleMs = 60_000,
  isReady = () => true,
  live,
  log = silentLog,
  metrics = noMetrics,
  now,
  nudge = () => {},
  pageCacheMs = 0,
  requestTimeoutMs,
  sources: connected,
  tracing,
  trustedDocuments: mode = 'off',
  upstreamCallsPerRequest = 500,
}: GatewayOptions): Gateway {
  const remembered = history
    ? connected.map((source) => withParts(source, (part) => rememberingPart(part, history)))
    : connected;
  const isObserved = metrics !== noMetrics || tracing !== undefined;
  const sources = isObserved
    ? remembered.map((source) => withParts(source, (part) => observedPart(part, { metrics, tracing })))
    : remembered;
  const maskError = createMaskError(log);
  const { secret } = federation;
  const isSupergraph = (headers: ReadableHeaders) => secret !== undefined && carriesSecret(headers, secret);
  const admit = admissionFor(face, log, createLimiter);
  const run = createOperations({ admit, execute: (...asked) => execute(...asked), maskError, log, tracing });
  const sharedStreams = createSharedStreams({ admit, run, heartbeatMs, idleMs });
  const hasRules = (face.access ?? []).length > 0;
  const yoga = createYoga<ServerContext, GatewayContext>({
    schema: createSchema(definitions, federation),
    context: ({ caller: admitted, request }) => {
      const caller = hasRules ? withScope(admitted) : admitted;
      const resumeAt = request.headers.get('last-event-id');
      const own = { caller, resumeAt };
      return createContext({ ...own, live, now, requestTimeoutMs, sources, upstreamCallsPerRequest }, request);
    },
    plugins: [
      ...usePublicFace({ face, admit, isReady, log, tracing }),
      sharedStreams.plugin,
      useTrustedDocuments({ mode, documents, isExempt: ({ headers }) => isSupergraph(headers) }),
      useSubgraphAccess({ secret, introspection: face.introspection }),
      useFinish(),
      useBatches({ toError: (error) => maskError(error, 'Unexpected error.') }),
      usePartialMark(),
      useDeferStream(),
      ...useSafeIncrementalDelivery(maskError),
      usePlans(),
      useEventStream({ heartbeatMs }),
    ],
    maskedErrors: { maskError },
    ...publicFaceSettings(face),
  });
  const { corsOrigins, isPrivate } = face;
  const hooks = createHooks({ sources, nudge, log, onAnswer: metrics.hook });
  const answers = createAnswers({ maxAgeMs: pageCacheMs });
  const execute: Execute = yoga.getResultForParams;
  const sockets = createWebSockets({ admit, run, corsOrigins, isPrivate, log, heartbeatMs, idleMs });
  const fastPath = createFastPath({ admit, answers, execute, isSupergraph, corsOrigins, log, tracing });
  const answer = yoga.handleNodeRequestAndResponse;
  return Object.assign(createListener({ fastPath, answer, hooks, isPrivate, log }), {
    upgrade: sockets.upgrade,
    goAway(options: { graceMs: number }) {
      sockets.goAway(options);
      sharedStreams.goAway();
    },
    fetch: async (url: string, init?: RequestInit) => yoga.fetch(new Request(url, init)),
    dispose: async () => yoga.dispose(),
  });
}

function withParts(source: Source, change: (part: Part) => Part): Source {
  return { ...source, parts: source.parts.map(change) };
}

/** Where there are rules, whoever came in past them sees nothing. */
function withScope(caller: Caller | null | undefined): Caller {
  const { name = 'nobody', scope = createScope([]), ...rest } = caller ?? {};
  return { ...rest, name, scope };
}
