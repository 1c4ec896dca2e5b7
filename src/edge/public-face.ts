/** Everything between the network and the graph: who may ask, from where, how often, and how much. */
import { type Plugin, useReadinessCheck, type YogaServerOptions } from 'graphql-yoga';
import type { Log } from '../observe/log.ts';
import type { GatewayContext } from '../request/context.ts';
import { useAdmission } from './admission.ts';
import { type AuthenticationOptions, createAuthenticator } from './authentication.ts';
import { useClientErrors } from './client-errors.ts';
import { useCrossSitePrevention, useLoopbackHost } from './csrf.ts';
import { MAX_BODY_BYTES, useLimits } from './limits.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { useRequestLog } from './request-log.ts';

export interface PublicFace extends AuthenticationOptions {
  /** Web pages of these origins may read answers, besides the gateway's own. */
  corsOrigins: readonly string[];
  graphiql: boolean;
  /** Whether the schema may be asked for, and mistyped fields are answered with the names of others. */
  introspection: boolean;
  /** Of one caller; 0 is no limit. */
  rateLimitPerMinute: number;
  /** It listens on loopback, and nobody has to authenticate. */
  isPrivate: boolean;
}

/** What a developer gets on their own machine. */
export const PRIVATE_FACE: PublicFace = {
  apiKeys: [],
  jwt: null,
  corsOrigins: [],
  graphiql: true,
  introspection: true,
  rateLimitPerMinute: 0,
  isPrivate: true,
};

export interface PublicFaceOptions {
  face: PublicFace;
  isReady: () => boolean;
  log: Log;
}

export function usePublicFace({ face, isReady, log }: PublicFaceOptions): Plugin<GatewayContext>[] {
  const authenticate = createAuthenticator(face);
  const limiter = createRateLimiter({ perMinute: face.rateLimitPerMinute });
  return [
    useRequestLog(log),
    useReadinessCheck({ endpoint: '/ready', check: isReady }) as unknown as Plugin<GatewayContext>,
    ...(face.isPrivate ? [useLoopbackHost()] : []),
    ...(authenticate ? [] : [useCrossSitePrevention()]),
    useAdmission({ authenticate, limiter, log }),
    useClientErrors(face),
    ...useLimits({ suggestions: face.introspection }),
  ];
}

/** Yoga's own switches, for the same end. */
export function publicFaceSettings({ corsOrigins }: PublicFace) {
  return {
    healthCheckEndpoint: '/live',
    landingPage: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: MAX_BODY_BYTES,
    logging: false,
    cors: corsOrigins.length > 0 && allow(corsOrigins),
  } satisfies Partial<YogaServerOptions<object, GatewayContext>>;
}

/** Says nothing to other origins: Yoga's own answer to them, `null`, is the origin of every sandboxed frame. */
function allow(origins: readonly string[]) {
  const options = {
    origin: [...origins],
    methods: ['GET', 'POST'],
    // Nobody is recognised by a cookie.
    credentials: false,
    exposedHeaders: ['retry-after', 'x-request-id'],
    maxAge: 600,
  };
  return (request: Request) => (origins.includes(request.headers.get('origin') ?? '') ? options : (false as const));
}
