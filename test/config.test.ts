import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, ConfigError, loadConfig, toConfig } from '../src/settings/config.ts';
import { toPublicFace } from '../src/settings/exposure.ts';
import { toProxy } from '../src/settings/proxy.ts';
import { generalSettings } from '../src/settings/table.ts';
import { definitions } from '../src/sources/index.ts';
import { type Environment, settingsIn, sharedSettings } from '../src/sources/settings.ts';

/** Stands for what must never be told: a token, or anything typed in its place. */
const CANARY = 'canary-4711';

const launchDarkly = { LAUNCHDARKLY_ACCESS_TOKEN: 'api-1', LAUNCHDARKLY_PROJECTS: 'web/production' };
const unleash = { UNLEASH_URL: 'https://unleash.example.com', UNLEASH_API_TOKEN: '*:*.1' };
const unleashEntry = { vendor: 'unleash', url: 'https://unleash.example.com', apiToken: '*:*.1' };
const launchDarklyEntry = { vendor: 'launchdarkly', accessToken: 'api-1', projects: ['web/production'] };

describe('settings from the environment', () => {
  it('configure nothing when there are none', () => {
    expect(toConfig({}, {}, definitions)).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      requestTimeoutMs: 10_000,
      sources: [],
    });
  });

  it('need no more than a token and projects for LaunchDarkly', () => {
    expect(settingsOf(toConfig(launchDarkly, {}, definitions))).toEqual([
      {
        vendor: 'launchdarkly',
        id: 'launchdarkly',
        accessToken: 'api-1',
        url: new URL('https://app.launchdarkly.com'),
        allowPlainHttp: false,
        projects: [{ project: 'web', environment: 'production' }],
        eventsApi: 'auto',
        historyDays: 365,
      },
    ]);
  });

  it('need no more than a URL and a token for Unleash', () => {
    expect(settingsOf(toConfig(unleash, {}, definitions))).toEqual([
      {
        vendor: 'unleash',
        id: 'unleash',
        url: new URL('https://unleash.example.com'),
        apiToken: '*:*.1',
        allowPlainHttp: false,
        eventsApi: 'auto',
      },
    ]);
  });

  it('can say everything there is to say', () => {
    const { sources, ...general } = toConfig(EVERY_VARIABLE, {}, definitions);
    expect(general).toMatchObject({
      host: '::1',
      port: 8080,
      requestTimeoutMs: 2_500,
      pageCacheMs: 0,
      apiKeys: ['key-of-the-first-app', 'key-of-the-second-app'],
      jwt: {
        issuer: 'https://issuer.example.com/',
        audience: 'flags',
        jwksUrl: new URL('https://issuer.example.com/keys?v=2'),
      },
      allowAnonymous: true,
      corsOrigins: ['https://app.example.com', 'http://localhost:3000'],
      rateLimitPerMinute: 0,
      graphiql: false,
      timeline: false,
      introspection: false,
      logLevel: 'warn',
      metricsPort: 9464,
      redisUrl: 'rediss://gateway:secret-of-redis@redis.example.com:6380/1',
      sendTraceparent: true,
      shutdownDelayMs: 5_000,
      trustedDocuments: 'only',
      upstreamConnections: 64,
      historyCacheMb: 16,
      historyMaxAgeMs: 60_000,
      upstreamCallsPerRequest: 1_000,
      proxy: { https: 'https://proxy.example.com:8443', http: 'http://proxy.example.com:3128', no: '.internal' },
      federation: {
        nodeField: 'hidden',
        userType: 'Employee',
        authenticated: true,
        requiredScopes: ['flags:read', 'events:read'],
        secret: 'secret-of-the-router',
      },
    });
    expect(sources.map(({ settings }) => settings)).toEqual([
      {
        vendor: 'launchdarkly',
        id: 'launchdarkly',
        accessToken: 'api-2',
        url: new URL('https://app.eu.launchdarkly.com'),
        allowPlainHttp: true,
        projects: [
          { project: 'web', environment: 'production' },
          { project: 'mobile', environment: null },
        ],
        eventsApi: 'auditlog',
        historyDays: 30,
        webhookSecrets: ['hook-secret-of-now', 'hook-secret-of-before'],
      },
      {
        vendor: 'unleash',
        id: 'unleash',
        url: new URL('http://unleash.internal/eu/demo'),
        apiToken: '*:*.2',
        allowPlainHttp: true,
        projects: ['default', 'payments'],
        eventsApi: 'legacy',
        webhookSecrets: ['hook-secret-of-unleash'],
      },
    ]);
  });

  it('are tested here without exception', () => {
    const tables = [generalSettings, sharedSettings, ...definitions.map(({ settings }) => settings)];
    const names = tables.flatMap((table) => settingsIn(table).map(({ variable }) => variable));
    expect(Object.keys(EVERY_VARIABLE).toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it('count as unset when they are empty', () => {
    const { SUBGRAPH_SECRET, ...others } = EVERY_VARIABLE;
    const empty = Object.fromEntries(Object.keys(others).map((name) => [name, '']));
    expect(toConfig({ ...empty, GATEWAY_CONFIG: '' }, {}, definitions)).toEqual(toConfig({}, {}, definitions));
    const needless = { ...unleash, UNLEASH_PROJECTS: '', UNLEASH_EVENTS_API: '', ALLOW_PLAIN_HTTP: '' };
    expect(toConfig(needless, {}, definitions)).toEqual(toConfig(unleash, {}, definitions));
  });

  it('are off in production where they are for people or show the schema, unless the settings say otherwise', () => {
    const shown = (env: Environment, file = {}) => {
      const { graphiql, introspection, timeline } = toConfig({ NODE_ENV: 'production', ...env }, file, definitions);
      return [graphiql, introspection, timeline];
    };
    expect(shown({ NODE_ENV: 'development' })).toEqual([true, true, true]);
    expect(shown({})).toEqual([false, false, false]);
    expect(shown({ GRAPHIQL: 'on' }, { introspection: true, timeline: true })).toEqual([true, true, true]);
  });

  it('leave the page out that needs trusted documents where there are none', () => {
    const face = (env: Environment) => toPublicFace(toConfig(env, {}, definitions)).timeline;
    expect([face({}), face({ TRUSTED_DOCUMENTS: 'only' }), face({ TRUSTED_DOCUMENTS: 'off' })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.for<[string, Environment]>([
    ['ALLOW_PLAIN_HTTP', { ...unleash, UNLEASH_URL: 'http://unleash.internal', ALLOW_PLAIN_HTTP: ' TRUE ' }],
    ['ALLOW_ANONYMOUS', { HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'True' }],
  ])('take a word in any case, and ignore blanks around it: %s', ([, env]) => {
    expect(problemsOf(env, {})).toEqual([]);
  });

  it('take the words of a list in any case, and ignore blanks around them', () => {
    const words = {
      GRAPHIQL: 'OFF ',
      INTROSPECTION: 'Off',
      LOG_LEVEL: ' WARN',
      TRUSTED_DOCUMENTS: 'Only',
      FEDERATION_NODE_FIELD: 'OWNER',
      UNLEASH_EVENTS_API: ' Legacy\n',
    };
    const config = toConfig({ ...unleash, ...words }, {}, definitions);
    expect(config).toMatchObject({
      graphiql: false,
      introspection: false,
      logLevel: 'warn',
      trustedDocuments: 'only',
      federation: { nodeField: 'owner' },
    });
    expect(settingsOf(config)).toMatchObject([{ eventsApi: 'legacy' }]);
  });

  it.for([
    ['https://app.example.com/eu/api', 'https://app.example.com/eu'],
    ['https://app.example.com/eu/api/', 'https://app.example.com/eu'],
    ['https://app.example.com/eu/api/admin', 'https://app.example.com/eu'],
    ['https://app.example.com/api/admin/', 'https://app.example.com/'],
    ['https://app.example.com/api', 'https://app.example.com/'],
    ['https://app.example.com/api/eu', 'https://app.example.com/api/eu'],
    ['https://app.example.com/my-api', 'https://app.example.com/my-api'],
  ] as const)('take the URL of the API for that of Unleash: %s', ([given, url]) => {
    expect(settingsOf(toConfig({ ...unleash, UNLEASH_URL: given }, {}, definitions))).toMatchObject([
      { url: new URL(url) },
    ]);
  });

  it.for([
    ['https://app.eu.launchdarkly.com/api/v2', 'https://app.eu.launchdarkly.com/'],
    ['https://app.eu.launchdarkly.com/api/v2/', 'https://app.eu.launchdarkly.com/'],
    ['https://app.eu.launchdarkly.com/api', 'https://app.eu.launchdarkly.com/'],
    ['https://relay.example.com/launchdarkly/api/v2', 'https://relay.example.com/launchdarkly'],
  ] as const)('take the URL of the API for that of LaunchDarkly: %s', ([given, url]) => {
    const env = { ...launchDarkly, LAUNCHDARKLY_URL: given };
    expect(settingsOf(toConfig(env, {}, definitions))).toMatchObject([{ url: new URL(url) }]);
    const file = { sources: [{ ...launchDarklyEntry, url: given }] };
    expect(settingsOf(toConfig({}, file, definitions))).toMatchObject([{ url: new URL(url) }]);
  });

  it.for([
    'http://localhost:4242',
    'http://127.0.0.1:4242/eu',
    'http://127.3.2.1',
    'http://[::1]:4242',
    'HTTP://LOCALHOST',
  ])('allow plain http on this machine: %s', (url) =>
    expect(problemsOf({ ...unleash, UNLEASH_URL: url }, {})).toEqual([]),
  );
});

describe('the proxy', () => {
  const proxyOf = (env: Environment, file = {}) => toProxy(toConfig(env, file, definitions).proxy);

  it('is none unless it is set', () => {
    expect(proxyOf({})).toBeUndefined();
    expect(proxyOf({ NO_PROXY: '*' })).toBeUndefined();
  });

  it('is taken as it is set, with the hosts that need none', () => {
    expect(proxyOf({ HTTP_PROXY: 'http://proxy:3128', NO_PROXY: 'a.example,.b.example' })).toEqual({
      httpsProxy: undefined,
      httpProxy: 'http://proxy:3128',
      noProxy: 'a.example,.b.example',
    });
  });

  it('may be set in lower case, which wins, and without a scheme', () => {
    const env = { https_proxy: 'first:3128', HTTPS_PROXY: 'http://second:3128', no_proxy: 'a.example' };
    expect(proxyOf(env)).toMatchObject({
      httpsProxy: 'http://first:3128',
      noProxy: 'a.example',
    });
    expect(proxyOf({ ...env, https_proxy: '' })).toMatchObject({ httpsProxy: 'http://second:3128' });
  });

  it('may be set in the file, and is the public face’s too', () => {
    const file = { proxy: { https: 'http://user:password@proxy:3128' } };
    expect(proxyOf({}, file)).toMatchObject({ httpsProxy: file.proxy.https });
    expect(toPublicFace(toConfig({}, file, definitions)).proxy).toEqual(proxyOf({}, file));
    expect(proxyOf({ HTTPS_PROXY: 'http://other:3128' }, file)).toMatchObject({ httpsProxy: 'http://other:3128' });
  });
});

describe('settings from a file', () => {
  it('may configure several sources of a vendor', () => {
    const entries = [unleashEntry, { ...unleashEntry, id: 'unleash-eu' }, { ...launchDarklyEntry, id: 'ld-eu' }];
    const { sources } = toConfig(launchDarkly, { sources: entries }, definitions);
    expect(sources.map(({ definition, settings }) => [definition.name, settings.id])).toEqual([
      ['LaunchDarkly', 'launchdarkly'],
      ['Unleash', 'unleash'],
      ['Unleash', 'unleash-eu'],
      ['LaunchDarkly', 'ld-eu'],
    ]);
  });

  it('say who may ask in the words of the environment', () => {
    const file = {
      apiKeys: ['key-of-the-first-app'],
      jwt: { issuer: 'https://a.example', audience: 'flags', jwksUrl: 'https://a.example/keys' },
      allowAnonymous: false,
      corsOrigins: ['https://app.example.com'],
      rateLimitPerMinute: 10,
      graphiql: true,
      introspection: false,
      logLevel: 'silent',
      shutdownDelayMs: 1,
    };
    const jwt = { ...file.jwt, jwksUrl: new URL(file.jwt.jwksUrl) };
    expect(toConfig({ NODE_ENV: 'production' }, file, definitions)).toMatchObject({ ...file, jwt });
    expect(toConfig({ JWT_AUDIENCE: 'other', GRAPHIQL: 'off' }, file, definitions)).toMatchObject({
      graphiql: false,
      jwt: { ...jwt, audience: 'other' },
    });
  });

  it('may say who sees what, of the sandbox, too; a rule’s key is authentication', () => {
    const rule = { apiKey: 'key-of-the-growth-team', allow: ['launchdarkly/web/*', 'unleash/-/-'] };
    const config = toConfig({ HOST: '0.0.0.0' }, { access: [rule] }, definitions);
    expect(config.access).toMatchObject([{ caller: { apiKey: rule.apiKey }, personalData: true }]);
    expect(config.access[0]?.patterns).toHaveLength(2);
    expect(toPublicFace(config)).toMatchObject({ access: config.access, isPrivate: false });
    expect(toConfig({}, {}, definitions).access).toEqual([]);
  });

  it('are outranked by the environment', () => {
    const file = { host: '127.0.0.2', port: 5000, requestTimeoutMs: 1_000 };
    expect(toConfig({}, file, definitions)).toMatchObject(file);
    expect(toConfig({ HOST: 'localhost', PORT: '6000' }, file, definitions)).toMatchObject({
      host: 'localhost',
      port: 6000,
      requestTimeoutMs: 1_000,
    });
  });
});

type Case = [what: string, env: Environment, problems: string[]];

const missing: Case[] = [
  ['a token without projects', { LAUNCHDARKLY_ACCESS_TOKEN: CANARY }, ['LAUNCHDARKLY_PROJECTS']],
  ['projects without a token', { LAUNCHDARKLY_PROJECTS: 'web/*' }, ['LAUNCHDARKLY_ACCESS_TOKEN']],
  ['projects with an empty token', { ...launchDarkly, LAUNCHDARKLY_ACCESS_TOKEN: '' }, ['LAUNCHDARKLY_ACCESS_TOKEN']],
  [
    'a LaunchDarkly URL alone',
    { LAUNCHDARKLY_URL: `https://${CANARY}` },
    ['LAUNCHDARKLY_ACCESS_TOKEN', 'LAUNCHDARKLY_PROJECTS'],
  ],
  ['a history alone', { LAUNCHDARKLY_HISTORY_DAYS: '7' }, ['LAUNCHDARKLY_ACCESS_TOKEN', 'LAUNCHDARKLY_PROJECTS']],
  ['an Unleash URL without a token', { UNLEASH_URL: `https://${CANARY}` }, ['UNLEASH_API_TOKEN']],
  ['an Unleash token without a URL', { UNLEASH_API_TOKEN: CANARY }, ['UNLEASH_URL']],
  ['an Unleash token with an empty URL', { UNLEASH_API_TOKEN: CANARY, UNLEASH_URL: '' }, ['UNLEASH_URL']],
  ['webhooks alone', { UNLEASH_WEBHOOK_SECRETS: `${CANARY}-secret-secret` }, ['UNLEASH_URL', 'UNLEASH_API_TOKEN']],
  ['a short secret', { ...unleash, UNLEASH_WEBHOOK_SECRETS: CANARY.slice(0, 9) }, ['UNLEASH_WEBHOOK_SECRETS']],
  ['Unleash projects alone', { UNLEASH_PROJECTS: CANARY }, ['UNLEASH_URL', 'UNLEASH_API_TOKEN']],
];

const hostile: Case[] = [
  ...['sdk-', 'mob-'].map((prefix): Case => {
    const token = { LAUNCHDARKLY_ACCESS_TOKEN: `${prefix}${CANARY}` };
    return [`a token that begins with ${prefix}`, { ...launchDarkly, ...token }, ['LAUNCHDARKLY_ACCESS_TOKEN']];
  }),
  ...[`${CANARY}\nx: y`, `${CANARY} `, `Bearer ${CANARY}`, `${CANARY}\u0000`, `${CANARY}é`].flatMap((token): Case[] => [
    [
      'a token that fits in no header',
      { ...launchDarkly, LAUNCHDARKLY_ACCESS_TOKEN: token },
      ['LAUNCHDARKLY_ACCESS_TOKEN'],
    ],
    ['a token that fits in no header', { ...unleash, UNLEASH_API_TOKEN: token }, ['UNLEASH_API_TOKEN']],
  ]),
  ...[
    ['credentials in a URL', `https://${CANARY}:${CANARY}@example.com`],
    ['a user in a URL', `https://${CANARY}@example.com`],
    ['a query in a URL', `https://example.com/?token=${CANARY}`],
    ['a fragment in a URL', `https://example.com/#${CANARY}`],
    ['a URL that is code', `javascript:alert("${CANARY}")`],
    ['a URL of a file', `file:///etc/${CANARY}`],
    ['a URL without a scheme', `${CANARY}.example.com`],
    ['no URL at all', `https://exa mple/${CANARY}`],
    ['plain http to another machine', `http://${CANARY}.example.com`],
    ['plain http to a name that begins like this machine', `http://localhost.${CANARY}.com`],
    ['plain http to an address that begins like this machine', `http://127.0.0.1.${CANARY}.com`],
    ['plain http to every address', `http://0.0.0.0/${CANARY}`],
  ].flatMap(([what = '', url]): Case[] => [
    [what, { ...launchDarkly, LAUNCHDARKLY_URL: url }, ['LAUNCHDARKLY_URL']],
    [what, { ...unleash, UNLEASH_URL: url }, ['UNLEASH_URL']],
  ]),
  ...['1', 'yes', 'on', CANARY].map((allowed): Case => {
    const env = { ...unleash, UNLEASH_URL: `http://${CANARY}.example.com`, ALLOW_PLAIN_HTTP: allowed };
    return [`plain http allowed by ${allowed}`, env, ['ALLOW_PLAIN_HTTP', 'UNLEASH_URL']];
  }),
  ['plain http allowed by a word that is none, beside no source', { ALLOW_PLAIN_HTTP: CANARY }, ['ALLOW_PLAIN_HTTP']],
  [
    'plain http allowed by a word that is none, beside two sources',
    { ...unleash, ...launchDarkly, ALLOW_PLAIN_HTTP: CANARY },
    ['ALLOW_PLAIN_HTTP'],
  ],
  ...[`socks5://${CANARY}`, `http://`, `http://${CANARY} x`].flatMap((url): Case[] => [
    ['a Redis that is none', { REDIS_URL: url }, ['REDIS_URL']],
    ['a proxy that is none', { HTTPS_PROXY: url }, ['HTTPS_PROXY']],
    ['a proxy that is none', { http_proxy: url }, ['http_proxy']],
  ]),
];

const malformed: Case[] = [
  ...['-1', '65536', '4e3', '0x50', '80.5', ' 80', `80${CANARY}`, '9'.repeat(400)].map(
    (port): Case => ['an absurd port', { PORT: port }, ['PORT']],
  ),
  ...['0', '99', '120001', CANARY].map(
    (ms): Case => ['an absurd time', { REQUEST_TIMEOUT_MS: ms }, ['REQUEST_TIMEOUT_MS']],
  ),
  ...[
    CANARY,
    `${CANARY}/`,
    `/${CANARY}`,
    `a/b/${CANARY}`,
    `${CANARY} /b`,
    `*/${CANARY}`,
    `${CANARY}/b*`,
    'web/a;web/b',
  ].map(
    (pair): Case => [
      'projects that name no environment',
      { ...launchDarkly, LAUNCHDARKLY_PROJECTS: `web/*,${pair}` },
      ['LAUNCHDARKLY_PROJECTS'],
    ],
  ),
  ['a list of nothing', { ...launchDarkly, LAUNCHDARKLY_PROJECTS: ' , ' }, ['LAUNCHDARKLY_PROJECTS']],
  ['a list of nothing', { ...unleash, UNLEASH_PROJECTS: ' , ' }, ['UNLEASH_PROJECTS']],
  ...['0', '-7', '3651', '1.5', CANARY].map(
    (days): Case => [
      'an absurd history',
      { ...launchDarkly, LAUNCHDARKLY_HISTORY_DAYS: days },
      ['LAUNCHDARKLY_HISTORY_DAYS'],
    ],
  ),
  [
    'an unknown events API of LaunchDarkly',
    { ...launchDarkly, LAUNCHDARKLY_EVENTS_API: CANARY },
    ['LAUNCHDARKLY_EVENTS_API'],
  ],
  ['an unknown events API', { ...unleash, UNLEASH_EVENTS_API: CANARY }, ['UNLEASH_EVENTS_API']],
];

const JWT = { JWT_ISSUER: 'https://a.example', JWT_AUDIENCE: 'flags', JWT_JWKS_URL: 'https://a.example/keys' };
const HOSTS = ['0.0.0.0', '::', '192.0.2.1', 'gateway.example.com', 'localhost.example.com', '127.0.0.1.example.com'];

const access: Case[] = [
  ...HOSTS.map((host): Case => ['listening beyond this machine without authentication', { HOST: host }, ['HOST']]),
  ['the same, beside something else', { HOST: '0.0.0.0', PORT: CANARY }, ['HOST', 'PORT']],
  ['the same, with anonymous callers refused', { HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'false' }, ['HOST']],
  ['the same, with a key set to nothing', { HOST: '0.0.0.0', API_KEYS: '' }, ['HOST']],
  ...['short', `${CANARY} with blanks inside`, `long-enough-a-key,${CANARY}`, `${CANARY}-and-an-accént`, ' , '].map(
    (keys): Case => ['keys that are none', { API_KEYS: keys }, ['API_KEYS']],
  ),
  ['an issuer alone', { JWT_ISSUER: CANARY }, ['JWT_AUDIENCE', 'JWT_JWKS_URL']],
  ['an audience alone', { JWT_AUDIENCE: CANARY }, ['JWT_ISSUER', 'JWT_JWKS_URL']],
  ['keys of no issuer', { JWT_JWKS_URL: JWT.JWT_JWKS_URL }, ['JWT_ISSUER', 'JWT_AUDIENCE']],
  ...[CANARY, `http://${CANARY}.example.com/keys`, `file:///etc/${CANARY}`].map(
    (url): Case => ['keys from where they cannot be trusted', { ...JWT, JWT_JWKS_URL: url }, ['JWT_JWKS_URL']],
  ),
  ...[
    '*',
    'null',
    CANARY,
    `https://${CANARY}/`,
    `https://${CANARY}/path`,
    `ws://${CANARY}`,
    `https://a.example ${CANARY}`,
    ',',
  ].map((origins): Case => ['origins that are none', { CORS_ORIGINS: origins }, ['CORS_ORIGINS']]),
  ...['1', 'yes', 'on', CANARY].map(
    (text): Case => ['neither true nor false', { ALLOW_ANONYMOUS: text }, ['ALLOW_ANONYMOUS']],
  ),
  ...['true', '1', 'yes', CANARY].flatMap((text): Case[] => [
    ['neither on nor off', { GRAPHIQL: text }, ['GRAPHIQL']],
    ['neither on nor off', { INTROSPECTION: text }, ['INTROSPECTION']],
    ['neither on nor off', { TIMELINE: text }, ['TIMELINE']],
  ]),
  ...['-1', '1.5', '1000001', CANARY].map(
    (count): Case => ['an absurd rate', { RATE_LIMIT_PER_MINUTE: count }, ['RATE_LIMIT_PER_MINUTE']],
  ),
  ['a way with trusted documents that is none', { TRUSTED_DOCUMENTS: CANARY }, ['TRUSTED_DOCUMENTS']],
  ...['0', '1001', CANARY].map(
    (count): Case => ['an absurd number of connections', { UPSTREAM_CONNECTIONS: count }, ['UPSTREAM_CONNECTIONS']],
  ),
  ...['9', '100001', CANARY].map(
    (count): Case => [
      'an absurd number of calls',
      { UPSTREAM_CALLS_PER_REQUEST: count },
      ['UPSTREAM_CALLS_PER_REQUEST'],
    ],
  ),
  ['a page without what it asks by', { TIMELINE: 'on', TRUSTED_DOCUMENTS: 'Off' }, ['TIMELINE']],
  ['one port for two listeners', { PORT: '4001', METRICS_PORT: '4001' }, ['METRICS_PORT']],
  ['an absurd delay', { SHUTDOWN_DELAY_MS: '60001' }, ['SHUTDOWN_DELAY_MS']],
  ['a level that is none', { LOG_LEVEL: CANARY }, ['LOG_LEVEL']],
];

describe('listening beyond this machine', () => {
  it.for<[string, Environment]>([
    ['keys', { API_KEYS: 'key-of-the-first-app' }],
    ['an issuer of tokens', JWT],
    ['the express wish', { ALLOW_ANONYMOUS: 'true' }],
  ])('takes %s', ([, env]) => {
    for (const host of HOSTS) expect(problemsOf({ HOST: host, ...env }, {})).toEqual([]);
  });

  it.for(['localhost', '127.0.0.1', '127.9.9.9', '::1'])('is not what %s is', (host) => {
    expect(problemsOf({ HOST: host }, {})).toEqual([]);
  });
});

describe('settings from the environment that cannot be used', () => {
  it.for([...missing, ...hostile, ...malformed, ...access])(
    'are refused by name, never by value: %s',
    ([_what, env, names]) => {
      const problems = problemsOf(env, {});
      expect(problems.map(nameIn).toSorted()).toEqual(names.toSorted());
      expect(problems.join()).not.toContain(CANARY);
    },
  );

  it('are all reported in one error, a line each', () => {
    const env = { PORT: CANARY, LAUNCHDARKLY_ACCESS_TOKEN: `sdk-${CANARY}`, UNLEASH_URL: `http://${CANARY}.com` };
    expect(errorOf(env, {}).message).toMatchInlineSnapshot(`
      "The settings cannot be used:
        - PORT: must be a whole number from 0 to 65535
        - LAUNCHDARKLY_ACCESS_TOKEN: must be an API access token: SDK and mobile keys cannot read flag events
        - LAUNCHDARKLY_PROJECTS: must name at least one \`project/environment\`
        - UNLEASH_API_TOKEN: is missing
        - UNLEASH_URL: must be https://, or plain http has to be allowed on purpose (ALLOW_PLAIN_HTTP=true, allowPlainHttp: true)"
    `);
    expect(errorOf(env, {})).toBeInstanceOf(ConfigError);
  });

  it('let a token travel over plain http once that is allowed on purpose', () => {
    const env = { ...unleash, UNLEASH_URL: 'http://unleash.internal' };
    expect(problemsOf(env, {})).toHaveLength(1);
    expect(problemsOf({ ...env, ALLOW_PLAIN_HTTP: 'true' }, {})).toEqual([]);
  });
});

const badFiles: [what: string, file: unknown, problems: string[]][] = [
  ['nothing', undefined, ['gateway.config.ts']],
  ['null', null, ['gateway.config.ts']],
  ['text', CANARY, ['gateway.config.ts']],
  ['a list', [unleashEntry], ['gateway.config.ts']],
  ['a function', () => ({ sources: [] }), ['gateway.config.ts']],
  ['an unknown key', { prot: CANARY }, ['gateway.config.ts: prot']],
  ['a port that is text', { port: '4000' }, ['gateway.config.ts: port']],
  ['a host that is none', { host: 127 }, ['gateway.config.ts: host']],
  ['a host that others can reach', { host: '0.0.0.0' }, ['HOST']],
  ['keys that are text', { apiKeys: CANARY }, ['gateway.config.ts: apiKeys']],
  ['a key that is short', { apiKeys: ['key-of-the-first-app', CANARY] }, ['gateway.config.ts: apiKeys[1]']],
  ['an issuer without its keys', { jwt: { issuer: CANARY, audience: CANARY } }, ['gateway.config.ts: jwt.jwksUrl']],
  ['a page that is on', { graphiql: 'on' }, ['gateway.config.ts: graphiql']],
  ['sources that are no list', { sources: unleashEntry }, ['gateway.config.ts: sources']],
  ['a source that is none', { sources: [null] }, ['gateway.config.ts: sources[0].vendor']],
  ['a source without a vendor', { sources: [{ url: CANARY }] }, ['gateway.config.ts: sources[0].vendor']],
  ['an unknown vendor', { sources: [unleashEntry, { vendor: CANARY }] }, ['gateway.config.ts: sources[1].vendor']],
  [
    'a vendor in capitals',
    { sources: [{ ...unleashEntry, vendor: 'Unleash' }] },
    ['gateway.config.ts: sources[0].vendor'],
  ],
  [
    'an unknown key of a source',
    { sources: [{ ...unleashEntry, tokn: CANARY }] },
    ['gateway.config.ts: sources[0].tokn'],
  ],
  [
    'an id that is no name',
    { sources: [{ ...unleashEntry, id: `${CANARY}/x` }] },
    ['gateway.config.ts: sources[0].id'],
  ],
  [
    'projects that are no pairs',
    { sources: [{ ...launchDarklyEntry, projects: ['web/production', CANARY] }] },
    ['gateway.config.ts: sources[0].projects[1]'],
  ],
  [
    'a URL with credentials',
    { sources: [{ ...unleashEntry, url: new URL(`https://${CANARY}@example.com`) }] },
    ['gateway.config.ts: sources[0].url'],
  ],
  [
    'problems of every kind',
    { prot: 1, sources: [{ vendor: 'unleash', apiToken: CANARY }, launchDarklyEntry, { vendor: CANARY }] },
    ['gateway.config.ts: prot', 'gateway.config.ts: sources[0].url', 'gateway.config.ts: sources[2].vendor'],
  ],
  [
    'two sources with one id',
    {
      sources: [
        { ...unleashEntry, id: CANARY },
        { ...launchDarklyEntry, id: CANARY },
      ],
    },
    ['gateway.config.ts: sources[1].id'],
  ],
  ['rules that are none', { access: CANARY }, ['gateway.config.ts: access']],
  ['no rules', { access: [] }, ['gateway.config.ts: access']],
  ['a rule for nobody', { access: [{ allow: ['*/*/*'] }] }, ['gateway.config.ts: access[0]']],
  [
    'a rule with a key that is not set',
    { access: [{ apiKey: undefined, allow: ['*/*/*'] }] },
    ['gateway.config.ts: access[0]'],
  ],
  [
    'a rule with a short key',
    { access: [{ apiKey: CANARY, allow: ['*/*/*'] }] },
    ['gateway.config.ts: access[0].apiKey'],
  ],
  [
    'a rule for two kinds of callers',
    { access: [{ apiKey: `${CANARY}-of-a-caller`, claim: { name: CANARY, value: CANARY }, allow: ['*/*/*'] }] },
    ['gateway.config.ts: access[0]'],
  ],
  [
    'a claim without a value',
    { access: [{ claim: { name: CANARY }, allow: ['*/*/*'] }] },
    ['gateway.config.ts: access[0].claim.value'],
  ],
  [
    'a rule for tokens without tokens',
    { access: [{ claim: { name: CANARY, value: CANARY }, allow: ['*/*/*'] }] },
    ['gateway.config.ts: access[0].claim'],
  ],
  [
    'a rule that allows nothing',
    { access: [{ apiKey: `${CANARY}-of-a-caller`, allow: [] }] },
    ['gateway.config.ts: access[0].allow'],
  ],
  [
    'patterns that are none',
    {
      access: [
        {
          apiKey: `${CANARY}-of-a-caller`,
          allow: ['*', '*/*', '*/*/*/*', '-/web/*', '*/web-*/*', '*/web/', ' */*/*', CANARY],
        },
      ],
    },
    Array.from({ length: 8 }, (_, index) => `gateway.config.ts: access[0].allow[${index}]`),
  ],
  [
    'rules for a source that is not there',
    {
      sources: [unleashEntry],
      access: [
        { apiKey: `${CANARY}-of-a-caller`, allow: ['unleash/*/*'] },
        { apiKey: `${CANARY}-of-another`, allow: ['*/*/*', 'launchdarkly/web/*'] },
      ],
    },
    ['gateway.config.ts: access[1].allow[1]'],
  ],
  [
    'an unknown key of a rule',
    { access: [{ apiKey: `${CANARY}-of-a-caller`, allow: ['*/*/*'], personal: false }] },
    ['gateway.config.ts: access[0].personal'],
  ],
  ['two sources without an id', { sources: [unleashEntry, unleashEntry] }, ['gateway.config.ts: sources[1].id']],
];

describe('settings from a file that cannot be used', () => {
  it.for(badFiles)('are refused by place, never by value: %s', ([_what, file, places]) => {
    const problems = problemsOf({}, file);
    expect(problems.map(nameIn)).toEqual(places);
    expect(problems.join()).not.toContain(CANARY);
  });

  it('include a source that the environment configures already', () => {
    expect(problemsOf(unleash, { sources: [launchDarklyEntry, unleashEntry] })).toEqual([
      'gateway.config.ts: sources[1].id: must differ from the source configured by environment variables',
    ]);
  });

  it('are reported together with those of the environment', () => {
    const problems = problemsOf({ PORT: CANARY, UNLEASH_API_TOKEN: CANARY }, { sources: [{ vendor: 'unleash' }] });
    expect(problems.map(nameIn)).toEqual([
      'PORT',
      'UNLEASH_URL',
      'gateway.config.ts: sources[0].url',
      'gateway.config.ts: sources[0].apiToken',
    ]);
  });
});

describe('loadConfig', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gateway-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const config = fileURLToPath(new URL('../src/settings/config.ts', import.meta.url));

  /** The environment that names a file with this text. */
  async function fileWith(name: string, text: string): Promise<Environment> {
    const GATEWAY_CONFIG = path.join(folder, name);
    await writeFile(GATEWAY_CONFIG, text);
    return { GATEWAY_CONFIG };
  }

  it('reads the file that GATEWAY_CONFIG names, beside the environment', async () => {
    const env = await fileWith(
      'good.config.ts',
      `import { type ConfigFile, defineConfig } from ${JSON.stringify(config)};
       const port: ConfigFile['port'] = 5000;
       export default defineConfig({ port, sources: [${JSON.stringify(unleashEntry)}] });`,
    );
    const loaded = await loadConfig({ ...env, ...launchDarkly, HOST: 'localhost' }, definitions);
    expect(loaded).toMatchObject({ host: 'localhost', port: 5000 });
    expect(settingsOf(loaded).map(({ id }) => id)).toEqual(['launchdarkly', 'unleash']);
  });

  it('needs no file', async () => {
    expect(settingsOf(await loadConfig({ ...unleash, GATEWAY_CONFIG: '' }, definitions))).toHaveLength(1);
  });

  it.for([
    ['exports nothing', ''],
    ['exports by name only', `export const sources = [{ vendor: 'unleash', apiToken: '${CANARY}' }];`],
    ['cannot be parsed', `export default { sources: [{ vendor: 'unleash', apiToken: '${CANARY}`],
    ['throws', `throw new Error('${CANARY}');`],
    ['imports what is not there', `import '${CANARY}';`],
  ])('refuses a file that %s, together with what else is wrong', async ([what = '', text = '']) => {
    const env = await fileWith(`${what.replaceAll(' ', '-')}.config.ts`, text);
    const error = await loadConfig({ ...env, PORT: CANARY }, definitions).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    const { message, problems } = error as ConfigError;
    expect(problems.map(nameIn)).toEqual(['gateway.config.ts', 'PORT']);
    expect(message).not.toContain(CANARY);
  });

  it('refuses a name that no file has', async () => {
    const env = { GATEWAY_CONFIG: path.join(folder, CANARY), PORT: CANARY };
    const error = await loadConfig(env, definitions).catch((reason: unknown) => reason);
    expect((error as ConfigError).problems.map(nameIn)).toEqual(['GATEWAY_CONFIG', 'PORT']);
    expect((error as ConfigError).message).not.toContain(CANARY);
  });

  it('refuses a folder', async () => {
    await expect(loadConfig({ GATEWAY_CONFIG: folder }, definitions)).rejects.toThrow(ConfigError);
  });
});

const EVERY_VARIABLE: Environment = {
  HOST: '::1',
  PORT: '8080',
  REQUEST_TIMEOUT_MS: '2500',
  PAGE_CACHE_MS: '0',
  API_KEYS: 'key-of-the-first-app, key-of-the-second-app',
  JWT_ISSUER: 'https://issuer.example.com/',
  JWT_AUDIENCE: 'flags',
  JWT_JWKS_URL: 'https://issuer.example.com/keys?v=2',
  ALLOW_ANONYMOUS: 'true',
  CORS_ORIGINS: 'https://app.example.com, http://localhost:3000',
  RATE_LIMIT_PER_MINUTE: '0',
  GRAPHIQL: 'off',
  TIMELINE: 'off',
  INTROSPECTION: 'off',
  LOG_LEVEL: 'warn',
  METRICS_PORT: '9464',
  REDIS_URL: 'rediss://gateway:secret-of-redis@redis.example.com:6380/1',
  SEND_TRACEPARENT: 'on',
  SHUTDOWN_DELAY_MS: '5000',
  TRUSTED_DOCUMENTS: 'only',
  UPSTREAM_CONNECTIONS: '64',
  POLL_INTERVAL_MS: '15000',
  HISTORY_CACHE_MB: '16',
  HISTORY_MAX_AGE_MS: '60000',
  UPSTREAM_CALLS_PER_REQUEST: '1000',
  HTTPS_PROXY: 'https://proxy.example.com:8443',
  HTTP_PROXY: 'proxy.example.com:3128',
  NO_PROXY: '.internal',
  FEDERATION_AUTHENTICATED: 'true',
  FEDERATION_REQUIRED_SCOPES: 'flags:read, events:read',
  SUBGRAPH_SECRET: 'secret-of-the-router',
  FEDERATION_USER_TYPE: 'Employee',
  FEDERATION_NODE_FIELD: 'hidden',
  ALLOW_PLAIN_HTTP: 'true',
  LAUNCHDARKLY_ACCESS_TOKEN: 'api-2',
  LAUNCHDARKLY_URL: 'https://app.eu.launchdarkly.com',
  LAUNCHDARKLY_PROJECTS: ' web/production, mobile/* ,',
  LAUNCHDARKLY_HISTORY_DAYS: '30',
  LAUNCHDARKLY_EVENTS_API: 'auditlog',
  LAUNCHDARKLY_WEBHOOK_SECRETS: 'hook-secret-of-now, hook-secret-of-before',
  UNLEASH_URL: 'http://unleash.internal/eu/demo',
  UNLEASH_API_TOKEN: '*:*.2',
  UNLEASH_PROJECTS: 'default, payments',
  UNLEASH_EVENTS_API: 'legacy',
  UNLEASH_WEBHOOK_SECRETS: 'hook-secret-of-unleash',
};

function settingsOf(loaded: Config) {
  return loaded.sources.map(({ settings }) => settings);
}

function errorOf(env: Environment, file: unknown): ConfigError {
  try {
    toConfig(env, file, definitions);
  } catch (error) {
    return error as ConfigError;
  }
  return new ConfigError([]);
}

/** Empty when the settings are good. */
function problemsOf(env: Environment, file: unknown): readonly string[] {
  return errorOf(env, file).problems;
}

/** What a problem is about: a variable or a place in the file. */
function nameIn(problem: string): string {
  return /^(gateway\.config\.ts: [\w.[\]]+|[\w.]+): /.exec(problem)?.[1] ?? problem;
}
