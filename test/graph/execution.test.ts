import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLArgument,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  execute as graphqlExecute,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  print,
  type TypeNode,
  validate,
} from 'graphql';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExecutor } from '../../src/graph/execution/executor.ts';
import { createSchema } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';
import { connectBoth, type Execute, type InProcess } from '../support/in-process.ts';
import { type Choose, createRandomQuery } from '../support/random-query.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';

const SEED = 20_260_101;
const NOW = Date.now();

/** As the gateway executes; fails where it should have been planned and was not. */
function createPlanned(): Execute {
  const execute = createExecutor();
  return (args) =>
    execute(args, () => {
      throw new Error(`Not planned: ${print(args.document)}`);
    });
}

function isPlanned(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): boolean {
  const operation = getOperationAST(document);
  return getVariableValues(schema, operation?.variableDefinitions ?? [], variables).errors === undefined;
}

describe('plans of the gateway’s own graph', () => {
  let both: BothSandboxes;
  let inProcess: InProcess;
  let ordinary: Execute;
  let ids: string[];
  const schema = createSchema(definitions, { nodeField: 'owner', userType: 'User' });
  const planned = createPlanned();

  beforeAll(async () => {
    both = await startBoth();
    inProcess = connectBoth(both, { now: () => NOW, pageCacheMs: 600_000 });
    ordinary = await ordinaryOf(schema);
    const answer = await inProcess.run(graphqlExecute, schema, {
      document: parse('{ flagEvents(first: 60) { nodes { id actor { name } } } }'),
    });
    ids = (answer.data as { flagEvents: { nodes: { id: string }[] } }).flagEvents.nodes.map(({ id }) => id);
  });
  afterAll(async () => {
    await inProcess[Symbol.asyncDispose]();
    await both[Symbol.asyncDispose]();
  });

  async function expectSame(document: DocumentNode, variableValues: Record<string, unknown>): Promise<ExecutionResult> {
    const [own, yogas, graphqls] = [
      await inProcess.run(planned, schema, { document, variableValues }),
      await inProcess.run(ordinary, schema, { document, variableValues }),
      await inProcess.run(graphqlExecute, schema, { document, variableValues }),
    ];
    expect(toText(own)).toEqual(toText(yogas));
    expect(toText(own)).toEqual(toText(graphqls));
    return own;
  }

  it('answer every query in the tests, the manual and the operations as the ordinary executor does', async () => {
    const documents = await documentsOf(schema);
    expect(documents.length).toBeGreaterThan(90);
    let compared = 0;
    for (const document of documents) {
      for (const yes of [true, false]) {
        const variables = variablesFor(document, ids, yes);
        if (!isPlanned(schema, document, variables)) continue;
        await expectSame(document, variables);
        compared += 1;
      }
    }
    // All but those whose variables cannot be guessed.
    expect(compared).toBeGreaterThan(1.8 * documents.length);
  }, 300_000);

  it.for<[string, string, Record<string, unknown>]>([
    ['an unknown id', '{ node(id: "junk") { id } }', {}],
    [
      'a page size out of range, in one of two fields',
      '{ a: flagEvents(first: 500) { nodes { id } } flagSources { id } }',
      {},
    ],
    [
      'an argument whose variable is missing',
      'query ($n: Int) { flagEvents(first: $n, after: "x") { nodes { id } } }',
      {},
    ],
    [
      'ids of which one is bad',
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      { ids: ['junk', 'RmVhdHVyZUZsYWc6YQ=='] },
    ],
    [
      'entities of which two are bad',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on FeatureFlag { key } } }',
      {
        r: [
          { __typename: 'FeatureFlag', key: 'a' },
          { __typename: 'Unheard' },
          7,
          { __typename: 'User', email: 'a@b.c' },
        ],
      },
    ],
    ['the subgraph', '{ _service { sdl } }', {}],
    [
      'introspection',
      '{ __schema { types { name fields(includeDeprecated: true) { name type { kind ofType { name } } } } } __type(name: "FlagEvent") { possibleTypes { name } } __typename }',
      {},
    ],
    [
      'a filter with variables inside',
      'query ($t: [String!], $k: FlagEventKind!) { flagEvents(first: 5, filter: { types: $t, kinds: [$k, DELETED] }) { nodes { id } } }',
      { k: 'CREATED' },
    ],
  ])('answer %s alike', async ([, text, variables]) => {
    await expectSame(parse(text), variables);
  });

  it('answer a source that is down alike', async () => {
    await using fresh = connectBoth(both, { now: () => NOW });
    using outage = both.unleash.faults.always({ kind: 'html', status: 502 });
    expect(outage).toBeDefined();
    const document = parse(
      '{ flagEvents(first: 3) { nodes { id } sources { status failure { code } } } node(id: "RmVhdHVyZUZsYWc6YQ==") { id } }',
    );
    const [own, yogas] = [
      await fresh.run(planned, schema, { document }),
      await fresh.run(ordinary, schema, { document }),
    ];
    expect(own.data).toMatchObject({ flagEvents: { sources: [{ status: 'OK' }, { status: 'FAILED' }] } });
    expect(toText(own)).toEqual(toText(yogas));
  });

  it('answer whatever else clients may ask alike', async () => {
    await fc.assert(
      fc.asyncProperty(tape, async (numbers) => {
        const { text, variables } = createRandomQuery(schema, numbers, {
          literalOf: literalFor(ids),
          // It changes with every call.
          without: ['rateLimit'],
        });
        const document = parse(text);
        fc.pre(validate(schema, document).length === 0);
        await expectSame(document, variables);
      }),
      { numRuns: 150, seed: SEED },
    );
  }, 300_000);
});

