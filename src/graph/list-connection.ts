/** A page of a list that is there as a whole, as Relay's specification cuts it out. Its cursors count from the beginning. */
import { BadInputError } from '../errors.ts';

export interface ListArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** Throws {@link BadInputError} naming the argument. @see https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm */
export function pageOfList<T>(items: readonly T[], { after, before, first, last }: ListArguments) {
  const begin = after === null || after === undefined ? 0 : Math.min(items.length, indexIn(after, 'after') + 1);
  const end = before === null || before === undefined ? items.length : indexIn(before, 'before');
  let [from, to] = [begin, Math.max(begin, Math.min(items.length, end))];
  const [most, least] = [sizeOf(first, 'first'), sizeOf(last, 'last')];
  if (most !== undefined) to = Math.min(to, from + most);
  if (least !== undefined) from = Math.max(from, to - least);
  const edges = items.slice(from, to).map((node, index) => ({ node, cursor: cursorOf(from + index) }));
  return {
    edges,
    pageInfo: {
      hasPreviousPage: from > 0,
      hasNextPage: to < items.length,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

const PREFIX = 'list:';

function cursorOf(index: number): string {
  return Buffer.from(`${PREFIX}${index}`).toString('base64url');
}

function indexIn(cursor: string, argument: string): number {
  const text = cursor.length <= 40 ? Buffer.from(cursor, 'base64url').toString() : '';
  const index =
    text.startsWith(PREFIX) && /^\d{1,9}$/.test(text.slice(PREFIX.length)) ? text.slice(PREFIX.length) : null;
  if (index === null) throw new BadInputError(argument, `\`${argument}\` is not a cursor of this list.`);
  return Number(index);
}

function sizeOf(value: number | null | undefined, argument: string): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (value < 0) throw new BadInputError(argument, `\`${argument}\` must not be negative.`);
  return value;
}
