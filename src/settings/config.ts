/** Settings, from environment variables and `gateway.config.ts`, checked as a whole before anything starts. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type FederationOptions, NODE_FIELDS } from '../graph/federation.ts';
import { type Environment, wholeNumber } from '../sources/settings.ts';
import type { SourceDefinition, SourceSettings } from '../sources/source.ts';
import {
  exposureProblems,
  jwtFrom,
  PUBLIC_VARIABLES,
  type PublicSettings,
  type PublicSettingsFile,
  publicSettings,
  publicSettingsFrom,
  withDefaults,
} from './public-settings.ts';

export interface Config extends PublicSettings {
  host: string;
  port: number;
  /** The deadline of one GraphQL request, upstream calls included. */
  requestTimeoutMs: number;
  /** How long an upstream page may be remembered; 0 is not at all. */
  pageCacheMs: number;
  federation: FederationSettings;
  /** Empty when nothing is configured. */
  sources: ConfiguredSource[];
}

export interface FederationSettings extends FederationOptions {
  /** What a gateway has to show before it may read `_service` and `_entities`; anyone may if there is none. */
  secret?: string | undefined;
}

export interface ConfiguredSource {
  definition: SourceDefinition;
  settings: SourceSettings;
}

/** What `gateway.config.ts` exports by default. A source's other settings are its vendor's. */
export interface ConfigFile extends PublicSettingsFile {
  host?: string;
  port?: number;
  requestTimeoutMs?: number;
  pageCacheMs?: number;
  federation?: Partial<FederationSettings>;
  sources?: ({ vendor: string } & Record<string, unknown>)[];
}

/** Helps an editor to complete `gateway.config.ts`; gives back what it gets. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}

/** Everything that is wrong with the settings. Names them, never quotes them: a value may be a secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const FILE = 'gateway.config.ts';

const federation = z.strictObject({
  nodeField: z.enum(NODE_FIELDS, `must be one of ${NODE_FIELDS.join(', ')}`).default('omitted'),
  userType: z
    .string('must be the name of a type')
    .regex(/^(?!Flag|FeatureFlag|(Query|Node|PageInfo)$)[A-Za-z]\w*$/, 'must be the name of another subgraph’s type')
    .optional(),
  secret: z
    .string('must be text')
    .regex(/^[\x21-\x7e]{16,}$/, 'must be at least 16 characters, without spaces')
    .optional(),
});
const general = z.object({
  host: z.string('must be a name or an address').min(1).default('127.0.0.1'),
  port: wholeNumber(0, 65_535).default(4000),
  requestTimeoutMs: wholeNumber(100, 120_000).default(10_000),
  pageCacheMs: wholeNumber(0, 600_000).default(2_000),
  federation: federation.prefault({}),
  ...publicSettings,
});
const exposure = general.pick({ host: true, apiKeys: true, jwt: true, allowAnonymous: true });
const VARIABLES = {
  host: 'HOST',
  port: 'PORT',
  requestTimeoutMs: 'REQUEST_TIMEOUT_MS',
  pageCacheMs: 'PAGE_CACHE_MS',
  'federation.nodeField': 'FEDERATION_NODE_FIELD',
  'federation.userType': 'FEDERATION_USER_TYPE',
  'federation.secret': 'SUBGRAPH_SECRET',
  ...PUBLIC_VARIABLES,
} as const;

const configFile = z.strictObject(
  { ...general.partial().shape, sources: z.array(z.unknown(), 'must be a list').optional() },
  'must export its settings: `export default defineConfig({ … })`',
);
/** Whatever else is wrong with the file, its sources are checked too. */
const sourceEntries = z.object({ sources: z.array(z.unknown()).default([]) }).catch({ sources: [] });

/** Reads the file that `GATEWAY_CONFIG` names, or `./gateway.config.ts` if there is one, beside the environment. */
export async function loadConfig(env: Environment, definitions: readonly SourceDefinition[]): Promise<Config> {
  const problems: string[] = [];
  const file = await importFile(env.GATEWAY_CONFIG || undefined, problems);
  return toConfig(env, file, definitions, problems);
}

/**
 * Throws {@link ConfigError} with every problem at once, `problems` that are known already included. An environment
 * variable wins over the same setting in the file.
 */
