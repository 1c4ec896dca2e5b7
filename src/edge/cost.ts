/** What an answer may hold if every page is full: estimated from the document and the variables, before anything is asked. */
import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isIntrospectionType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { type ComplexityEstimator, getComplexity } from 'graphql-query-complexity';
import { z } from 'zod';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../graph/connection.ts';
import { MAX_CURSOR_LENGTH } from '../timeline/cursor.ts';
import { fragmentsOf } from './selections.ts';

export interface Estimated {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | undefined;
  variables: Readonly<Record<string, unknown>>;
}

/** Fields that one part of an answer costs as much as: it is found, collected and sent on its own. */
const PART_FIELDS = 50;

/** Fields that a page of events costs as much as, before anything is on it: it is asked for, merged and given cursors. */
const PAGE_FIELDS = 30;

/** The same of counting events over time: many of them are read. */
const COUNT_FIELDS = 10_000;

/** Averages, in bytes of JSON. A cursor is as long as the longest text of the request, because it carries that on. */
const BYTES = { text: 100, id: 150, json: 2_000, cursor: 300, failure: 400, part: 300 } as const;
const FIXED: Readonly<Record<string, number>> = { Int: 10, Float: 20, Boolean: 5, DateTime: 26 };
const CURSORS = new Set(['cursor', 'startCursor', 'endCursor']);
/** In front of a value: quotation marks, a colon and a comma. */
const AROUND_BYTES = 4;

/** Items of a list of introspection: types, fields, arguments. */
const INTROSPECTED = 7;

/** Fields, and what costs as much as {@link PAGE_FIELDS} or {@link PART_FIELDS} of them. Throws if an argument that is required has no value. */
export function fieldsIn(request: Estimated): number {
  const { document } = request;
  const shape = shapeOf(request);
  const known = counts.get(document)?.get(shape);
  if (known !== undefined) return known;
  const partsAt = createPartCount(document);
  const fields = estimate(request, ({ args, childComplexity, field, node }) => {
    const size = sizeOf(field, args);
    return 1 + ownFields(field) + childComplexity * size + PART_FIELDS * partsAt(node, size);
  });
  if (shape.length <= MAX_SHAPE_LENGTH) {
    const own = counts.get(document);
    if (own && own.size < MAX_SHAPES) own.set(shape, fields);
    else counts.set(document, new Map([[shape, fields]]));
  }
  return fields;
}

/** By document, and by what of the variables has a say in it. */
const counts = new WeakMap<DocumentNode, Map<string, number>>();
const MAX_SHAPES = 50;
const MAX_SHAPE_LENGTH = 500;

/** Numbers, switches, and how long lists are: texts and what is inside of objects make no answer larger. */
function shapeOf({ document, operationName, variables }: Estimated): string {
  const operation = getOperationAST(document, operationName);
  const values = operation?.variableDefinitions?.map(({ variable }) => sayOf(variables[variable.name.value])) ?? [];
  return JSON.stringify([operationName ?? null, ...values]);
}

function sayOf(value: unknown): number | boolean | null | string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  return Array.isArray(value) ? `list of ${value.length}` : typeof value;
}

/** Bytes of an answer with so many fields: exact to a factor of two or so, and free where they cannot be many. */
export function bytesIn(request: Estimated, { atMost, fields }: { fields: number; atMost: number }): number {
  const longest = longestText(request);
  const cursor = Math.max(BYTES.cursor, Math.min(longest, MAX_CURSOR_LENGTH));
  const most = fields * (Math.max(BYTES.json, cursor) + BYTES.failure + longest / PART_FIELDS + longestName(request));
  if (most <= atMost) return most;
  const partsAt = createPartCount(request.document);
  return estimate(request, ({ args, childComplexity, field, node }) => {
    const size = sizeOf(field, args);
    const name = (node.alias ?? node.name).value.length + AROUND_BYTES;
    const parts = partsAt(node, size) * (BYTES.part + longest);
    if (isLeafType(getNamedType(field.type))) return name + leafBytes(field, cursor) + parts;
    const item = isNonNullType(field.type) && !isListType(field.type.ofType) ? 0 : BYTES.failure;
    return name + Math.max(childComplexity, item) * size + parts;
  });
}

function leafBytes({ name, type }: Parameters<ComplexityEstimator>[0]['field'], cursor: number): number {
  if (CURSORS.has(name)) return cursor;
  const leaf = getNamedType(type).name;
  return leaf === 'JSON' ? BYTES.json : leaf === 'ID' ? BYTES.id : (FIXED[leaf] ?? BYTES.text);
}

