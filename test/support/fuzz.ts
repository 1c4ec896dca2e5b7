/** Random requests to a gateway over both sandboxes, from well-formed to broken; the same ones for the same seed. */
import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { createGateway } from '../../src/gateway.ts';
import { createSchema } from '../../src/graph/schema.ts';
import { createLog } from '../../src/observe/log.ts';
import { toConfig } from '../../src/settings/config.ts';
import { definitions } from '../../src/sources/index.ts';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../../src/sources/story.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';

export interface FuzzResult {
  /** What must not be, with the request. */
  failures: { why: string; request: string; answer: string }[];
  statuses: Map<number, number>;
  /** Of the errors in the answers. */
  codes: Set<string>;
}

const AT_ONCE = 8;
/** Made together: all of them would fill the memory. */
const BATCH = 250;
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };

export async function fuzz({ count, seed }: { seed: number; count: number }): Promise<FuzzResult> {
  const story = createStory({ seed: 7, now: Date.now() });
  await using launchDarkly = await startLaunchDarklySandbox({ story, rateLimit: NO_LIMIT });
  await using unleash = await startUnleashSandbox({ story });
  const entries = [
    { vendor: 'launchdarkly', accessToken: launchDarkly.token, url: launchDarkly.url, projects: ['payments/*'] },
    { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
  ];
  const sources = toConfig({}, { sources: entries }, definitions).sources.map(({ definition, settings }) =>
    definition.connect(settings, { pageCacheMs: 60_000 }),
  );
  const troubles: string[] = [];
  const write = (line: string) => {
    if (!/"level":"?(info|30)/.test(line)) troubles.push(line);
  };
  const gateway = createGateway({
    definitions,
    sources,
    requestTimeoutMs: 10_000,
    upstreamCallsPerRequest: 30,
    log: createLog({ level: 'info', destination: { write } }),
  });
  const arbitrary = requestArbitrary(createSchema(definitions, { nodeField: 'omitted' }));
  const result: FuzzResult = { failures: [], statuses: new Map(), codes: new Set() };
  const crash = (error: unknown) => result.failures.push({ why: `crash: ${error}`, request: '', answer: '' });
  process.on('unhandledRejection', crash);

  async function send(request: Sent): Promise<void> {
    troubles.length = 0;
    const { status, text } = await gateway
      .fetch('http://localhost/graphql', { method: 'POST', ...request })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((error: unknown) => ({ status: 599, text: String(error) }));
    result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1);
    for (const [, code = ''] of text.matchAll(/"code":"([A-Z_]+)"/g)) result.codes.add(code);
    const why = complaint(status, text) ?? (troubles.length > 0 ? `in the log: ${troubles[0]}` : undefined);
    if (why) result.failures.push({ why, request: request.body.slice(0, 2_000), answer: text.slice(0, 500) });
  }

  for (let sent = 0; sent < count; sent += BATCH) {
    const batch = fc.sample(arbitrary, { seed: seed + sent, numRuns: Math.min(BATCH, count - sent) }).values();
    const sender = async () => {
      for (const request of batch) await send(request);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    launchDarkly.requests.length = 0;
    unleash.requests.length = 0;
  }
  await new Promise(setImmediate);
  process.off('unhandledRejection', crash);
  await gateway.dispose();
  await Promise.all(sources.map((source) => source.close()));
  return result;
}

function complaint(status: number, text: string): string | undefined {
  if (status >= 500) return `status ${status}`;
  if (/Unexpected error|node_modules|\.ts:\d|INTERNAL_SERVER_ERROR/.test(text)) return 'an unexpected error';
  return uncodedIn(text);
}

/** Every error has a code, in any part of the answer. */
function uncodedIn(text: string): string | undefined {
  const parts = text.startsWith('{')
    ? [text]
    : text.split(/\r?\n/).flatMap((line) => /^(?:data: )?(\{.*)/.exec(line)?.[1] ?? []);
  const errors = parts.flatMap((part) => {
    const { errors: own = [], incremental = [] } = JSON.parse(part) as Part;
    return [...own, ...incremental.flatMap(({ errors: later = [] }) => later)];
  });
  return errors.every(({ extensions }) => typeof extensions?.code === 'string') ? undefined : 'an error without a code';
}

interface Part {
  errors?: { extensions?: { code?: unknown } }[];
  incremental?: Part[];
}

interface Sent {
  headers: Record<string, string>;
  body: string;
}

type Text = fc.Arbitrary<string>;

const JSON_TYPE = { 'content-type': 'application/json' };
const ACCEPTED = [
  'application/graphql-response+json',
  'application/json',
  'multipart/mixed, application/json',
  '*/*',
  'text/event-stream',
  'image/png',
];
const odd = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '0',
    '-1',
    'null',
    'İ'.repeat(240),
    '\u0000',
    '\ud800',
    '__proto__',
    'constructor',
    'e30',
    '💥',
  ),
  fc.string({ maxLength: 40, unit: 'binary' }),
  fc.base64String({ maxLength: 200 }),
);

function requestArbitrary(schema: GraphQLSchema): fc.Arbitrary<Sent> {
  const query = schema.getQueryType();
  if (!query) throw new Error('There are no queries.');
  const operation = fc
    .array(fieldOf(Object.values(query.getFields()), schema, 4), { minLength: 1, maxLength: 3 })
    .chain((fields) => fc.constantFrom('', 'query ', 'query A ').map((head) => `${head}{ ${named(fields)} }`));
  const document = fc.oneof({ weight: 6, arbitrary: operation }, { weight: 2, arbitrary: operation.chain(broken) });
  const variables = fc.option(fc.dictionary(fc.constantFrom('a', 'f', '__proto__', 'first'), fc.jsonValue()), {
    nil: undefined,
  });
  const whole = fc.record({ query: document, variables }).map((body) => JSON.stringify(body));
  const body = fc.oneof(
    { weight: 12, arbitrary: whole },
    { weight: 1, arbitrary: whole.chain(broken) },
    { weight: 1, arbitrary: fc.json() },
  );
  return fc.record({
    headers: fc.constantFrom(...ACCEPTED).map((accept) => ({ ...JSON_TYPE, accept })),
    body,
  });
}

/** With aliases, so that the arguments of equal fields do not clash. */
function named(fields: readonly string[]): string {
  return fields
    .map((field, index) => (index === 0 || field.startsWith('...') ? field : `a${index}: ${field}`))
    .join(' ');
}

/** A piece is left out, repeated or replaced. */
function broken(text: string): Text {
  return fc
    .record({ at: fc.nat(text.length), length: fc.nat(12), what: fc.constantFrom('gone', 'twice', 'odd'), odd })
    .map(({ at, length, odd: other, what }) => {
      const piece = text.slice(at, at + length);
      const put = what === 'gone' ? '' : what === 'twice' ? piece + piece : other;
      return text.slice(0, at) + put + text.slice(at + length);
    });
}

function fieldOf(fields: readonly GraphQLField<unknown, unknown>[], schema: GraphQLSchema, depth: number): Text {
  return fc.constantFrom(...fields).chain((field) => {
    const args = field.args.map(({ name, type }) => {
      const value = inputOf(type, depth).map((text) => `${name}: ${text}`);
      return isNonNullType(type) ? value : fc.option(value, { nil: '', freq: 2 });
    });
    const given = fc.tuple(...args).map((texts) => {
      const all = texts.filter(Boolean).join(', ');
      return all ? `(${all})` : '';
    });
    const directive = fc.oneof(
      { weight: 20, arbitrary: fc.constant('') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          ' @include(if: true)',
          ' @skip(if: true)',
          ' @stream(initialCount: 1)',
          ' @stream(initialCount: -1)',
        ),
      },
    );
    return fc
      .tuple(given, directive, selectionOf(field.type, schema, depth - 1))
      .map(([texts, mark, set]) => `${field.name}${texts}${mark}${set}`);
  });
}

