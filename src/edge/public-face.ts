/** Everything between the network and the graph: authentication, CORS, CSRF, rate limit, query limits, pages and health. */
import { type Plugin, useReadinessCheck, type YogaServerOptions } from 'graphql-yoga';
import type { Log } from '../observe/log.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { GatewayContext } from '../request/context.ts';
import type { CreateLimiter } from '../store/limiter.ts';
import { type Admit, createAdmission, useAdmission } from './admission.ts';
import { type AuthenticationOptions, createAuthenticator, isOpen } from './authentication.ts';
import { useClientErrors } from './client-errors.ts';
import { useCompression } from './compression.ts';
import { useCsrfPrevention } from './csrf.ts';
import { createDocumentCaches } from './documents.ts';
import { useAnswerHeaders } from './headers.ts';
import { useLimits } from './limits.ts';
import { useNegotiation } from './negotiation.ts';
import { usePages } from './pages/pages.ts';
import { useParameters } from './parameters.ts';
import { useProgress } from './progress.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { useRequestLog } from './request-log.ts';

export interface PublicFace extends AuthenticationOptions {
  /** Web pages of these origins may call the gateway, besides those of its own origin. */
  corsOrigins: readonly string[];
  graphiql: boolean;
  /** Whether the page that shows what changed is at `/`. It asks by hashes of trusted documents. */
  timeline: boolean;
  /** Whether introspection is answered, and errors suggest names of fields, types and values. */
  introspection: boolean;
  /** For each caller; 0 is no limit. */
  rateLimitPerMinute: number;
  /** The gateway listens on loopback only, and nobody has to authenticate. */
  isPrivate: boolean;
}

/** The defaults on a developer's own machine. */
export const PRIVATE_FACE: PublicFace = {
  apiKeys: [],
  jwt: null,
  corsOrigins: [],
  graphiql: true,
  timeline: true,
  introspection: true,
  rateLimitPerMinute: 0,
  isPrivate: true,
};

export interface PublicFaceOptions {
  face: PublicFace;
  admit: Admit;
  isReady: () => boolean;
  log: Log;
  /** @default nothing is traced */
  tracing?: Tracing | undefined;
}

/** Who may ask, and how often. */
export function admissionFor(face: PublicFace, log: Log, createLimiter?: CreateLimiter): Admit {
  const limiter = createRateLimiter({ perMinute: face.rateLimitPerMinute, createLimiter });
  return createAdmission({ authenticate: createAuthenticator(face), limiter, log });
}

export function usePublicFace({ admit, face, isReady, log, tracing }: PublicFaceOptions): Plugin<GatewayContext>[] {
  return [
    useRequestLog(log, tracing),
    useReadinessCheck({ endpoint: '/ready', check: isReady }) as unknown as Plugin<GatewayContext>,
    usePages(face) as unknown as Plugin<GatewayContext>,
    ...(isOpen(face) ? [useCsrfPrevention(face)] : []),
    useAdmission(admit),
    useNegotiation(),
    useParameters(),
    useProgress(),
    useClientErrors(face),
    ...useLimits(),
    useAnswerHeaders(face) as unknown as Plugin<GatewayContext>,
    useCompression() as unknown as Plugin<GatewayContext>,
  ];
}

/** The options of Yoga itself that belong to it. */
export function publicFaceSettings({ corsOrigins }: PublicFace) {
  return {
    healthCheckEndpoint: '/live',
    landingPage: false,
    batching: false,
    multipart: false,
    // Bodies are read, with a limit, by `useParameters`.
    maxRequestBodySize: false,
    graphiql: false,
    logging: false,
    parserAndValidationCache: createDocumentCaches() as never,
    cors: corsOrigins.length > 0 && allow(corsOrigins),
  } satisfies Partial<YogaServerOptions<object, GatewayContext>>;
}

/** Sends no header to other origins: Yoga would send `null`, which is the origin of every sandboxed frame. */
function allow(origins: readonly string[]) {
  const options = {
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    // Cookies are not used for authentication.
    credentials: false,
    exposedHeaders: ['retry-after', 'x-request-id'],
    maxAge: 600,
  };
  return (request: Request) => (origins.includes(request.headers.get('origin') ?? '') ? options : (false as const));
}
