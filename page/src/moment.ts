/** Moments as people paste and read them, in the reader's own time zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** Years that are typing errors otherwise. */
const YEARS = { from: 2000, to: 2100 };

/** The longest form has the name of a time zone in it. */
const MAX_LENGTH = 100;

/** `null` if it is none: a guess would show the wrong time. Without an offset it is in the reader's zone. */
export function parseMoment(text: string, now: Date): Date | null {
  const given = text.trim().toLowerCase().replaceAll('−', '-').replaceAll(/\s+/g, ' ');
  if (given.length > MAX_LENGTH) return null;
  const bare = given.replace(/^[[("'<]+ ?/, '').replace(/ ?[\])"'>]+$/, '');
  const time = parseEpoch(bare) ?? parseAgo(bare, now) ?? parseWords(bare, now);
  const date = time === null ? null : new Date(time);
  return date && date.getUTCFullYear() >= YEARS.from && date.getUTCFullYear() <= YEARS.to ? date : null;
}

/** Unix time: seconds, or 13, 16 or 19 digits for milliseconds, microseconds or nanoseconds. */
function parseEpoch(given: string): number | null {
  const [, whole, fraction = ''] = /^(\d{10}|\d{13}|\d{16}|\d{19})(?:\.(\d+))?$/.exec(given) ?? [];
  // As a number it would lose the last digits of nanoseconds.
  return whole === undefined ? null : Number(`${whole}${fraction}`.slice(0, 13).padEnd(13, '0'));
}

function parseAgo(given: string, now: Date): number | null {
  if (given === 'now') return now.getTime();
  const [, minus, count, unit, ago] =
    /^(-)? ?(\d+(?:\.\d+)?) ?(s|m|h|d|w|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?)( ago)?$/.exec(given) ??
    [];
  if (unit === undefined || Boolean(minus) === Boolean(ago)) return null;
  return now.getTime() - Number(count) * (UNIT_MS[unit.charAt(0)] ?? Number.NaN);
}

/** A day, a time, or both, in either order. */
function parseWords(given: string, now: Date): number | null {
  // As servers of the web write it into their logs.
  const spaced = given.replace(/^(\d\d)\/([a-z]{3})\/(\d{4}):/, '$1 $2 $3 ');
  const { offset, rest } = takeOffset(spaced);
  const { clock, rest: day } = takeClock(rest);
  if (day === '') return clock && lastSuchTime(clock, now, offset);
  const date = parseDay(day, dayAt(now.getTime(), offset));
  return date && toTime({ ...date, ...(clock ?? MIDNIGHT) }, offset);
}

interface Day {
  year: number;
  /** 0 to 11. */
  month: number;
  day: number;
}

interface Clock {
  h: number;
  m: number;
  s: number;
  ms: number;
}

const MIDNIGHT: Clock = { h: 0, m: 0, s: 0, ms: 0 };

/** No place is further from UTC. */
const MAX_OFFSET = 14 * 60;

/** In minutes; `null` is the reader's own. */
function takeOffset(given: string): { rest: string; offset: number | null } {
  const named = /(?<=\d|[ap]m) ?(?:z|utc|gmt)(?=[ ,]|$)/;
  if (named.test(given)) return { rest: given.replace(named, ''), offset: 0 };
  // After a time only: `2026-11-23` ends with what looks like one. What follows in brackets is the zone's name.
  const [all = '', sign, hours, minutes = '0'] =
    /(?<=:\d\d(?:[.,]\d+)?|[ap]m) ?(?:utc|gmt)?([+-])(\d\d?)(?::?(\d\d))?(?: \([^()]*\)?)?$/.exec(given) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (sign === undefined || Number(minutes) > 59 || total > MAX_OFFSET) return { rest: given, offset: null };
  return { rest: given.slice(0, -all.length), offset: sign === '-' ? -total : total };
}

function takeClock(given: string): { rest: string; clock: Clock | null } {
  const match = /(?:^|[ t]|,)(?:(?:at|um) )?(\d\d?)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(am|pm)?(?=[ ,]|$)/g;
  for (const found of given.matchAll(match)) {
    const [all, hours, minutes, seconds = '0', fraction = '', half] = found;
    if (minutes === undefined && half === undefined) continue;
    const [h, m, s] = [toHour(Number(hours), half), Number(minutes ?? 0), Number(seconds)];
    if (h === null || m > 59 || s > 59) break;
    const [before, after] = [given.slice(0, found.index), given.slice(found.index + all.length)];
    return { rest: toWords(`${before} ${after}`), clock: { h, m, s, ms: Number(fraction.slice(0, 3).padEnd(3, '0')) } };
  }
  return { rest: toWords(given), clock: null };
}

function toWords(given: string): string {
  return given.replaceAll(/[ ,]+/g, ' ').trim();
}

function toHour(hour: number, half: string | undefined): number | null {
  if (half === undefined) return hour <= 23 ? hour : null;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half === 'pm' ? 12 : 0);
}

function parseDay(given: string, today: Day): Day | null {
  if (given === 'today') return today;
  if (given === 'yesterday') return dayBefore(today);
  const [, year, month, day] = /^(\d{4})[-/](\d\d?)[-/](\d\d?)$/.exec(given) ?? [];
  if (year !== undefined) return { year: Number(year), month: Number(month) - 1, day: Number(day) };
  const words = given.replace(/^(mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(day)?\.? /, '');
  const [, dayFirst, monthSecond, yearThird] =
    /^(\d\d?)(?:st|nd|rd|th|\.)?[ -]([a-z]{3,9})\.?(?:[ -](\d{4}))?$/.exec(words) ?? [];
  const [, monthFirst, daySecond, yearLast] =
    /^([a-z]{3,9})\.? (\d\d?)(?:st|nd|rd|th)?(?: (\d{4}))?$/.exec(words) ?? [];
  const name = monthSecond ?? monthFirst;
  const index = name === undefined ? -1 : MONTHS.findIndex((each) => each.startsWith(name));
  if (index === -1) return null;
  const named = { month: index, day: Number(dayFirst ?? daySecond) };
  const stated = yearThird ?? yearLast;
  return stated === undefined ? lastSuchDay(named, today) : { ...named, year: Number(stated) };
}

/** Not after today. A 29th of February may be years back. */
function lastSuchDay(named: Omit<Day, 'year'>, today: Day): Day | null {
  const isAhead = named.month > today.month || (named.month === today.month && named.day > today.day);
  const last = today.year - (isAhead ? 1 : 0);
  const year = [last, last - 1, last - 2, last - 3].find((each) => isDay({ ...named, year: each }));
  return year === undefined ? null : { ...named, year };
}

function isDay({ day, month, year }: Day): boolean {
  const midday = new Date(Date.UTC(year, month, day, 12));
  return midday.getUTCMonth() === month && midday.getUTCDate() === day;
}

function dayAt(time: number, offset: number | null): Day {
  if (offset === null) {
    const date = new Date(time);
    return { year: date.getFullYear(), month: date.getMonth(), day: date.getDate() };
  }
  const shifted = new Date(time + offset * MINUTE);
  return { year: shifted.getUTCFullYear(), month: shifted.getUTCMonth(), day: shifted.getUTCDate() };
}

function dayBefore({ day, month, year }: Day): Day {
  return dayAt(Date.UTC(year, month, day - 1), 0);
}

/** Today's, or yesterday's if today's is still to come. */
function lastSuchTime(clock: Clock, now: Date, offset: number | null): number | null {
  const today = dayAt(now.getTime(), offset);
  const time = toTime({ ...today, ...clock }, offset);
  return time === null || time <= now.getTime() ? time : toTime({ ...dayBefore(today), ...clock }, offset);
}

/** `null` if there is no such day. Where summer time begins, what the clock leaves out is as much later. */
function toTime({ day, h, m, month, ms, s, year }: Day & Clock, offset: number | null): number | null {
  if (!isDay({ year, month, day })) return null;
  if (offset !== null) return Date.UTC(year, month, day, h, m, s, ms) - offset * MINUTE;
  return new Date(year, month, day, h, m, s, ms).getTime();
}

/** The time of the day, with the date if it is not today's. */
export function showTime(at: number, now: number): string {
  return withDay(at, now, toSeconds(at));
}

/** The same to the minute, where seconds are of no use. */
export function showMinute(at: number, now: number): string {
  return withDay(at, now, toMinutes(at));
}

/** As the reader would type it. */
export function showForInput(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${toSeconds(at)}`;
}

function toMinutes(at: number): string {
  const date = new Date(at);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function toSeconds(at: number): string {
  const seconds = new Date(at).getSeconds();
  return toMinutes(at) + (seconds === 0 ? '' : `:${twoDigits(seconds)}`);
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

function withDay(at: number, now: number, shown: string): string {
  const [date, today] = [new Date(at), new Date(now)];
  if (date.toDateString() === today.toDateString()) return shown;
  const isThisYear = date.getFullYear() === today.getFullYear();
  const day = date.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(!isThisYear && { year: 'numeric' }),
  });
  return `${day}, ${shown}`;
}

export function showUtc(at: number): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

const LENGTHS = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
  [1000, 'second'],
] as const;

/** "2 hours", "1 day 12 hours": the two largest units. */
export function showLength(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000)) * 1000;
  const largest = LENGTHS.findIndex(([unit]) => seconds >= unit);
  let left = seconds;
  const parts = LENGTHS.slice(largest, largest + 2).map(([unit, name]) => {
    const count = Math.floor(left / unit);
    left -= count * unit;
    return count === 0 ? '' : `${count} ${name}${count === 1 ? '' : 's'}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

/** "Europe/Berlin, UTC+1". */
export function zoneName(at: number): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const minutes = -new Date(at).getTimezoneOffset();
  if (minutes === 0) return timeZone === 'UTC' ? 'UTC' : `${timeZone}, UTC`;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${timeZone}, UTC${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}
