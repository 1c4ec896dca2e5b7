/** Settings, from environment variables and `gateway.config.ts`, checked as a whole before anything starts. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Environment } from './sources/settings.ts';
import type { SourceDefinition, SourceSettings } from './sources/source.ts';

export interface Config {
  host: string;
  port: number;
  /** The deadline of one GraphQL request, upstream calls included. */
  requestTimeoutMs: number;
  /** Empty when nothing is configured. */
  sources: ConfiguredSource[];
}

export interface ConfiguredSource {
  definition: SourceDefinition;
  settings: SourceSettings;
}

/** What `gateway.config.ts` exports by default. A source's other settings are its vendor's. */
export interface ConfigFile {
  host?: string;
  port?: number;
  requestTimeoutMs?: number;
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

const general = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int('must be a whole number').min(0).max(65_535).default(4000),
  requestTimeoutMs: z.int('must be a whole number').min(100).max(120_000).default(10_000),
});
const VARIABLES = { host: 'HOST', port: 'PORT', requestTimeoutMs: 'REQUEST_TIMEOUT_MS' } as const;

const configFile = z.strictObject({
  ...general.partial().shape,
  sources: z.array(z.looseObject({ vendor: z.string() })).optional(),
});

/** Reads the file that `GATEWAY_CONFIG` names, or `./gateway.config.ts` if there is one, beside the environment. */
export async function loadConfig(env: Environment, definitions: readonly SourceDefinition[]): Promise<Config> {
  const named = env.GATEWAY_CONFIG || undefined;
  const file = path.resolve(named ?? FILE);
  if (!existsSync(file)) {
    if (named !== undefined) throw new ConfigError(['GATEWAY_CONFIG: there is no such file']);
    return toConfig(env, {}, definitions);
  }
  const module: { default?: unknown } = await import(pathToFileURL(file).href);
  return toConfig(env, module.default, definitions);
}

/** Throws {@link ConfigError} with every problem at once. An environment variable wins over the same setting in the file. */
export function toConfig(env: Environment, file: unknown, definitions: readonly SourceDefinition[]): Config {
  const problems: string[] = [];
  const parsedFile = configFile.safeParse(file ?? {});
  if (!parsedFile.success) problems.push(...describe(parsedFile.error, (at) => `${FILE}: ${at}`));
  const { sources: entries = [], ...fromFile } = parsedFile.data ?? {};

  const parsed = general.safeParse({ ...withoutUndefined(fromFile), ...generalFrom(env) });
  if (!parsed.success) problems.push(...describe(parsed.error, (at) => VARIABLES[at as keyof typeof VARIABLES] ?? at));

  const sources = [
    ...definitions.flatMap((definition) => sourceFromEnvironment(definition, env, problems)),
    ...entries.flatMap((entry, index) => sourceFromFile(entry, index, definitions, problems)),
  ];
  problems.push(...conflictsBetween(sources));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return { ...parsed.data, sources };
}

function generalFrom({ HOST, PORT, REQUEST_TIMEOUT_MS }: Environment): Record<string, unknown> {
  const number = (text: string | undefined) => (text ? (/^\d+$/.test(text) ? Number(text) : text) : undefined);
  return withoutUndefined({
    host: HOST || undefined,
    port: number(PORT),
    requestTimeoutMs: number(REQUEST_TIMEOUT_MS),
  });
}

function sourceFromEnvironment(definition: SourceDefinition, env: Environment, problems: string[]): ConfiguredSource[] {
  const raw = definition.fromEnvironment(env);
  if (raw === undefined) return [];
  const parsed = definition.settings.safeParse(raw);
  if (parsed.success) return [{ definition, settings: parsed.data }];
  problems.push(...describe(parsed.error, (at) => definition.variables[at.split(/[.[]/)[0] ?? at] ?? at));
  return [];
}

function sourceFromFile(
  entry: { vendor: string },
  index: number,
  definitions: readonly SourceDefinition[],
  problems: string[],
): ConfiguredSource[] {
  const place = `${FILE}: sources[${index}]`;
  const vendor = entry.vendor.toUpperCase();
  const definition = definitions.find((each) => each.vendor === vendor);
  if (definition === undefined) {
    const known = definitions.map((each) => `\`${each.vendor.toLowerCase()}\``).join(' or ');
    problems.push(`${place}.vendor: must be ${known}`);
    return [];
  }
  const parsed = definition.settings.safeParse(entry);
  if (parsed.success) return [{ definition, settings: parsed.data }];
  problems.push(...describe(parsed.error, (at) => `${place}.${at}`));
  return [];
}

function conflictsBetween(sources: readonly ConfiguredSource[]): string[] {
  const ids = sources.map(({ settings }) => settings.id);
  const twice = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
  return twice.map(
    (id) => `two sources are called \`${id}\`: give one of them another \`id\`, or configure it in one place only`,
  );
}

/** One line an issue, `where: what`. zod's own messages name types, not values. */
function describe(error: z.ZodError, name: (at: string) => string): string[] {
  const lines = error.issues.map(({ message, path: at }) => {
    const place = at.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
    return `${name(place.replace(/^\./, ''))}: ${message}`;
  });
  return [...new Set(lines)];
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
