/** The settings of the gateway's public face: who may ask, and how, and what is written down of it. */
import { z } from 'zod';
import { TRUSTED_DOCUMENTS, type TrustedDocumentsMode } from '../edge/document-list.ts';
import type { PublicFace } from '../edge/public-face.ts';
import { LOG_LEVELS, type LogLevel } from '../observe/log.ts';
import { type Environment, splitList, wholeNumber } from '../sources/settings.ts';

export interface PublicSettings extends Omit<PublicFace, 'isPrivate'> {
  /** Lets everybody in who can reach a gateway that listens beyond loopback. */
  allowAnonymous: boolean;
  logLevel: LogLevel;
  /** How long to go on as ever once told to stop, but not `/ready`: until a balancer has noticed. */
  shutdownDelayMs: number;
  /** Whether operations that are known by their hash may be asked for by it, or nothing else. */
  trustedDocuments: TrustedDocumentsMode;
}

/** The form they take in `gateway.config.ts`. */
export interface PublicSettingsFile extends Partial<Omit<PublicSettings, 'jwt'>> {
  jwt?: { issuer: string; audience: string; jwksUrl: string | URL };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;
const SHORTEST_KEY = 16;

const apiKey = z
  .string('must be a list of keys')
  .regex(
    new RegExp(`^[\\x21-\\x7e]{${SHORTEST_KEY},}$`),
    `must each be at least ${SHORTEST_KEY} characters, without blanks`,
  );
const origin = z
  .string('must be a list of origins')
  .refine((text) => /^https?:/.test(text) && URL.parse(text)?.origin === text, {
    error: 'must be origins such as https://app.example.com, without a path',
  });
const jwksUrl = z
  .union([z.instanceof(URL), z.string()], 'is missing')
  .transform((value) => URL.parse(String(value)))
  .refine((url) => url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)), {
    error: 'must begin with https://',
    abort: true,
  })
  .transform((url) => url as URL);
const text = z.string('is missing').min(1, 'is missing');
const onOff = z.boolean('must be `on` or `off` (in a file `true` or `false`)');

/** For the schema of the settings. Two defaults depend on {@link isProduction}. */
export const publicSettings = {
  apiKeys: z.array(apiKey, 'must be a list of keys').default([]),
  jwt: z.strictObject({ issuer: text, audience: text, jwksUrl }).optional(),
  allowAnonymous: z.boolean('must be `true` or `false`').default(false),
  corsOrigins: z.array(origin, 'must be a list of origins').default([]),
  rateLimitPerMinute: wholeNumber(0, 1_000_000).default(600),
  graphiql: onOff.optional(),
  introspection: onOff.optional(),
  logLevel: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  shutdownDelayMs: wholeNumber(0, 60_000).default(0),
  trustedDocuments: z.enum(TRUSTED_DOCUMENTS, `must be one of ${TRUSTED_DOCUMENTS.join(', ')}`).default('on'),
};

export const PUBLIC_VARIABLES = {
  apiKeys: 'API_KEYS',
  'jwt.issuer': 'JWT_ISSUER',
  'jwt.audience': 'JWT_AUDIENCE',
  'jwt.jwksUrl': 'JWT_JWKS_URL',
  allowAnonymous: 'ALLOW_ANONYMOUS',
  corsOrigins: 'CORS_ORIGINS',
  rateLimitPerMinute: 'RATE_LIMIT_PER_MINUTE',
  graphiql: 'GRAPHIQL',
  introspection: 'INTROSPECTION',
  logLevel: 'LOG_LEVEL',
  shutdownDelayMs: 'SHUTDOWN_DELAY_MS',
  trustedDocuments: 'TRUSTED_DOCUMENTS',
} as const;

/** What the environment says, unchecked. */
export function publicSettingsFrom(env: Environment): Record<string, unknown> {
  const list = (value: string | undefined) => {
    const items = splitList(value);
    // Of nothing but commas: a mistake.
    return items.length > 0 ? items : value || undefined;
  };
  const number = (value: string | undefined) => (value && /^\d+$/.test(value) ? Number(value) : value || undefined);
  const either = (value: string | undefined, yes: string, no: string) =>
    value === yes ? true : value === no ? false : value || undefined;
  const said = {
    apiKeys: list(env.API_KEYS),
    allowAnonymous: either(env.ALLOW_ANONYMOUS, 'true', 'false'),
    corsOrigins: list(env.CORS_ORIGINS),
    rateLimitPerMinute: number(env.RATE_LIMIT_PER_MINUTE),
    graphiql: either(env.GRAPHIQL, 'on', 'off'),
    introspection: either(env.INTROSPECTION, 'on', 'off'),
    logLevel: env.LOG_LEVEL || undefined,
    shutdownDelayMs: number(env.SHUTDOWN_DELAY_MS),
    trustedDocuments: env.TRUSTED_DOCUMENTS || undefined,
  };
  return withoutEmpty(said);
}

/** Beside what a file says; `undefined` when neither says anything. */
export function jwtFrom(env: Environment, file: object | undefined): Record<string, unknown> | undefined {
  const { JWT_AUDIENCE, JWT_ISSUER, JWT_JWKS_URL } = env;
  if (!(file || JWT_AUDIENCE || JWT_ISSUER || JWT_JWKS_URL)) return undefined;
  const said = { issuer: JWT_ISSUER, audience: JWT_AUDIENCE, jwksUrl: JWT_JWKS_URL };
  return { ...file, ...withoutEmpty(said) };
}

function withoutEmpty(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== ''));
}

/** What a process that serves others leaves off unless told otherwise. */
export function withDefaults(
  parsed: z.infer<z.ZodObject<typeof publicSettings>>,
  isProduction: boolean,
): PublicSettings {
  const { graphiql = !isProduction, introspection = !isProduction, jwt = null, ...rest } = parsed;
  return { ...rest, jwt, graphiql, introspection };
}

/** The problem with listening where others can reach the gateway while nobody has to say who they are. */
export function exposureProblems(settings: Exposure & { host: string }): string[] {
  if (isAuthenticated(settings) || settings.allowAnonymous || LOOPBACK.test(settings.host)) return [];
  return [
    'HOST: must be an address of loopback as long as there is no authentication (API_KEYS, or JWT_ISSUER with ' +
      'JWT_AUDIENCE and JWT_JWKS_URL); ALLOW_ANONYMOUS=true lets everybody in on purpose',
  ];
}

export function toPublicFace(settings: PublicSettings): PublicFace {
  const { apiKeys, corsOrigins, graphiql, introspection, jwt, rateLimitPerMinute } = settings;
  const isPrivate = !isAuthenticated(settings) && !settings.allowAnonymous;
  return { apiKeys, corsOrigins, graphiql, introspection, jwt, rateLimitPerMinute, isPrivate };
}

interface Exposure {
  apiKeys: readonly string[];
  jwt?: object | null | undefined;
  allowAnonymous: boolean;
}

function isAuthenticated({ apiKeys, jwt }: Exposure): boolean {
  return apiKeys.length > 0 || Boolean(jwt);
}
