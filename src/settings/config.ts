/** Reads the settings from environment variables and `gateway.config.ts`, and checks them all before anything starts. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { AccessRule } from '../edge/access.ts';
import {
  type Environment,
  put,
  readEnvironment,
  settingsIn,
  sharedSettings,
  variableOf,
  variablesOf,
} from '../sources/settings.ts';
import type { SourceSettings, VendorDefinition } from '../sources/vendor.ts';
import { accessProblems, accessRules } from './access.ts';
import { exposureProblems } from './exposure.ts';
import { type GeneralSettings, generalSettings } from './table.ts';

export { type ConfigFile, defineConfig } from './define-config.ts';

export interface Config extends GeneralSettings {
  /** Empty when nothing is configured. */
  sources: ConfiguredSource[];
  /** Who sees what; empty: everybody who is accepted sees everything. */
  access: AccessRule[];
}

export type FederationSettings = Config['federation'];

export interface ConfiguredSource {
  definition: VendorDefinition;
  settings: SourceSettings;
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

const exposure = generalSettings.pick({ host: true, apiKeys: true, jwt: true, allowAnonymous: true });

const configFile = z.strictObject(
  {
    ...generalSettings.partial().shape,
    sources: z.array(z.unknown(), 'must be a list').optional(),
    access: accessRules.optional(),
  },
  'must export its settings: `export default defineConfig({ … })`',
);
/** The sources of a file are checked even if the rest of it is wrong. */
const sourceEntries = z.object({ sources: z.array(z.unknown()).default([]) }).catch({ sources: [] });

/** Reads the file that `GATEWAY_CONFIG` names, or `./gateway.config.ts` if there is one, beside the environment. */
export async function loadConfig(env: Environment, definitions: readonly VendorDefinition[]): Promise<Config> {
  const problems: string[] = [];
  const file = await importFile(env.GATEWAY_CONFIG || undefined, problems);
  return toConfig(env, file, definitions, problems);
}

/**
 * Throws {@link ConfigError} with every problem at once, including `problems` that are known already. An environment
 * variable wins over the same setting in the file.
 */
export function toConfig(
  env: Environment,
  file: unknown,
  definitions: readonly VendorDefinition[],
  problems: string[] = [],
): Config {
  const parsedFile = configFile.safeParse(file);
  if (!parsedFile.success) problems.push(...describe(parsedFile.error, (at) => (at ? `${FILE}: ${at}` : FILE)));

  // The file as it was written, because its parsed form holds defaults.
  const inFile = parsedFile.success ? (file as Settings) : {};
  const said = [productionDefaults(env), inFile, readEnvironment(generalSettings, env)].reduce(overlay, {});
  const parsed = generalSettings.safeParse(said);
  if (!parsed.success) problems.push(...describe(parsed.error, (at) => variableAt(at, env)));
  // Checked even if other settings are wrong; but a file that is wrong may have said something else about these.
  const exposed = exposure.safeParse(said);
  const access = parsedFile.data?.access ?? [];
  if (parsedFile.success && exposed.success) problems.push(...exposureProblems({ ...exposed.data, access }));
  if (parsed.success && parsed.data.metricsPort === parsed.data.port && parsed.data.port !== 0)
    problems.push('METRICS_PORT: must differ from PORT');
  if (said.timeline === true && said.trustedDocuments === 'off')
    problems.push('TIMELINE: needs TRUSTED_DOCUMENTS to be `on` or `only`');

  const sources = [
    ...definitions.flatMap((definition) => sourceFromEnvironment(definition, env, problems)),
    ...sourceEntries
      .parse(file)
      .sources.flatMap((entry, index) => sourceFromFile(entry, `sources[${index}]`, definitions, problems)),
  ];
  problems.push(...sharedProblems(env), ...conflictsBetween(sources));
  // A source that is wrong itself has no name that a rule could be held against.
  if (problems.length === 0 && parsed.success) {
    const ids = sources.length > 0 ? sources.map(({ settings }) => settings.id) : sandboxIds(definitions);
    const found = accessProblems(access, { hasTokens: parsed.data.jwt !== null, sources: ids });
    problems.push(...found.map((problem) => `${FILE}: ${problem}`));
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError([...new Set(problems)]);
  return { ...parsed.data, access, sources: sources.map(({ definition, settings }) => ({ definition, settings })) };
}

/** The sources there are when none is configured. */
function sandboxIds(definitions: readonly VendorDefinition[]): string[] {
  return definitions.map(({ vendor }) => vendor.toLowerCase());
}

type Settings = Readonly<Record<string, unknown>>;

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

function productionDefaults({ NODE_ENV }: Environment): Settings {
  const defaults = {};
  for (const { inProduction, path: place } of NODE_ENV === 'production' ? settingsIn(generalSettings) : []) {
    if (inProduction !== undefined) put(defaults, place, inProduction);
  }
  return defaults;
}

/** The settings of `above` win, one by one in groups such as `jwt`. */
function overlay(below: Settings, above: Settings): Settings {
  const merged: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    if (value === undefined) continue;
    merged[name] = isGroup(value) && isGroup(merged[name]) ? overlay(merged[name], value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The environment variable behind a setting, or behind one item of it. */
function variableAt(at: string, env: Environment): string {
  const name = at.replace(/\[\d+\]$/, '');
  const row = settingsIn(generalSettings).find((each) => each.path.join('.') === name);
  return row ? variableOf(row, env) : at;
}

interface PlacedSource extends ConfiguredSource {
  /** Where it is configured, for messages. */
  place: string;
}

function sourceFromEnvironment(definition: VendorDefinition, env: Environment, problems: string[]): PlacedSource[] {
  const raw = definition.fromEnvironment(env);
  if (raw === undefined) return [];
  const parsed = definition.settings.safeParse(raw);
  if (parsed.success) return [{ definition, settings: parsed.data, place: 'environment variables' }];
  problems.push(...describe(parsed.error, (at) => definition.variables[at.split(/[.[]/)[0] ?? at] ?? at));
  return [];
}

/** Of variables that belong to no source alone, whether the environment configures a source or not. */
function sharedProblems(env: Environment): string[] {
  const { error } = sharedSettings.safeParse(readEnvironment(sharedSettings, env));
  const variables = variablesOf(sharedSettings);
  return error ? describe(error, (at) => variables[at] ?? at) : [];
}

function sourceFromFile(
  entry: unknown,
  place: string,
  definitions: readonly VendorDefinition[],
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
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${name(place([...issue.path, key]))}: is not a setting`)
      : [`${name(place(issue.path))}: ${issue.message}`],
  );
}
