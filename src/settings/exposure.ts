/** Who can reach the gateway, and whether they have to authenticate. */
import type { AccessRule } from '../edge/access.ts';
import { isOpen } from '../edge/authentication.ts';
import type { PublicFace } from '../edge/public-face.ts';
import { isLoopback } from '../http/loopback.ts';
import { toProxy } from './proxy.ts';
import type { GeneralSettings } from './table.ts';

type Access = Pick<GeneralSettings, 'apiKeys' | 'jwt' | 'allowAnonymous'> & WithRules;

interface WithRules {
  access: readonly AccessRule[];
}

/** The problem with listening beyond loopback while nobody has to authenticate, if there is one. */
export function exposureProblems(settings: Access & Pick<GeneralSettings, 'host'>): string[] {
  if (!isOpen(settings) || settings.allowAnonymous || isLoopback(settings.host)) return [];
  return [
    'HOST: must be a loopback address as long as clients do not have to authenticate (API_KEYS, or JWT_ISSUER with ' +
      'JWT_AUDIENCE and JWT_JWKS_URL); ALLOW_ANONYMOUS=true accepts everybody on purpose',
  ];
}

export function toPublicFace(settings: GeneralSettings & WithRules): PublicFace {
  const { access, apiKeys, corsOrigins, graphiql, introspection, jwt, proxy, rateLimitPerMinute, timeline } = settings;
  const isPrivate = isOpen(settings) && !settings.allowAnonymous;
  return {
    access,
    apiKeys,
    corsOrigins,
    graphiql,
    introspection,
    jwt,
    rateLimitPerMinute,
    timeline: timeline && settings.trustedDocuments !== 'off',
    isPrivate,
    proxy: toProxy(proxy),
  };
}
