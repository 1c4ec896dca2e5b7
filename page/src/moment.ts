/** Moments as people paste and read them, in the reader's own time zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Years that are typing errors otherwise. */
const YEARS = { from: 2000, to: 2100 };

/** `null` if it is none: a guess would show the wrong time. Without an offset it is in the reader's zone. */
export function parseMoment(text: string, now: Date): Date | null {
  const given = text
    .trim()
    .replace(/^[[("'<]+|[\])"'>]+$/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
  const time = parseEpoch(given) ?? parseAgo(given, now) ?? parseWords(given, now);
  const date = time === null ? null : new Date(time);
  return date && date.getFullYear() >= YEARS.from && date.getFullYear() <= YEARS.to ? date : null;
}

/** Unix time: seconds, or 13, 16 or 19 digits for milliseconds, microseconds or nanoseconds. */
function parseEpoch(given: string): number | null {
  const [, whole = '', fraction] = /^(\d{10}|\d{13}|\d{16}|\d{19})(\.\d+)?$/.exec(given) ?? [];
  if (whole === '' || (fraction !== undefined && whole.length > 10)) return null;
  return Math.floor(Number(`${whole}${fraction ?? ''}`) * 10 ** (13 - whole.length));
}

function parseAgo(given: string, now: Date): number | null {
  if (given === 'now') return now.getTime();
  const [, minus, count, unit, ago] =
    /^(-)?\s?(\d+(?:\.\d+)?) ?(s|m|h|d|w|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?)( ago)?$/.exec(given) ??
    [];
  if (unit === undefined || Boolean(minus) === Boolean(ago)) return null;
  return now.getTime() - Number(count) * (UNIT_MS[unit.charAt(0)] ?? Number.NaN);
}

/** A day, a time, or both, in either order. */
function parseWords(given: string, now: Date): number | null {
  const { rest, offset } = takeOffset(
    given
      .replace(/,/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .replace(/\b(at|um) /, ''),
  );
  const clock = takeClock(rest);
  const day = clock ? clock.rest : rest;
  const date = day === '' ? null : parseDay(day, now);
  if (day !== '' && date === null) return null;
  if (date === null && clock === null) return null;
  const { h, m, s, ms } = clock ?? { h: 0, m: 0, s: 0, ms: 0 };
  if (date) return toTime({ ...date, h, m, s, ms }, offset);
  return lastSuchTime({ h, m, s, ms }, now, offset);
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

/** In minutes; `null` is the reader's own. */
function takeOffset(given: string): { rest: string; offset: number | null } {
  const [all, zulu, sign, hours, minutes] =
    /(?<=\d|m) ?(z|utc|gmt|(?:utc|gmt)?([+-])(\d\d?):?(\d\d)?)(?: \([a-z ]+\))?$/.exec(given) ?? [];
  // `2026-11-23` ends with what looks like an offset.
  if (all === undefined || (sign === '-' && !/\d:\d/.test(given))) return { rest: given, offset: null };
  const rest = given.slice(0, given.length - all.length).trim();
  if (sign === undefined) return { rest, offset: zulu ? 0 : null };
  const total = Number(hours) * 60 + Number(minutes ?? 0);
  return { rest, offset: sign === '-' ? -total : total };
}

function takeClock(given: string): (Clock & { rest: string }) | null {
  const match = /(?:^|[ t])(\d\d?)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(am|pm)?(?= |$)/g;
  for (const [all, hours, minutes, seconds = '0', fraction = '0', half] of given.matchAll(match)) {
    if (minutes === undefined && half === undefined) continue;
    const [h, m, s] = [toHour(Number(hours), half), Number(minutes ?? 0), Number(seconds)];
    if (h === null || m > 59 || s > 59) return null;
    const ms = Math.floor(Number(`0.${fraction}`) * 1000);
    return { h, m, s, ms, rest: given.replace(all, ' ').replaceAll(/\s+/g, ' ').trim() };
  }
  return null;
}

function toHour(hour: number, half: string | undefined): number | null {
  if (half === undefined) return hour <= 23 ? hour : null;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half === 'pm' ? 12 : 0);
}

function parseDay(given: string, now: Date): Day | null {
  const daysAgo = { today: 0, yesterday: 1 }[given];
  if (daysAgo !== undefined) return dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo));
  const [, year, month, day] = /^(\d{4})[-/](\d\d?)[-/](\d\d?)$/.exec(given) ?? [];
  if (year !== undefined) return { year: Number(year), month: Number(month) - 1, day: Number(day) };
  const words = given.replace(/^(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? /, '');
  const [, dayFirst, monthSecond, yearThird] =
    /^(\d\d?)(?:st|nd|rd|th|\.)?[ -]([a-z]{3})[a-z]*\.?(?:[ -](\d{4}))?$/.exec(words) ?? [];
  const [, monthFirst, daySecond, yearLast] =
    /^([a-z]{3})[a-z]*\.? (\d\d?)(?:st|nd|rd|th)?(?: (\d{4}))?$/.exec(words) ?? [];
  const index = MONTHS.indexOf(monthSecond ?? monthFirst ?? '');
  if (index === -1) return null;
  const named = { month: index, day: Number(dayFirst ?? daySecond) };
  const given4 = yearThird ?? yearLast;
  if (given4 !== undefined) return { ...named, year: Number(given4) };
  const thisYear = now.getFullYear();
  const isAhead = new Date(thisYear, named.month, named.day).getTime() > now.getTime();
  return { ...named, year: isAhead ? thisYear - 1 : thisYear };
}

function dayOf(date: Date): Day {
  return { year: date.getFullYear(), month: date.getMonth(), day: date.getDate() };
}

/** Today's, or yesterday's if today's is still to come. */
function lastSuchTime(clock: Clock, now: Date, offset: number | null): number | null {
  const shifted = offset === null ? null : new Date(now.getTime() + offset * MINUTE);
  const today = shifted
    ? { year: shifted.getUTCFullYear(), month: shifted.getUTCMonth(), day: shifted.getUTCDate() }
    : dayOf(now);
  const time = toTime({ ...today, ...clock }, offset);
  if (time === null || time <= now.getTime()) return time;
  const before = new Date(Date.UTC(today.year, today.month, today.day - 1));
  const yesterday = { year: before.getUTCFullYear(), month: before.getUTCMonth(), day: before.getUTCDate() };
  return toTime({ ...yesterday, ...clock }, offset);
}

/** `null` if there is no such day. Where summer time begins, what the clock leaves out is as much later. */
function toTime({ day, h, m, month, ms, s, year }: Day & Clock, offset: number | null): number | null {
  const midday = new Date(Date.UTC(year, month, day, 12));
  if (midday.getUTCMonth() !== month || midday.getUTCDate() !== day) return null;
  if (offset !== null) return Date.UTC(year, month, day, h, m, s, ms) - offset * MINUTE;
  return new Date(year, month, day, h, m, s, ms).getTime();
}

/** The time of the day, with the date if it is not today's. */
export function showTime(at: number, now: number): string {
  return withDay(at, now, clock.format(at).replace(/[:.]00$/, ''));
}

/** The same to the minute, where seconds are of no use. */
export function showMinute(at: number, now: number): string {
  return withDay(at, now, clock.format(at).replace(/[:.]\d\d$/, ''));
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

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
