/**
 * Executes a planned query as graphql-js does: the same answers, errors, nulls and calls of resolvers, in the same order.
 * What it leaves out is what a plan knows already, and promises, paths and arguments for which nobody asks. What waits is
 * bound, because V8 makes room for what closures need at every call of the function around them, also where nothing waits.
 */
import {
  defaultTypeResolver,
  type ExecutionResult,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getArgumentValues,
  locatedError,
} from 'graphql';
import type { FieldPlan, ObjectPlan, OperationPlan, Shape } from './plan.ts';

type MaybePromise<T> = Promise<T> | T;
type Answer = Record<string, unknown>;
type AbstractShape = Extract<Shape, { kind: 'abstract' }>;
type Path = NonNullable<GraphQLResolveInfo['path']>;

export interface RunOptions {
  rootValue: unknown;
  contextValue: unknown;
  /** Coerced. */
  variableValues: Readonly<Record<string, unknown>>;
}

interface Run extends RunOptions {
  plan: OperationPlan;
  errors: GraphQLError[];
  /** Where the answer is null because of an error, as joined keys. What fails below it later is no error of the answer. */
  nulls: Set<string>;
  /** The arguments of a field are the same for every item of the answer. Resolvers do not change them. */
  args: Map<FieldPlan, Record<string, unknown>>;
}

export function runPlan(plan: OperationPlan, options: RunOptions): MaybePromise<ExecutionResult> {
  const run: Run = { ...options, plan, errors: [], nulls: new Set(), args: new Map() };
  const answer = (data: Answer | null): ExecutionResult =>
    run.errors.length === 0 ? { data } : { errors: run.errors, data };
  const fail = (error: unknown) => {
    addError(run, error as GraphQLError, []);
    return answer(null);
  };
  try {
    const data = runFields(run, plan.root, options.rootValue, undefined);
    return isPromise(data) ? data.then(answer, fail) : answer(data);
  } catch (error) {
    return fail(error);
  }
}

function runFields(run: Run, { fields }: ObjectPlan, source: unknown, path: Path | undefined): MaybePromise<Answer> {
  const answer: Answer = {};
  let isPending = false;
  try {
    for (const field of fields) {
      const value = runField(run, field, source, path);
      answer[field.key] = value;
      if (isPromise(value)) isPending = true;
    }
  } catch (error) {
    if (!isPending) throw error;
    // What the other fields promised must not be left to nobody: it may reject as well.
    return whenAllThere(answer).finally(() => {
      throw error;
    });
  }
  return isPending ? whenAllThere(answer) : answer;
}

async function whenAllThere(answer: Answer): Promise<Answer> {
  const values = await Promise.all(Object.values(answer));
  return Object.fromEntries(Object.keys(answer).map((key, index) => [key, values[index]]));
}

function runField(run: Run, field: FieldPlan, source: unknown, parent: Path | undefined): unknown {
  const { key, parentType, shape } = field;
  const info = new Info(run, field, parent);
  try {
    const value = resolveField(run, field, source, info);
    const completed = isPromise(value)
      ? value.then(complete.bind(undefined, run, shape, info, parent, key, parentType.name))
      : complete(run, shape, info, parent, key, parentType.name, value);
    if (!isPromise(completed)) return completed;
    return completed.then(undefined, failField.bind(undefined, run, shape, info, info.path));
  } catch (error) {
    return failField(run, shape, info, info.path, error);
  }
}

function resolveField(run: Run, field: FieldPlan, source: unknown, info: Info): unknown {
  if (field.resolve) return field.resolve(source, argumentsOf(run, field), run.contextValue, info);
  if ((typeof source !== 'object' || source === null) && typeof source !== 'function') return undefined;
  const holder = source as Record<string, unknown>;
  const { name } = field.definition;
  const property = holder[name];
  if (typeof property !== 'function') return property;
  return property.call(holder, argumentsOf(run, field), run.contextValue, info);
}

function argumentsOf(run: Run, field: FieldPlan): Record<string, unknown> {
  if (!field.hasArguments) return {};
  const known = run.args.get(field);
  if (known) return known;
  const args = getArgumentValues(field.definition, field.nodes[0], run.variableValues);
  run.args.set(field, args);
  return args;
}

/** Throws what the field, or the item of a list, has failed with. */
function complete(
  run: Run,
  shape: Shape,
  info: Info,
  parent: Path | undefined,
  key: string | number,
  typename: string | undefined,
  value: unknown,
): unknown {
  if (value instanceof Error) throw value;
  if (value === null || value === undefined) {
    if (!shape.isNonNull) return null;
    throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
  }
  switch (shape.kind) {
    case 'leaf': {
      const printed = shape.type.serialize(value);
      if (printed !== null && printed !== undefined) return printed;
      throw new Error(`\`${shape.type}.serialize\` has returned nothing for a value.`);
    }
    case 'list':
      return completeList(run, shape.item, info, value, { prev: parent, key, typename });
    case 'object':
      return completeObject(run, shape.plan(), info, value, { prev: parent, key, typename });
    case 'abstract':
      return completeAbstract(run, shape, info, value, { prev: parent, key, typename });
  }
}