describe('plans of any graph', () => {
  const planned = createPlanned();
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  const vitests = process.listeners('unhandledRejection');
  beforeAll(() => {
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', note);
  });
  afterAll(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of vitests) process.on('unhandledRejection', listener);
  });

  it('give the same answers, errors and nulls, and call the same resolvers in the same order, as graphql-js', async () => {
    await fc.assert(
      fc.asyncProperty(tape, fc.nat(), async (numbers, salt) => {
        const calls: string[] = [];
        const schema = createTroubled(salt, calls);
        const { text, variables } = createRandomQuery(schema, numbers, {
          literalOf: (argument, choose) => (argument.name === 'x' ? [undefined, '1', 'null'][choose(3)] : '{ s: "t" }'),
        });
        const document = parse(text);
        fc.pre(validate(schema, document).length === 0);
        const args = { schema, document, variableValues: variables };
        const own = (await planned(args)) as ExecutionResult;
        await nextTurn();
        const ownCalls = calls.splice(0);
        expect(rejections.splice(0)).toEqual([]);
        const other = await graphqlExecute(args);
        await nextTurn();
        // graphql-js leaves some behind when an item of a list fails the list: that ends a process.
        rejections.length = 0;
        expect(toText(own)).toEqual(toText(other));
        expect(ownCalls).toEqual(calls);
      }),
      { numRuns: 1_500, seed: SEED },
    );
  }, 120_000);

  it('leave nobody’s rejection behind when another field fails what both belong to', async () => {
    const schema = buildSchema('type Query { a: Pair } type Pair { late: String! now: String! }');
    const document = parse('{ a { late now } }');
    const rootValue = {
      a: {
        late: async () => {
          await Promise.resolve();
          throw new Error('late');
        },
        now: () => {
          throw new Error('now');
        },
      },
    };
    const args = { schema, document, rootValue };
    expect(toText((await planned(args)) as ExecutionResult)).toEqual(toText(await graphqlExecute(args)));
    await nextTurn();
    expect(rejections.splice(0)).toEqual([]);
  });
});