export function toConfig(
  env: Environment,
  file: unknown,
  definitions: readonly SourceDefinition[],
  problems: string[] = [],
): Config {
  const parsedFile = configFile.safeParse(file);
  if (!parsedFile.success) problems.push(...describe(parsedFile.error, (at) => (at ? `${FILE}: ${at}` : FILE)));

  const said = {
    ...withoutUndefined(parsedFile.data ?? {}),
    ...generalFrom(env),
    ...publicSettingsFrom(env),
    federation: { ...parsedFile.data?.federation, ...federationFrom(env) },
    jwt: jwtFrom(env, parsedFile.data?.jwt),
  };
  const parsed = general.safeParse(said);
  if (!parsed.success) problems.push(...describe(parsed.error, variableOf));
  // Whatever else is wrong; but of a file that is wrong it is not known what it would have said.
  const exposed = exposure.safeParse(said);
  if (parsedFile.success && exposed.success) problems.push(...exposureProblems(exposed.data));

  const sources = [
    ...definitions.flatMap((definition) => sourceFromEnvironment(definition, env, problems)),
    ...sourceEntries
      .parse(file)
      .sources.flatMap((entry, index) => sourceFromFile(entry, `sources[${index}]`, definitions, problems)),
  ];
  problems.push(...conflictsBetween(sources));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return {
    ...parsed.data,
    ...withDefaults(parsed.data, env.NODE_ENV === 'production'),
    sources: sources.map(({ definition, settings }) => ({ definition, settings })),
  };
}

/** The environment variable behind a setting, or behind one item of it. */
function variableOf(at: string): string {
  return VARIABLES[at.replace(/\[\d+\]$/, '') as keyof typeof VARIABLES] ?? at;
}

async function importFile(named: string | undefined, problems: string[]): Promise<unknown> {
  const file = path.resolve(named ?? FILE);
  if (!existsSync(file)) {
    if (named !== undefined) problems.push('GATEWAY_CONFIG: there is no such file');
    return {};
  }
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href);
    return module.default;
  } catch {
    // The error may quote the file, and so a token in it.
    problems.push(`${FILE}: cannot be loaded; run the file itself with \`node\` to see why`);
    return {};
  }
}

function generalFrom({ HOST, PAGE_CACHE_MS, PORT, REQUEST_TIMEOUT_MS }: Environment): Record<string, unknown> {
  const number = (text: string | undefined) => (text ? (/^\d+$/.test(text) ? Number(text) : text) : undefined);
  return withoutUndefined({
    host: HOST || undefined,
    port: number(PORT),
    requestTimeoutMs: number(REQUEST_TIMEOUT_MS),
    pageCacheMs: number(PAGE_CACHE_MS),
  });
}

function federationFrom({ FEDERATION_NODE_FIELD, FEDERATION_USER_TYPE, SUBGRAPH_SECRET }: Environment) {
  return withoutUndefined({
    nodeField: FEDERATION_NODE_FIELD || undefined,
    userType: FEDERATION_USER_TYPE || undefined,
    // Set to nothing it is a mistake, not a wish to let anyone in.
    secret: SUBGRAPH_SECRET,
  });
}

interface PlacedSource extends ConfiguredSource {
  /** Where it is configured, for messages. */
  place: string;
}

function sourceFromEnvironment(definition: SourceDefinition, env: Environment, problems: string[]): PlacedSource[] {
  const raw = definition.fromEnvironment(env);
  if (raw === undefined) return [];
  const parsed = definition.settings.safeParse(raw);
  if (parsed.success) return [{ definition, settings: parsed.data, place: 'environment variables' }];
  problems.push(...describe(parsed.error, (at) => definition.variables[at.split(/[.[]/)[0] ?? at] ?? at));
  return [];
}

function sourceFromFile(
  entry: unknown,
  place: string,
  definitions: readonly SourceDefinition[],
  problems: string[],
): PlacedSource[] {
  const vendor = (entry as { vendor?: unknown } | null)?.vendor;
  const definition = definitions.find((each) => each.vendor.toLowerCase() === vendor);
  if (definition === undefined) {
    const known = definitions.map((each) => `\`${each.vendor.toLowerCase()}\``).join(' or ');
    problems.push(`${FILE}: ${place}.vendor: must be ${known}`);
    return [];
  }
  const parsed = definition.settings.safeParse(entry);
  if (parsed.success) return [{ definition, settings: parsed.data, place }];
  problems.push(...describe(parsed.error, (at) => `${FILE}: ${place}.${at}`));
  return [];
}

function conflictsBetween(sources: readonly PlacedSource[]): string[] {
  return sources.flatMap(({ place, settings }, index) => {
    const earlier = sources.slice(0, index).find((each) => each.settings.id === settings.id);
    if (earlier === undefined) return [];
    return [`${FILE}: ${place}.id: must differ from the source configured by ${earlier.place}`];
  });
}

/** One line an issue, `where: what`. zod's own messages name types, not values. */
function describe(error: z.ZodError, name: (at: string) => string): string[] {
  const place = (at: readonly PropertyKey[]) =>
    at
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('')
      .replace(/^\./, '');
  const lines = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${name(place([...issue.path, key]))}: is not a setting`)
      : [`${name(place(issue.path))}: ${issue.message}`],
  );
  return [...new Set(lines)];
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
