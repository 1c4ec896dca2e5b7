/** The kinds of values that only general settings have. No message repeats a value: it may be a secret. */
import { z } from 'zod';
import { isLoopback } from '../http/loopback.ts';

const SHORTEST_KEY = 16;
const KEY = new RegExp(`^[\\x21-\\x7e]{${SHORTEST_KEY},}$`);

export const requiredText = z.string('is missing').min(1, 'is missing');

export const apiKeys = z.array(
  z.string('must be a list of keys').regex(KEY, `must each be at least ${SHORTEST_KEY} characters, without blanks`),
  'must be a list of keys',
);

export const accessKey = z
  .string('must be a key')
  .regex(KEY, `must be at least ${SHORTEST_KEY} characters, without blanks`);

export const subgraphSecret = z
  .string('must be text')
  .regex(KEY, `must be at least ${SHORTEST_KEY} characters, without spaces`);

export const origins = z.array(
  z.string('must be a list of origins').refine((text) => /^https?:/.test(text) && URL.parse(text)?.origin === text, {
    error: 'must be origins such as https://app.example.com, without a path',
  }),
  'must be a list of origins',
);

/** Public keys have to come over https, or from this machine. */
export const jwksUrl = z
  .union([z.instanceof(URL), z.string()], 'is missing')
  .transform((value) => URL.parse(String(value)))
  .refine((url) => url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname)), {
    error: 'must begin with https://',
    abort: true,
  })
  .transform((url) => url as URL);

/** Without a scheme it is `http://`, as for curl. May hold a user name and a password. */
export const proxyUrl = z
  .string('must be a URL')
  .transform((text) => (text.includes('://') ? text : `http://${text}`))
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
    error: 'must be a URL that begins with http:// or https://',
  });

/** May hold a user name, a password and the number of a database. */
export const redisUrl = z.string('must be a URL').refine(
  (text) => {
    const url = URL.parse(text);
    const isPlain = url !== null && url.search === '' && url.hash === '' && /^(\/\d*)?$/.test(url.pathname);
    return isPlain && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  },
  { error: 'must be a URL such as redis://redis.internal:6379 or rediss://name:password@redis.example.com:6380/0' },
);

export const typeName = z
  .string('must be the name of a type')
  .regex(/^(?!Flag|FeatureFlag|(Query|Node|PageInfo)$)[A-Za-z]\w*$/, 'must be the name of another subgraph’s type');

export const scopes = z
  .array(
    z.string('must be a list of scopes').regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be scopes of a token'),
    'must be a list of scopes',
  )
  .min(1, 'must be a list of scopes');

export const boolean = z.boolean('must be `true` or `false`');
export const onOff = z.boolean('must be `on` or `off` (in a file `true` or `false`)');
