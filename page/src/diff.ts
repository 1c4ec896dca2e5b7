/** Differences, as a diff that people know how to read. */

export interface DiffLine {
  /** Taken away, added, or there before and after. */
  sign: '-' | '+' | ' ';
  text: string;
  /** A secret that the gateway does not show is in it. */
  isRedacted: boolean;
}

export interface DiffBlock {
  /** Where it is, from the outside in: `strategies › 0 › parameters`. */
  path: string;
  lines: DiffLine[];
}

const REDACTED = '[REDACTED]';
const MAX_LINES = 40;
const MAX_LENGTH = 2000;

export function toDiff(changes: readonly { path: readonly string[]; before: unknown; after: unknown }[]): DiffBlock[] {
  return changes.map(({ after, before, path }) => ({
    path: path.length === 0 ? 'everything' : path.join(' › '),
    lines: linesOf(before, after),
  }));
}

function linesOf(before: unknown, after: unknown): DiffLine[] {
  const isNothing = (value: unknown) => value === null || value === undefined;
  // Something was given up or given, although it is null on both sides.
  if (isNothing(before) && isNothing(after)) return [line(' ', 'null')];
  const [old, now] = [before, after].map((value) => (isNothing(value) ? [] : print(value)));
  return compare(old ?? [], now ?? []);
}

/** What both begin and end with is there once. */
function compare(before: readonly string[], after: readonly string[]): DiffLine[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    // The nearest to the change are its context.
    ...cut(after.slice(0, head).toReversed(), ' ').toReversed(),
    ...cut(before.slice(head, before.length - tail), '-'),
    ...cut(after.slice(head, after.length - tail), '+'),
    ...cut(after.slice(after.length - tail), ' '),
  ];
}

function cut(texts: readonly string[], sign: DiffLine['sign']): DiffLine[] {
  const shown = texts.slice(0, MAX_LINES).map((text) => line(sign, text));
  const left = texts.length - shown.length;
  return left > 0 ? [...shown, line(sign, `… ${left} more ${left === 1 ? 'line' : 'lines'}`)] : shown;
}

function line(sign: DiffLine['sign'], text: string): DiffLine {
  const isLong = text.length > MAX_LENGTH;
  const shown = isLong ? `${text.slice(0, MAX_LENGTH)} … ${text.length - MAX_LENGTH} more characters` : text;
  return { sign, text: shown, isRedacted: text.includes(REDACTED) };
}

/** Words as they are; anything that could be taken for something else, as JSON. */
function print(value: unknown): string[] {
  if (typeof value === 'string' && (value === REDACTED || isPlain(value))) return [value];
  return (JSON.stringify(value, null, 2) ?? 'null').split('\n');
}

/** Two blanks, or one at the end, would not be seen. */
function isPlain(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N} ._:@/+-]*$/u.test(text) && !/^(true|false|null)$| $| {2}/.test(text);
}
