/**
 * What every table of settings is made of: rows, and the kinds of values they hold. A table is a zod object whose fields
 * are made by {@link setting}; types, messages, reading of the environment and documentation are derived from it. No
 * message repeats a value: it may be a secret.
 */
import { z } from 'zod';
import { isLoopback } from '../http/loopback.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How a value is written in an environment variable. Text that cannot be read is returned as it is, for the schema to refuse. */
export interface TextForm {
  read(text: string): unknown;
  print(value: unknown): string;
}

export const plainText: TextForm = { read: (text) => text, print: String };

export const number: TextForm = { read: (text) => (/^\d+$/.test(text) ? Number(text) : text), print: String };

/** Separated by commas. A text of nothing but commas and blanks is a mistake, and not an empty list. */
export const list: TextForm = {
  read: (text) => {
    const items = text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
    return items.length > 0 ? items : text;
  },
  print: (value) => (value as readonly unknown[]).join(','),
};

/** One of several fixed words, in any case, with or without blanks around it. */
export const word: TextForm = { read: (text) => text.trim().toLowerCase() || undefined, print: String };

export const trueOrFalse = eitherWord('true', 'false');
export const onOrOff = eitherWord('on', 'off');

function eitherWord(yes: string, no: string): TextForm {
  return {
    read: (text) => {
      const said = word.read(text);
      return said === yes ? true : said === no ? false : said;
    },
    print: (value) => (value ? yes : no),
  };
}

/** A row of a table, apart from its schema. */
export interface SettingInfo {
  /** The environment variable that sets it. */
  variable: string;
  form: TextForm;
  /** One or two sentences for the documentation. */
  description: string;
  /** The default when `NODE_ENV` is `production`, where it differs. */
  inProduction?: unknown;
  /** What the documentation says instead of a default, where the setting has none. */
  otherwise?: string;
  /** The variable may be written in lower case, and then wins, as curl and others read it. */
  hasLowerCaseName?: true;
  /** An empty variable is a mistake, and not the same as an unset one. */
  refusesEmpty?: true;
}

export interface Setting extends SettingInfo {
  /** Its place in `gateway.config.ts`, for example `['jwt', 'issuer']`. */
  path: readonly string[];
  /** Holds the default. */
  schema: z.ZodType;
}

const settings = z.registry<SettingInfo>();

/** Makes one row of a table. */
export function setting<Schema extends z.ZodType>({ schema, ...info }: SettingInfo & { schema: Schema }): Schema {
  // A copy, because one schema may serve several settings.
  const own = schema.clone();
  settings.add(own, info);
  return own;
}

/** The rows of a table, in its order, those of nested tables included. */
export function settingsIn(table: z.ZodType, path: readonly string[] = []): Setting[] {
  const { shape } = withoutWrappers(table) as z.ZodObject;
  return Object.entries((shape ?? {}) as Record<string, z.ZodType>).flatMap(([name, schema]) => {
    const info = settings.get(schema);
    const place = [...path, name];
    return info ? [{ ...info, path: place, schema }] : settingsIn(schema, place);
  });
}

/** The schema inside of defaults and the like. */
export function withoutWrappers(schema: z.ZodType): z.ZodType {
  const isWrapper =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional;
  return isWrapper ? withoutWrappers(schema.unwrap() as z.ZodType) : schema;
}

/** What the environment says about the settings of a table: unchecked, and nested as in `gateway.config.ts`. */
export function readEnvironment(table: z.ZodType, env: Environment): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  for (const row of settingsIn(table)) {
    const text = env[variableOf(row, env)];
    const value = text === undefined || (text === '' && !row.refusesEmpty) ? undefined : row.form.read(text);
    if (value !== undefined) put(said, row.path, value);
  }
  return said;
}

/** Sets a value at a place in an object of objects. */
export function put(target: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  const inner = (target[name] ?? {}) as Record<string, unknown>;
  if (rest.length > 0) put(inner, rest, value);
  target[name] = rest.length > 0 ? inner : value;
}

/** The variable that sets a row, or would set it. */
export function variableOf({ hasLowerCaseName, variable }: SettingInfo, env: Environment = {}): string {
  const lowerCase = variable.toLowerCase();
  return hasLowerCaseName && env[lowerCase] ? lowerCase : variable;
}

export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message);
}

export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, `must be one of ${words.join(', ')}`);
}

/** A token that fits in an HTTP header. */
export const secret = z
  .string('is missing')
  .min(1, 'is missing')
  .regex(/^[\x21-\x7e]*$/, 'must not hold blanks or control characters');

/** An absolute URL that may carry a path. */
export const baseUrl = z
  .union([z.instanceof(URL), z.string()], {
    error: ({ input }) => (input === undefined ? 'is missing' : 'must be a URL'),
  })
  .transform((value, context) => {
    const url = URL.parse(String(value));
    const problem = problemOf(url);
    if (url && !problem) return url;
    context.addIssue({ code: 'custom', message: problem ?? 'must be a URL' });
    return z.NEVER;
  });

function problemOf(url: URL | null): string | undefined {
  if (url === null) return 'must be an absolute URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// (or http://)';
  if (url.username || url.password) return 'must not hold credentials';
  if (url.search || url.hash) return 'must not hold a query or a fragment';
  return undefined;
}

/** A base URL from whose path an ending is taken off, if it is there: the calls of the API begin with it themselves. */
export function baseUrlWithout(ending: RegExp) {
  return baseUrl.transform((url) => {
    const base = new URL(url);
    base.pathname = base.pathname.replace(ending, '');
    return base;
  });
}

/** Settings of every source that may be set once for all of them. They turn no source on. */
export const sharedSettings = z.object({
  allowPlainHttp: setting({
    variable: 'ALLOW_PLAIN_HTTP',
    form: trueOrFalse,
    schema: z.boolean('must be `true` or `false`').default(false),
    description:
      'Whether tokens may be sent over `http://` to another machine, where they can be read on the way. Loopback ' +
      'addresses are always allowed.',
  }),
});

/** What every source's settings begin with. */
export const commonSettings = {
  id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens'),
  url: baseUrl,
  ...sharedSettings.shape,
};

/** Of settings that may be wrong in other ways too. */
export function isSecure({ allowPlainHttp, url }: { url: unknown; allowPlainHttp: unknown }): boolean {
  return !(url instanceof URL) || url.protocol !== 'http:' || isLoopback(url.hostname) || allowPlainHttp === true;
}

/** For `refine` with {@link isSecure}: refuses plain http to another machine unless it was allowed on purpose. */
export const insecure = {
  path: ['url'],
  error: 'must be https://, or plain http has to be allowed on purpose (ALLOW_PLAIN_HTTP=true, allowPlainHttp: true)',
  // Whatever else is wrong, so that all problems are reported together.
  when: () => true,
};

/** What the environment says about a vendor's source, unchecked; `undefined` when it sets none of the vendor's own variables. */
export function sourceFromEnvironment(
  vendor: string,
  table: z.ZodType,
  env: Environment,
): Record<string, unknown> | undefined {
  const said = readEnvironment(table, env);
  const isConfigured = Object.keys(said).some((name) => !(name in sharedSettings.shape));
  return isConfigured ? { vendor, ...said } : undefined;
}

/** The environment variable behind each setting of a vendor, by the setting's name. */
export function variablesOf(table: z.ZodType): Readonly<Record<string, string>> {
  return Object.fromEntries(settingsIn(table).map(({ path, variable }) => [path.join('.'), variable]));
}
