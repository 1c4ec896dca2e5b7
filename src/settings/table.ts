/**
 * Every general setting, once. A field's place in the object is its name in `gateway.config.ts`; types, messages, reading of
 * the environment and `docs/configure.md` are derived from it. The settings of a source are in its vendor's folder.
 */
import { z } from 'zod';
import { TRUSTED_DOCUMENTS } from '../edge/document-list.ts';
import { NODE_FIELDS } from '../graph/federation.ts';
import { LOG_LEVELS } from '../observe/log.ts';
import {
  list,
  number,
  oneOf,
  onOrOff,
  plainText,
  setting,
  trueOrFalse,
  wholeNumber,
  word,
} from '../sources/settings.ts';
import {
  apiKeys,
  boolean,
  jwksUrl,
  onOff,
  origins,
  proxyUrl,
  redisUrl,
  requiredText,
  scopes,
  subgraphSecret,
  typeName,
} from './values.ts';

const server = z.object({
  host: setting({
    variable: 'HOST',
    form: plainText,
    schema: z.string('must be a name or an address').min(1).default('127.0.0.1'),
    description: 'Address to listen on. Anything but a loopback address needs authentication, or `ALLOW_ANONYMOUS`.',
  }),
  port: setting({
    variable: 'PORT',
    form: number,
    schema: wholeNumber(0, 65_535).default(4000),
    description: 'Port to listen on; `0` takes a free one.',
  }),
  metricsPort: setting({
    variable: 'METRICS_PORT',
    form: number,
    schema: wholeNumber(0, 65_535).optional(),
    otherwise: 'off',
    description:
      'Port for Prometheus to read metrics from, as `GET /metrics` on `HOST`; `0` takes a free one. It has no ' +
      'authentication: let nobody else reach it.',
  }),
  requestTimeoutMs: setting({
    variable: 'REQUEST_TIMEOUT_MS',
    form: number,
    schema: wholeNumber(100, 120_000).default(10_000),
    description: 'Deadline of one GraphQL request in milliseconds, upstream calls included.',
  }),
  shutdownDelayMs: setting({
    variable: 'SHUTDOWN_DELAY_MS',
    form: number,
    schema: wholeNumber(0, 60_000).default(0),
    description:
      'After SIGTERM, keep serving for this many milliseconds while `/ready` returns 503, so that a load balancer ' +
      'stops sending requests.',
  }),
  redisUrl: setting({
    variable: 'REDIS_URL',
    form: plainText,
    schema: redisUrl.optional(),
    description:
      'Redis or Valkey through which replicas share their work, as `redis://` or, with TLS, `rediss://`; may hold a user name and a ' +
      'password.',
  }),
  sendTraceparent: setting({
    variable: 'SEND_TRACEPARENT',
    form: onOrOff,
    schema: onOff.default(false),
    description: 'Whether upstream calls carry `traceparent`, so that the vendor could continue a trace.',
  }),
  logLevel: setting({
    variable: 'LOG_LEVEL',
    form: word,
    schema: oneOf(LOG_LEVELS).default('info'),
    description: 'The least severe level that is written to the log.',
  }),
});

const upstream = z.object({
  pageCacheMs: setting({
    variable: 'PAGE_CACHE_MS',
    form: number,
    schema: wholeNumber(0, 600_000).default(2_000),
    description:
      'How long an upstream page, and a whole answer made of such pages, is kept in the cache, in milliseconds; `0` switches the cache off.',
  }),
  pollIntervalMs: setting({
    variable: 'POLL_INTERVAL_MS',
    form: number,
    schema: wholeNumber(1_000, 3_600_000).default(5_000),
    description:
      'How often a feed is asked for new events while somebody is subscribed to them, in milliseconds. Nothing is asked ' +
      'while nobody is.',
  }),
  historyCacheMb: setting({
    variable: 'HISTORY_CACHE_MB',
    form: number,
    schema: wholeNumber(0, 100_000).default(64),
    description:
      'Memory for events that are older than fifteen minutes and so cannot change any more, in megabytes; pages are ' +
      'served from it. `0` switches it off, and with it the reading ahead in large pages.',
  }),
  historyMaxAgeMs: setting({
    variable: 'HISTORY_MAX_AGE_MS',
    form: number,
    schema: wholeNumber(1_000, 86_400_000).default(600_000),
    description: 'How long remembered events are believed, in milliseconds, before they are asked for again.',
  }),
  upstreamConnections: setting({
    variable: 'UPSTREAM_CONNECTIONS',
    form: number,
    schema: wholeNumber(1, 1_000).default(32),
    description: 'At most this many connections to one source.',
  }),
  upstreamCallsPerRequest: setting({
    variable: 'UPSTREAM_CALLS_PER_REQUEST',
    form: number,
    schema: wholeNumber(10, 100_000).default(500),
    description:
      'At most this many upstream calls for one GraphQL request, retries included. Beyond it pages come back short, ' +
      'and the report of the source says `UPSTREAM_CALLS_SPENT`.',
  }),
  proxy: z
    .strictObject({
      https: setting({
        variable: 'HTTPS_PROXY',
        hasLowerCaseName: true,
        form: plainText,
        schema: proxyUrl.optional(),
        description: 'Proxy for `https://` URLs: the vendors and `JWT_JWKS_URL`.',
      }),
      http: setting({
        variable: 'HTTP_PROXY',
        hasLowerCaseName: true,
        form: plainText,
        schema: proxyUrl.optional(),
        description: 'Proxy for `http://` URLs.',
      }),
      no: setting({
        variable: 'NO_PROXY',
        hasLowerCaseName: true,
        form: plainText,
        schema: z.string('must be text').optional(),
        description: 'Hosts to connect to without a proxy, separated by commas. Loopback addresses never use one.',
      }),
    })
    .prefault({}),
});