describe('createExecutor', () => {
  const schema = buildSchema(`
    directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @stream(initialCount: Int = 0) on FIELD
    type Query { a(x: Int): String list: [Int!] }
    type Mutation { a: String }
  `);
  const rootValue = { a: ({ x }: { x?: number }) => `a${x ?? ''}`, list: [1] };
  const run = (text: string, options: { variableValues?: Record<string, unknown>; operationName?: string } = {}) =>
    createExecutor()({ schema, document: parse(text), rootValue, ...options }, () => 'ordinary');

  it.for<[string, string, { variableValues?: Record<string, unknown>; operationName?: string }?]>([
    ['@defer', '{ ... @defer { a } }'],
    ['@stream', '{ list @stream }'],
    ['a mutation', 'mutation { a }'],
    ['an operation that is not there', 'query A { a }', { operationName: 'B' }],
    ['several operations and no name', 'query A { a } query B { a }'],
    ['variables of the wrong type', 'query ($x: Int) { a(x: $x) }', { variableValues: { x: 'one' } }],
    ['variables that are missing', 'query ($x: Int!) { a(x: $x) }'],
    ['a key that no plain object can have', '{ __proto__: a }'],
  ])('leaves %s to the ordinary executor', ([, text, options]) => {
    expect(run(text, options)).toBe('ordinary');
  });

  it('runs nothing that a document says: not the date that graphql-jit evaluates', () => {
    const text = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dglobalThis.evaluated = true';
    const echo = buildSchema('type Query { echo(text: String): String }');
    const document = parse(`{ echo(text: ${JSON.stringify(text)}) }`);
    const args = { schema: echo, document, rootValue: { echo: (given: { text: string }) => given.text } };
    expect(createPlanned()(args)).toEqual({ data: { echo: text } });
    expect('evaluated' in globalThis).toBe(false);
  });

  it('forgets plans beyond its bound in bytes, and executes all the same', () => {
    const execute = createExecutor({ maxBytes: 100_000 });
    const documents = Array.from({ length: 200 }, (_, index) => parse(`{ ${`a${index}: a `.repeat(50)} }`));
    for (const document of [...documents, ...documents]) {
      const answer = execute({ schema, document, rootValue }, () => 'ordinary') as ExecutionResult;
      expect(Object.values(answer.data ?? {})).toEqual(['a']);
    }
  });

  it('takes the plan that fits the variables of each request', () => {
    const execute = createExecutor();
    const document = parse('query ($x: Int, $with: Boolean!) { a(x: $x) list @include(if: $with) }');
    const answers = [true, false, true].map((value, x) =>
      execute({ schema, document, rootValue, variableValues: { x, with: value } }, () => 'ordinary'),
    );
    expect(answers).toEqual([
      { data: { a: 'a0', list: [1] } },
      { data: { a: 'a1' } },
      { data: { a: 'a2', list: [1] } },
    ]);
  });
});

const tape = fc.array(fc.nat({ max: 1_000 }), { minLength: 40, maxLength: 120 });

