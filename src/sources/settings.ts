/** The kinds of value that every vendor's settings are made of. No message repeats a value: it may be a secret. */
import { z } from 'zod';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const sourceId = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens');

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

export function wholeNumber(min: number, max: number) {
  return z.int(`must be a whole number from ${min} to ${max}`).min(min).max(max);
}

/** What every source's settings begin with. */
export const commonSettings = {
  id: sourceId,
  url: baseUrl,
  /** A token sent over plain http can be read on its way: only ever allowed on purpose. */
  allowPlainHttp: z.boolean().default(false),
};

/** Of settings that may be wrong in other ways too. */
export function isSecure({ allowPlainHttp, url }: { url: unknown; allowPlainHttp: unknown }): boolean {
  return !(url instanceof URL) || url.protocol !== 'http:' || LOOPBACK.test(url.hostname) || allowPlainHttp === true;
}

/** For `refine` with {@link isSecure}: refuses plain http to another machine unless it was allowed on purpose. */
export const insecure = {
  path: ['url'],
  error: 'must be https://, or plain http has to be allowed on purpose (ALLOW_PLAIN_HTTP=true, allowPlainHttp: true)',
  // Whatever else is wrong, so that everything is told at once.
  when: () => true,
};

/** What every source reads from the environment. */
export function commonFromEnvironment({ ALLOW_PLAIN_HTTP }: Environment): { allowPlainHttp?: boolean } {
  return ALLOW_PLAIN_HTTP === undefined ? {} : { allowPlainHttp: ALLOW_PLAIN_HTTP === 'true' };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** `a, b` as `['a', 'b']`. */
export function splitList(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

function problemOf(url: URL | null): string | undefined {
  if (url === null) return 'must be an absolute URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// (or http://)';
  if (url.username || url.password) return 'must not hold credentials';
  if (url.search || url.hash) return 'must not hold a query or a fragment';
  return undefined;
}