/** A cost that cannot be computed must not count as zero. */
function estimate({ document, operationName, schema, variables }: Estimated, estimator: ComplexityEstimator): number {
  const name = operationName === undefined ? {} : { operationName };
  try {
    return getComplexity({ schema, query: document, variables, estimators: [estimator], ...name });
  } catch (error) {
    if (error instanceof GraphQLError && !/^Query exceeds/.test(error.message)) throw error;
    return Number.POSITIVE_INFINITY;
  }
}

function sizeOf(
  { args, extensions, type }: Parameters<ComplexityEstimator>[0]['field'],
  values: Record<string, unknown>,
): number {
  if (isPaged({ args })) {
    // A page size out of range is refused by the resolver, which names the argument.
    const size = Number(values.first ?? values.last ?? DEFAULT_PAGE_SIZE);
    return Math.min(Math.max(size, 0), MAX_PAGE_SIZE);
  }
  if (!isListType(getNullableType(type))) return 1;
  if (isIntrospectionType(getNamedType(type))) return INTROSPECTED;
  const keys = Object.values(values).find(Array.isArray);
  return keys?.length ?? assumedSizeOf(extensions) ?? 1;
}

/** A page that is read for this field, not one cut out of a list that is there. */
function ownFields({ args }: Pick<Parameters<ComplexityEstimator>[0]['field'], 'args'>): number {
  if (args.some(({ name }) => name === 'buckets')) return COUNT_FIELDS;
  return isTimeline({ args }) ? PAGE_FIELDS : 0;
}

function isTimeline({ args }: Pick<Parameters<ComplexityEstimator>[0]['field'], 'args'>): boolean {
  return isPaged({ args }) && args.some(({ name }) => name === 'filter');
}

function isPaged({ args }: Pick<Parameters<ComplexityEstimator>[0]['field'], 'args'>): boolean {
  return args.some(({ name }) => name === 'first');
}

/** Of a list without a page size that may be long: as its `@listSize` says. */
function assumedSizeOf(extensions: unknown): number | undefined {
  return listSizeSchema.safeParse(extensions).data?.directives.listSize[0].assumedSize;
}

const listSizeSchema = z.object({
  directives: z.object({ listSize: z.tuple([z.object({ assumedSize: z.int() })]) }),
});

/** How many later parts a field adds to the answer: deferred fragments for each of its items, and items that are streamed. */
function createPartCount(document: DocumentNode): (field: FieldNode, size: number) => number {
  const { hasParts } = measured(document);
  if (!hasParts) return () => 0;
  const fragments = fragmentsOf(document);
  const counted = new Map<SelectionSetNode, number>();
  const deferredIn = (set: SelectionSetNode | undefined): number => {
    if (set === undefined) return 0;
    const known = counted.get(set);
    if (known !== undefined) return known;
    // Fragments in a circle are refused elsewhere.
    counted.set(set, 0);
    const count = set.selections.reduce((sum, node) => {
      if (node.kind === Kind.FIELD) return sum;
      const inner =
        node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments.get(node.name.value)?.selectionSet;
      return sum + (isMarked(node, 'defer') ? 1 : 0) + deferredIn(inner);
    }, 0);
    counted.set(set, count);
    return count;
  };
  return (field, size) => size * (deferredIn(field.selectionSet) + (isMarked(field, 'stream') ? 1 : 0));
}

function isMarked({ directives }: Pick<FieldNode, 'directives'>, directive: string): boolean {
  return directives?.some(({ name }) => name.value === directive) ?? false;
}

interface Measured {
  hasParts: boolean;
  longestText: number;
  longestName: number;
}

const measures = new WeakMap<DocumentNode, Measured>();

/** Once for each document. */
function measured(document: DocumentNode): Measured {
  const known = measures.get(document);
  if (known) return known;
  const found: Measured = { hasParts: false, longestText: 0, longestName: 0 };
  visit(document, {
    Directive({ name }) {
      found.hasParts ||= name.value === 'defer' || name.value === 'stream';
    },
    StringValue({ value }) {
      found.longestText = Math.max(found.longestText, value.length);
    },
    Name({ value }) {
      found.longestName = Math.max(found.longestName, value.length);
    },
  });
  measures.set(document, found);
  return found;
}

/** Of the texts that an answer may repeat, again and again: cursors, and labels of its parts. */
function longestText({ document, variables }: Estimated): number {
  const lengths = Object.values(variables).map((value) => (typeof value === 'string' ? value.length : 0));
  return Math.max(measured(document).longestText, ...lengths);
}

function longestName({ document }: Estimated): number {
  return measured(document).longestName;
}