function completeList(run: Run, shape: Shape, info: Info, value: unknown, path: Path): MaybePromise<unknown[]> {
  if (typeof value !== 'object' || typeof (value as Iterable<unknown>)[Symbol.iterator] !== 'function') {
    throw new GraphQLError(
      `Expected Iterable, but did not find one for field "${info.parentType.name}.${info.fieldName}".`,
    );
  }
  const items: unknown[] = [];
  let isPending = false;
  try {
    for (const item of value as Iterable<unknown>) {
      const completed = completeItem(run, shape, info, item, path, items.length);
      if (isPromise(completed)) isPending = true;
      items.push(completed);
    }
  } catch (error) {
    // graphql-js leaves these to nobody, and a rejection of nobody's ends the process.
    for (const each of Array.isArray(value) ? [...items, ...value] : items) if (isPromise(each)) each.catch(() => {});
    throw error;
  }
  return isPending ? Promise.all(items) : items;
}

function completeItem(run: Run, shape: Shape, info: Info, item: unknown, list: Path, index: number): unknown {
  try {
    const completed = isPromise(item)
      ? item.then(complete.bind(undefined, run, shape, info, list, index, undefined))
      : complete(run, shape, info, list, index, undefined, item);
    if (!isPromise(completed)) return completed;
    return completed.then(undefined, failField.bind(undefined, run, shape, info, toItem(list, index)));
  } catch (error) {
    return failField(run, shape, info, toItem(list, index), error);
  }
}

function toItem(list: Path, index: number): Path {
  return { prev: list, key: index, typename: undefined };
}

function completeAbstract(
  run: Run,
  shape: AbstractShape,
  info: Info,
  value: unknown,
  path: Path,
): MaybePromise<Answer> {
  const { type } = shape;
  const typename = (type.resolveType ?? defaultTypeResolver)(value, run.contextValue, info, type);
  return isPromise(typename)
    ? typename.then(completeAs.bind(undefined, run, shape, info, value, path))
    : completeAs(run, shape, info, value, path, typename);
}

function completeAs(
  run: Run,
  { plan, type }: AbstractShape,
  info: Info,
  value: unknown,
  path: Path,
  typename: unknown,
): MaybePromise<Answer> {
  if (typeof typename === 'string') return completeObject(run, plan(typename), info, value, path);
  throw new GraphQLError(
    `Abstract type "${type.name}" must resolve to an Object type at runtime for field "${info.parentType.name}.${info.fieldName}". Either the "${type.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
    { nodes: info.fieldNodes },
  );
}

function completeObject(run: Run, plan: ObjectPlan, info: Info, value: unknown, path: Path): MaybePromise<Answer> {
  const { type } = plan;
  if (!type.isTypeOf) return runFields(run, plan, value, path);
  const isTypeOf = type.isTypeOf(value, run.contextValue, info);
  return isPromise(isTypeOf)
    ? isTypeOf.then(completeIf.bind(undefined, run, plan, info, value, path))
    : completeIf(run, plan, info, value, path, isTypeOf);
}

function completeIf(
  run: Run,
  plan: ObjectPlan,
  info: Info,
  value: unknown,
  path: Path,
  isTypeOf: boolean,
): MaybePromise<Answer> {
  if (isTypeOf) return runFields(run, plan, value, path);
  throw new GraphQLError(`Expected value of type "${plan.type.name}" but got another.`, { nodes: info.fieldNodes });
}

/** A field that may be null is null; one that may not fails what it belongs to. */
function failField(run: Run, shape: Shape, { fieldNodes }: Info, path: Path, thrown: unknown): null {
  const keys = toKeys(path);
  const error = locatedError(thrown, fieldNodes, keys);
  if (shape.isNonNull) throw error;
  addError(run, error, keys);
  return null;
}

function addError({ errors, nulls }: Run, error: GraphQLError, keys: readonly (string | number)[]): void {
  const place = (length: number) => keys.slice(0, length).join('.');
  for (let length = 0; length <= keys.length; length += 1) if (nulls.has(place(length))) return;
  nulls.add(place(keys.length));
  errors.push(error);
}

function toKeys(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at: Path | undefined = path; at; at = at.prev) keys.push(at.key);
  return keys.reverse();
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<unknown>).then === 'function';
}

/** What a resolver is told of its field. Most ask for nothing of it. */
class Info implements GraphQLResolveInfo {
  private readonly run: Run;
  private readonly field: FieldPlan;
  private readonly parent: Path | undefined;

  constructor(run: Run, field: FieldPlan, parent: Path | undefined) {
    this.run = run;
    this.field = field;
    this.parent = parent;
  }

  get fieldName(): string {
    return this.field.definition.name;
  }
  get fieldNodes(): FieldPlan['nodes'] {
    return this.field.nodes;
  }
  get returnType(): GraphQLResolveInfo['returnType'] {
    return this.field.definition.type;
  }
  get parentType(): GraphQLObjectType {
    return this.field.parentType;
  }
  get path(): Path {
    return { prev: this.parent, key: this.field.key, typename: this.field.parentType.name };
  }
  get schema(): GraphQLResolveInfo['schema'] {
    return this.run.plan.schema;
  }
  get fragments(): GraphQLResolveInfo['fragments'] {
    return this.run.plan.fragments;
  }
  get rootValue(): unknown {
    return this.run.rootValue;
  }
  get operation(): GraphQLResolveInfo['operation'] {
    return this.run.plan.operation;
  }
  get variableValues(): Readonly<Record<string, unknown>> {
    return this.run.variableValues;
  }

  // Of graphql 17: graphql-tools adds them to the types of 16, where nobody asks for them.
  getAbortSignal(): undefined {
    return undefined;
  }
  getAsyncHelpers(): never {
    throw new Error('There are none before graphql 17.');
  }
}