/** As it is sent. A value that is of the wrong type is a fault of ours, masked for clients: it need not be quoted alike. */
function toText(result: ExecutionResult): unknown {
  return JSON.parse(JSON.stringify(result).replaceAll(/(but got).*?(?=","locations")/g, '$1'));
}

/** The executor that a plan stands in for: Yoga's own. */
async function ordinaryOf(schema: GraphQLSchema): Promise<Execute> {
  let found: Execute | undefined;
  const yoga = createYoga({
    schema,
    logging: false,
    plugins: [
      {
        onExecute({ executeFn }: { executeFn: unknown }) {
          found = executeFn as Execute;
        },
      },
    ],
  });
  await yoga.fetch('http://localhost/graphql?query={__typename}');
  if (!found) throw new Error('Yoga has not executed.');
  return found;
}

/** What stands for a constant inside a query of a test. */
const EXPERIMENTS = '... on LaunchDarklyFlagEvent { experiments { nodes { key } } }';

/** Every query that stands in a test, in the manual or among the operations, and is valid by itself. */
async function documentsOf(schema: GraphQLSchema): Promise<DocumentNode[]> {
  const root = new URL('../../', import.meta.url);
  const operations = await readFile(new URL('schema/generated/persisted-documents.json', root), 'utf8');
  const found = new Map<string, DocumentNode>();
  const consider = (text: string) => {
    for (const candidate of [text, `{ ${text} }`]) {
      const document = toQuery(schema, candidate);
      if (document) return void found.set(print(document), document);
    }
  };
  for (const folder of ['test', 'docs', 'schema/examples']) {
    for (const entry of await readdir(new URL(folder, root), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || /node_modules|__generated__/.test(entry.parentPath)) continue;
      const content = await readFile(`${entry.parentPath}/${entry.name}`, 'utf8');
      if (entry.name.endsWith('.graphql')) consider(content);
      if (entry.name.endsWith('.md'))
        for (const [, block = ''] of content.matchAll(/```graphql\n(.*?)```/gs)) consider(block);
      if (!entry.name.endsWith('.ts')) continue;
      for (const pattern of [/`([^`]*)`/g, /'([^'\n]*)'/g, /"([^"\n]*)"/g]) {
        for (const [, text = ''] of content.matchAll(pattern)) {
          if (text.includes('{')) consider(text.replaceAll(/\$\{[A-Z]+\}/g, EXPERIMENTS));
        }
      }
    }
  }
  for (const operation of Object.values<string>(JSON.parse(operations))) consider(operation);
  return [...found.values()];
}

function toQuery(schema: GraphQLSchema, text: string): DocumentNode | undefined {
  try {
    const document = parse(text, { maxTokens: 5_000 });
    const used = withoutUnusedFragments(document);
    const operations = used.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    const isQuery = operations.length === 1 && operations[0]?.operation === OperationTypeNode.QUERY;
    const isPlain = !/@defer|@stream|__proto__/.test(print(used));
    return isQuery && isPlain && validate(schema, used).length === 0 ? used : undefined;
  } catch {
    return undefined;
  }
}

function withoutUnusedFragments(document: DocumentNode): DocumentNode {
  const isUsed = (name: string, definitions: DocumentNode['definitions']) =>
    definitions.some((each) => new RegExp(`\\.\\.\\.${name}\\b`).test(print(each)));
  const definitions = document.definitions.filter(
    (each, _index, all) => each.kind !== Kind.FRAGMENT_DEFINITION || isUsed(each.name.value, all),
  );
  return definitions.length === document.definitions.length
    ? document
    : withoutUnusedFragments({ ...document, definitions });
}

function variablesFor(document: DocumentNode, ids: readonly string[], yes: boolean): Record<string, unknown> {
  const valueFor = (type: TypeNode, name: string): unknown => {
    if (type.kind === Kind.NON_NULL_TYPE) return valueFor(type.type, name);
    if (type.kind === Kind.LIST_TYPE) return [valueFor(type.type, name)];
    switch (type.name.value) {
      case 'ID':
        return ids[yes ? 0 : 1];
      case 'Int':
        return yes ? 3 : 7;
      case 'Boolean':
        return yes;
      case 'DateTime':
        return new Date(NOW - (/to|until|end/i.test(name) ? 0 : 90) * 24 * 3_600_000).toISOString();
      case 'FlagEventFilter':
        return yes ? {} : { kinds: ['ENABLED', 'DISABLED'] };
      case '_Any':
        return { __typename: 'FlagEvent', id: ids[0] };
      default:
        return /cursor|after|before/.test(name) ? null : 'dark-mode';
    }
  };
  const variables: Record<string, unknown> = {};
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    // Forwards only: `last` and `before` are refused beside `first` and `after`, which is an answer, too.
    for (const { type, variable } of definition.variableDefinitions ?? []) {
      const { value: name } = variable.name;
      if (type.kind === Kind.NON_NULL_TYPE || !/^(last|before|after)$/.test(name))
        variables[name] = valueFor(type, name);
    }
  }
  return variables;
}

function literalFor(ids: readonly string[]) {
  return ({ name, type }: GraphQLArgument, choose: Choose): string | undefined => {
    const id = () => JSON.stringify(ids[choose(ids.length)] ?? 'junk');
    switch (name) {
      case 'first':
        return ['0', '2', '5', '101'][choose(4)];
      case 'id':
        return choose(5) === 0 ? '"junk"' : id();
      case 'ids':
        return `[${id()}, ${id()}, "junk"]`;
      case 'key':
        return '"dark-mode"';
      case 'name':
        return '"FlagEvent"';
      case 'representations':
        return `[{ __typename: "FlagEvent", id: ${id()} }, { __typename: "FeatureFlag", key: "a" }, { __typename: "Unheard" }]`;
      case 'filter':
        return ['{}', '{ kinds: [ENABLED] }', '{ vendors: [UNLEASH] }', '{ actors: [] }', 'null'][choose(5)];
      default:
        return getNamedType(type).name === 'Boolean' ? 'true' : undefined;
    }
  };
}

/** A graph whose fields fail, are null, late, or not what they should be: by the salt and their place in the answer. */
function createTroubled(salt: number, calls: string[]): GraphQLSchema {
  const schema = buildSchema(`
    interface Thing { s: String t: Thing ts: [Thing] }
    input In { s: String n: Int = 4 }
    enum E { A B }
    union Any = One | Two
    type One implements Thing { s: String t: Thing ts: [Thing] sn: String! on: One! ons: [One!]! e: E arg(x: Int = 3, z: In): String! any: Any! }
    type Two implements Thing { s: String t: Thing ts: [Thing] n: Int nn: Int! two: Two anys: [[Any!]] f: Float b: Boolean! i: ID }
    type Query { one: One two: Two on: One! t: Thing! ts: [Thing!] any: Any anys: [Any!]! s: String sn: String! arg(x: Int!, z: In): String }
  `);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if ('resolveType' in type) {
      type.resolveType = (value: { kind?: unknown }) => {
        if (value.kind === 'late') return Promise.resolve('One');
        return value.kind as string;
      };
    }
    if (!isObjectType(type)) continue;
    if (type.name === 'Two') type.isTypeOf = (value) => (value as { kind: unknown }).kind !== 'bad';
    for (const field of Object.values(type.getFields())) {
      field.resolve = (_source, args, _context, info) => {
        const place: (string | number)[] = [];
        for (let at: typeof info.path | undefined = info.path; at; at = at.prev) place.unshift(at.key);
        calls.push(
          `${place.join('.')} ${info.parentType}.${info.fieldName} ${info.fieldNodes.length} ${JSON.stringify(args)}`,
        );
        return trouble(hashOf(`${salt} ${place.join('.')}`), String(field.type));
      };
    }
  }
  return schema;
}

function trouble(hash: number, type: string): unknown {
  const value = () => fieldValue(hash >>> 8, type.replaceAll('!', ''));
  switch (hash % 16) {
    case 0:
      return null;
    case 1:
      return undefined;
    case 2:
      throw new Error(`thrown ${hash}`);
    case 3:
      return new Error(`returned ${hash}`);
    case 4:
      return Promise.reject(new Error(`rejected ${hash}`));
    case 5:
      return Promise.resolve(null);
    case 6:
    case 7:
      return Promise.resolve(value());
    default:
      return value();
  }
}

function fieldValue(hash: number, type: string): unknown {
  if (type.startsWith('[')) {
    if (hash % 11 === 0) return 'no list';
    return Array.from({ length: hash % 4 }, (_, index) => {
      const inner = hashOf(`${hash} ${index}`);
      try {
        return trouble(inner, type.slice(1, -1));
      } catch (error) {
        return error;
      }
    });
  }
  switch (type) {
    case 'String':
    case 'ID':
      return hash % 9 === 0 ? { no: 'text' } : `text ${hash % 100}`;
    case 'Int':
    case 'Float':
      return hash % 9 === 0 ? 'no number' : hash % 100;
    case 'Boolean':
      return true;
    case 'E':
      return hash % 9 === 0 ? 'C' : 'A';
    default:
      return { kind: ['One', 'Two', 'Two', 'late', 'bad', 'Nothing', undefined, 'One'][hash % 8] };
  }
}

function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  return (hash ^ (hash >>> 13)) >>> 0;
}
