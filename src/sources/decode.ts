/**
 * What every vendor's `wire.ts` is made of. A value that is not what it should be is missing, and costs nothing but itself:
 * none of these throws, and each looks at no more than it is asked for, for they run on every row that is read.
 */
import { EARLIEST, LATEST } from '../model.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** JSON that goes deeper is meant to harm: whoever walks it, or prints it in an answer, would run out of stack. */
export const MAX_DEPTH = 200;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object to read from: without properties if there is none. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : NOTHING;
}

/** Empty if there is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Empty text says nothing. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A finite number, also in a string: printers of 64-bit numbers put them there. */
export function finiteNumber(value: unknown): number | null {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** One that is exact, also as digits in a string, within these limits, both inclusive. */
export function wholeNumber(
  value: unknown,
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): number | null {
  const number = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max ? number : null;
}

/** As large as GraphQL's `Int` and a database's `integer` can be. */
export function int32(value: unknown): number | null {
  return wholeNumber(value, -(2 ** 31), 2 ** 31 - 1);
}

/** How many there are of something. */
export function count(value: unknown): number | null {
  return wholeNumber(value, 0, 2 ** 31 - 1);
}

/** A time in Unix milliseconds, also as digits in a string. */
export function millis(value: unknown): number | null {
  return wholeNumber(value, EARLIEST, LATEST);
}

/** A time in ISO 8601 with its zone, in Unix milliseconds; what is finer is cut off. */
export function isoMillis(value: unknown): number | null {
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return null;
  const time = Date.parse(value);
  return time >= EARLIEST && time <= LATEST && isCalendarDay(value) ? time : null;
}

/** The readable ones among the items; none if there is no list. */
export function list<T>(value: unknown, decodeItem: (item: unknown) => T | null): T[] {
  return Array.isArray(value) ? value.map(decodeItem).filter((item) => item !== null) : [];
}

/**
 * The rows of an answer. Where they are null or left out there are none, as long as one of `others` shows that this is the
 * answer that was asked for. `undefined` if it is not.
 */
export function rows(body: unknown, name: string, others: readonly string[]): readonly unknown[] | undefined {
  if (!isRecord(body) || !(name in body || others.some((other) => other in body))) return undefined;
  const value = body[name] ?? [];
  return Array.isArray(value) ? value : undefined;
}

/** Any JSON, as it is. Whoever passes it on sees to {@link MAX_DEPTH}. */
export function json(value: unknown): Json {
  // Everything here has come out of JSON.parse.
  return (value ?? null) as Json;
}

export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((part) => isDeeperThan(part, depth - 1));
}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({});
const DIGITS = /^-?\d{1,16}$/;
const NUMBER = /^-?\d{1,20}(\.\d{1,20})?$/;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** The 30th of February is not: `Date.parse` takes it for the 2nd of March. */
function isCalendarDay(isoTime: string): boolean {
  const day = Number(isoTime.slice(8, 10));
  return day <= 28 || new Date(isoTime.slice(0, 10)).getUTCDate() === day;
}
