/**
 * Unleash's search takes whole days, and which moments belong to a day depends on two time zones: the server adds the day
 * after `to` in its own, and the database compares in its session's. So days are asked wide, and rows are cut here.
 */
const DAY_MS = 24 * 60 * 60 * 1000;
/** A server west of UTC loses the last day, and a database east of UTC ends a day up to fourteen hours early. */
const DAYS_AFTER = 2;
/** A database west of UTC begins a day up to twelve hours late. */
const DAYS_BEFORE = 1;

/** The day to send as `from` so that every event at `time` or later is listed, in any time zone. */
export function dayFrom(time: number): string | undefined {
  return toDay(time - DAYS_BEFORE * DAY_MS);
}

/** The day to send as `to` so that every event at `time` or earlier is listed, in any time zone. */
export function dayTo(time: number): string | undefined {
  return toDay(time + DAYS_AFTER * DAY_MS);
}

function toDay(time: number): string | undefined {
  const isSendable = time >= Date.UTC(1, 0, 2) && time <= Date.UTC(9999, 11, 30);
  return isSendable ? new Date(time).toISOString().slice(0, 10) : undefined;
}