const access = z.object({
  apiKeys: setting({
    variable: 'API_KEYS',
    form: list,
    schema: apiKeys.default([]),
    description:
      'Clients that send one of these keys are accepted, as `authorization: Bearer …` or `x-api-key: …`. 16 characters ' +
      'or more each.',
  }),
  jwt: z
    .strictObject({
      issuer: setting({
        variable: 'JWT_ISSUER',
        form: plainText,
        schema: requiredText,
        otherwise: 'none',
        description: 'Clients that send a JWT of this issuer are accepted. The three `JWT_…` settings go together.',
      }),
      audience: setting({
        variable: 'JWT_AUDIENCE',
        form: plainText,
        schema: requiredText,
        otherwise: 'none',
        description: 'The audience (`aud`) that a token must have. `exp` and `sub` are required, too.',
      }),
      jwksUrl: setting({
        variable: 'JWT_JWKS_URL',
        form: plainText,
        schema: jwksUrl,
        otherwise: 'none',
        description: 'Where the issuer publishes its public keys (JWKS); `https://`.',
      }),
    })
    .nullable()
    .default(null),
  allowAnonymous: setting({
    variable: 'ALLOW_ANONYMOUS',
    form: trueOrFalse,
    schema: boolean.default(false),
    description:
      'Accept clients without authentication on every address, because something in front of the gateway authenticates ' +
      'them.',
  }),
  corsOrigins: setting({
    variable: 'CORS_ORIGINS',
    form: list,
    schema: origins.default([]),
    description: 'Origins whose web pages may call the gateway from a browser (CORS).',
    otherwise: 'same origin only',
  }),
  rateLimitPerMinute: setting({
    variable: 'RATE_LIMIT_PER_MINUTE',
    form: number,
    schema: wholeNumber(0, 1_000_000).default(600),
    description: 'Requests per minute of one API key, token subject or network address; `0` is no limit.',
  }),
  graphiql: setting({
    variable: 'GRAPHIQL',
    form: onOrOff,
    schema: onOff.default(true),
    inProduction: false,
    description: 'Whether GraphiQL is served.',
  }),
  timeline: setting({
    variable: 'TIMELINE',
    form: onOrOff,
    schema: onOff.default(true),
    inProduction: false,
    description: 'Whether the page that shows people what changed is at `/`. It needs `TRUSTED_DOCUMENTS`.',
  }),
  introspection: setting({
    variable: 'INTROSPECTION',
    form: onOrOff,
    schema: onOff.default(true),
    inProduction: false,
    description: 'Whether introspection is answered, and errors suggest names of fields, types and values.',
  }),
  trustedDocuments: setting({
    variable: 'TRUSTED_DOCUMENTS',
    form: word,
    schema: oneOf(TRUSTED_DOCUMENTS).default('on'),
    description:
      'Whether the operations of `schema/generated/persisted-documents.json` can be requested by their hash. With ' +
      '`only`, other operations are refused.',
  }),
});

const federation = z.object({
  federation: z
    .strictObject({
      nodeField: setting({
        variable: 'FEDERATION_NODE_FIELD',
        form: word,
        schema: oneOf(NODE_FIELDS).default('omitted'),
        description:
          '`node` and `nodes` in the supergraph, where only one subgraph may have them: `owner` is this one; `hidden` ' +
          'has them `@inaccessible`; `omitted` leaves them out. Clients of the gateway itself always have them.',
      }),
      userType: setting({
        variable: 'FEDERATION_USER_TYPE',
        form: plainText,
        schema: typeName.optional(),
        description: 'The type of the supergraph that stands for a user; it gains the field `flagEvents`.',
      }),
      authenticated: setting({
        variable: 'FEDERATION_AUTHENTICATED',
        form: trueOrFalse,
        schema: boolean.optional(),
        otherwise: '`false`',
        description:
          'Whether events and sources are `@authenticated` in the SDL: routers that know it refuse to ask for them without a ' +
          'valid token. It does not replace the authentication of the gateway itself.',
      }),
      requiredScopes: setting({
        variable: 'FEDERATION_REQUIRED_SCOPES',
        form: list,
        schema: scopes.optional(),
        description: 'The same with `@requiresScopes`: scopes that a token must have, all of them.',
      }),
      secret: setting({
        variable: 'SUBGRAPH_SECRET',
        form: plainText,
        schema: subgraphSecret.optional(),
        refusesEmpty: true,
        description:
          'Secret that the router must send to read `_service` and `_entities`; 16 characters or more. Without it every ' +
          'client may read them, except `_service` if introspection is off.',
      }),
    })
    .prefault({}),
});

/** As the documentation groups them. */
export const sections = { server, upstream, access, federation };

export const generalSettings = z.object({
  ...server.shape,
  ...upstream.shape,
  ...access.shape,
  ...federation.shape,
});

export type GeneralSettings = z.output<typeof generalSettings>;