function selectionOf(type: GraphQLOutputType, schema: GraphQLSchema, depth: number): Text {
  const target = getNamedType(type);
  if (isAbstractType(target) || isObjectType(target)) {
    if (depth <= 0) return fc.constant(' { __typename }');
    const own = 'getFields' in target ? Object.values(target.getFields()) : [];
    const fragments = isAbstractType(target)
      ? schema
          .getPossibleTypes(target)
          .map((possible) =>
            fc
              .tuple(fc.constantFrom('', ' @defer'), selectionOf(possible, schema, depth))
              .map(([mark, set]) => `... on ${possible.name}${mark}${set}`),
          )
      : [];
    const choices = [...(own.length > 0 ? [fieldOf(own, schema, depth)] : []), ...fragments];
    return fc
      .array(fc.oneof(...choices), { minLength: 1, maxLength: 4 })
      .map((fields) => ` { __typename ${named(fields)} }`);
  }
  return fc.constant('');
}

function inputOf(type: GraphQLInputType, depth: number): Text {
  const inner = getNullableType(type);
  const quoted = odd.map((text) => JSON.stringify(text));
  if (isListType(inner))
    return fc.array(inputOf(inner.ofType, depth), { maxLength: 3 }).map((all) => `[${all.join(', ')}]`);
  if (isEnumType(inner)) return fc.constantFrom(...inner.getValues().map(({ name }) => name), 'NOPE');
  if (isInputObjectType(inner)) {
    const fields = Object.values(inner.getFields()).map((field) =>
      fc.option(
        inputOf(field.type, depth).map((text) => `${field.name}: ${text}`),
        { nil: '', freq: 1 },
      ),
    );
    return fc.tuple(...fields).map((all) => `{ ${all.filter(Boolean).slice(0, 3).join(', ')} }`);
  }
  switch (inner.name) {
    case 'Int':
      return fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constantFrom(-1, 100, 101, 2147483647)).map(String);
    case 'DateTime':
      return fc.oneof(
        { weight: 4, arbitrary: fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date.toISOString())) },
        { weight: 1, arbitrary: quoted },
      );
    case '_Any':
      return fc.constantFrom(
        '{ __typename: "FeatureFlag", key: "dark-mode" }',
        '{ __typename: "FlagEvent", id: "e30" }',
        '{ __typename: "Nope" }',
        '{}',
        '1',
      );
    default:
      return quoted;
  }
}
