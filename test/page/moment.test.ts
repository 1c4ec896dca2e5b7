import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMoment, showLength, showMinute, showTime, showUtc, zoneName } from '../../page/src/moment.ts';

const ZONES = ['UTC', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/St_Johns', 'Europe/Berlin'];

/** Other files run in the same process. */
function inZone<T>(zone: string, run: () => T): T {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return run();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

const pad = (number: number, length = 2) => String(number).padStart(length, '0');

/** What the clock on the wall shows. */
function wall(date: Date | null): string | null {
  if (date === null) return null;
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

/** A Wednesday. In each zone it is three in the afternoon and half a minute. */
const localNow = () => new Date(2026, 10, 25, 15, 0, 30);

describe('parseMoment', () => {
  const LOCAL = [
    ['2026-11-23T14:05', '2026-11-23 14:05:00.000'],
    ['2026-11-23 14:05', '2026-11-23 14:05:00.000'],
    ['2026-11-23t14:05:09', '2026-11-23 14:05:09.000'],
    ['2026-11-23 14:05:09.1', '2026-11-23 14:05:09.100'],
    ['2026-11-23 14:05:09,123', '2026-11-23 14:05:09.123'],
    ['2026-11-23 14:05:09.123456789', '2026-11-23 14:05:09.123'],
    ['2026-11-23', '2026-11-23 00:00:00.000'],
    ['2026/11/23 9:05', '2026-11-23 09:05:00.000'],
    ['14:05 2026-11-23', '2026-11-23 14:05:00.000'],
    ['14:05', '2026-11-25 14:05:00.000'],
    ['14:05:30', '2026-11-25 14:05:30.000'],
    ['15:00', '2026-11-25 15:00:00.000'],
    ['15:01', '2026-11-24 15:01:00.000'],
    ['23:59:59', '2026-11-24 23:59:59.000'],
    ['2:05 pm', '2026-11-25 14:05:00.000'],
    ['2:05PM', '2026-11-25 14:05:00.000'],
    ['2:05:09\u202fPM', '2026-11-25 14:05:09.000'],
    ['2pm', '2026-11-25 14:00:00.000'],
    ['4 pm', '2026-11-24 16:00:00.000'],
    ['12am', '2026-11-25 00:00:00.000'],
    ['12 pm', '2026-11-25 12:00:00.000'],
    ['at 14:05', '2026-11-25 14:05:00.000'],
    ['yesterday 14:05', '2026-11-24 14:05:00.000'],
    ['Yesterday at 4pm', '2026-11-24 16:00:00.000'],
    ['today 9:00', '2026-11-25 09:00:00.000'],
    ['9:00 today', '2026-11-25 09:00:00.000'],
    ['yesterday', '2026-11-24 00:00:00.000'],
    ['23 Nov 2026 14:05', '2026-11-23 14:05:00.000'],
    ['23. November 2026 um 14:05', '2026-11-23 14:05:00.000'],
    ['23-Nov-2026 14:05:09', '2026-11-23 14:05:09.000'],
    ['14:05, 23 Nov 2026', '2026-11-23 14:05:00.000'],
    ['Monday, November 23, 2026 at 2:05 PM', '2026-11-23 14:05:00.000'],
    ['Nov 23, 2026, 2:05:09 PM', '2026-11-23 14:05:09.000'],
    ['Nov 23rd at 2:05 PM', '2026-11-23 14:05:00.000'],
    ['Nov 23', '2026-11-23 00:00:00.000'],
    ['Sept 3, 14:05', '2026-09-03 14:05:00.000'],
    ['25 Nov', '2026-11-25 00:00:00.000'],
    ['26 Nov 14:05', '2025-11-26 14:05:00.000'],
    ['Dec 1', '2025-12-01 00:00:00.000'],
    ['29 Feb', '2024-02-29 00:00:00.000'],
    ['(2026-11-23 14:05)', '2026-11-23 14:05:00.000'],
    ['[2026-11-23 14:05:09]', '2026-11-23 14:05:09.000'],
    ['"2026-11-23 14:05"', '2026-11-23 14:05:00.000'],
    [' <2026-11-23\n 14:05> ', '2026-11-23 14:05:00.000'],
    ['now', '2026-11-25 15:00:30.000'],
    ['10 min ago', '2026-11-25 14:50:30.000'],
    ['-10m', '2026-11-25 14:50:30.000'],
    ['\u221210m', '2026-11-25 14:50:30.000'],
    ['- 90 seconds', '2026-11-25 14:59:00.000'],
    ['2h ago', '2026-11-25 13:00:30.000'],
    ['1.5 hours ago', '2026-11-25 13:30:30.000'],
    ['3 days ago', '2026-11-22 15:00:30.000'],
    ['1 week ago', '2026-11-18 15:00:30.000'],
  ] as const;

  it.for(ZONES)('reads a time without an offset as one of the reader’s own zone: %s', (zone) => {
    inZone(zone, () => {
      const read = LOCAL.map(([text]) => [text, wall(parseMoment(text, localNow()))]);
      expect(read).toEqual(LOCAL);
    });
  });

  const FIXED = [
    ['2026-11-23T14:05Z', '2026-11-23T14:05:00.000Z'],
    ['2026-11-23t14:05z', '2026-11-23T14:05:00.000Z'],
    ['2026-11-23T14:05:09.123+05:30', '2026-11-23T08:35:09.123Z'],
    ['2026-11-23T14:05:09.123-0330', '2026-11-23T17:35:09.123Z'],
    ['2026-11-23 14:05 +1', '2026-11-23T13:05:00.000Z'],
    ['2026-11-23 14:05:09.5+14:00', '2026-11-23T00:05:09.500Z'],
    ['2026-11-23 14:05 UTC', '2026-11-23T14:05:00.000Z'],
    ['2026-11-23 14:05 GMT', '2026-11-23T14:05:00.000Z'],
    ['2026-11-23 14:05 UTC+2', '2026-11-23T12:05:00.000Z'],
    ['2026-11-23 UTC', '2026-11-23T00:00:00.000Z'],
    ['2:05 pm UTC, 23 Nov 2026', '2026-11-23T14:05:00.000Z'],
    ['Mon Nov 23 14:05:00 UTC 2026', '2026-11-23T14:05:00.000Z'],
    ['[23/Nov/2026:14:05:09 +0100]', '2026-11-23T13:05:09.000Z'],
    ['23 Nov 2026 2:05 pm -0500', '2026-11-23T19:05:00.000Z'],
    ['Mon, 23 Nov 2026 14:05:00 GMT', '2026-11-23T14:05:00.000Z'],
    ['Mon Nov 23 2026 14:05:00 GMT+0100 (Central European Standard Time)', '2026-11-23T13:05:00.000Z'],
    ['[2026-11-23T14:05:09Z]', '2026-11-23T14:05:09.000Z'],
    ['14:05 UTC', '2026-11-23T14:05:00.000Z'],
    ['22:05 UTC', '2026-11-23T22:05:00.000Z'],
    ['22:30 UTC', '2026-11-22T22:30:00.000Z'],
    ['00:05 +02:00', '2026-11-23T22:05:00.000Z'],
    ['today 9:00 UTC', '2026-11-23T09:00:00.000Z'],
    ['yesterday 9:00Z', '2026-11-22T09:00:00.000Z'],
    ['24 Nov 00:05 +02:00', '2026-11-23T22:05:00.000Z'],
    ['24 Nov 00:05 UTC', '2025-11-24T00:05:00.000Z'],
    ['1795442709', '2026-11-23T14:05:09.000Z'],
    ['1795442709.1239', '2026-11-23T14:05:09.123Z'],
    ['1795442709123', '2026-11-23T14:05:09.123Z'],
    ['1795442709123.9', '2026-11-23T14:05:09.123Z'],
    ['1795442709123999', '2026-11-23T14:05:09.123Z'],
    ['1795442709123999999', '2026-11-23T14:05:09.123Z'],
  ] as const;

  it.for(ZONES)('reads a time with an offset as the same moment everywhere: %s', (zone) => {
    inZone(zone, () => {
      const now = new Date('2026-11-23T22:10:00Z');
      const read = FIXED.map(([text]) => [text, parseMoment(text, now)?.toISOString()]);
      expect(read).toEqual(FIXED);
    });
  });

  it.for([
    ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00.000Z'],
    ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
    ['America/St_Johns', '2026-03-08 02:30', '2026-03-08T06:00:00.000Z'],
    ['America/St_Johns', '2026-11-01 01:30', '2026-11-01T04:00:00.000Z'],
    ['Australia/Lord_Howe', '2026-10-04 02:15', '2026-10-03T15:45:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-05 01:45', '2026-04-04T14:45:00.000Z'],
  ] as const)(
    'moves a time that the clock leaves out forward, and takes the first of two: %s %s',
    ([zone, text, at]) => {
      inZone(zone, () => {
        expect(parseMoment(text, localNow())?.toISOString()).toBe(at);
      });
    },
  );

  it('finds yesterday by the calendar where a day has 23 or 25 hours', () => {
    inZone('Europe/Berlin', () => {
      const read = (text: string, now: string) => wall(parseMoment(text, new Date(now)));
      expect(read('yesterday 00:30', '2026-03-30T00:15+02:00')).toBe('2026-03-29 00:30:00.000');
      expect(read('23:30', '2026-10-25T23:15+01:00')).toBe('2026-10-24 23:30:00.000');
      expect(read('02:30', '2026-03-29T03:10+02:00')).toBe('2026-03-28 02:30:00.000');
    });
  });

  it.for([
    ...['', ' ', '1', '14', '142', '1405', '2026', '20261123', '99999999999', '12345678901234567890', '9'.repeat(1000)],
    ...['25:00', '24:00', '14:60', '14:05:60', '14:5', '14:05:', ':05', '0am', '13pm', '14:05 pm', '14:05 15:05'],
    ...['2026-02-30', '2026-02-30 14:05', '2026-02-29T14:05Z', '2026-13-01', '2026-00-10', '2026-11-00', '2026-11'],
    ...['1900-01-01', '1999-12-31T23:59:59Z', '2101-01-01T00:00Z', '0026-11-23', '26-11-23', '1000000', '9999999999'],
    ...['2026-11-23T14', '2026-11-23T14:05+15:00', '2026-11-23T14:05+05:60', '2026-11-23T14:05+', '2026-11-23+01:00'],
    ...[
      '2026-11-23 14:05 CET',
      '2026-11-23 14:05 EST',
      '11/23/2026 14:05',
      '23.11.2026 14:05',
      '30 Feb',
      '31 Apr 2026',
    ],
    ...[
      'abc',
      'null',
      'NaN',
      'constructor',
      '__proto__',
      'mon',
      'Nov',
      'Nov 2026',
      'marble 3',
      'decoy 23 2026',
      'z',
      'utc',
    ],
    ...['10', '10m', '10 min', '-10m ago', '10 months ago', '-1', '-', 'm ago', 'ago', 'tomorrow 9:00', '5 ms ago'],
    ...['deployed at 14:05', '14:05 checkout', '10.0.0.1', 'v1.2.3', '1e9', '0x10', '١٤:٠٥', '999999999 weeks ago'],
  ])('takes nothing else for a moment: “%s”', (text) => {
    for (const zone of ZONES) inZone(zone, () => expect(parseMoment(text, localNow())).toBeNull());
  });

  const moments = fc.date({ min: new Date('2000-01-02'), max: new Date('2100-12-30'), noInvalidDate: true });

  it.for(ZONES)('reads what a date prints as that date: %s', (zone) => {
    inZone(zone, () => {
      fc.assert(
        fc.property(moments, moments, (date, now) => {
          const prints = [date.toISOString(), showUtc(date.getTime()), String(date.getTime() / 1000)];
          const toTheMs = date.getTime() >= 1e12 ? [...prints, String(date.getTime())] : prints.slice(0, 2);
          for (const text of toTheMs) expect(parseMoment(text, now)).toEqual(date);
          const toTheSecond = Math.floor(date.getTime() / 1000) * 1000;
          for (const text of [date.toString(), date.toUTCString()]) {
            expect(parseMoment(text, now)?.getTime()).toBe(toTheSecond);
          }
        }),
        { numRuns: 100 },
      );
    });
  });

  it.for(ZONES)('reads what the clock on the wall shows as the first moment at which it does: %s', (zone) => {
    inZone(zone, () => {
      fc.assert(
        fc.property(moments, moments, (date, now) => {
          const read = parseMoment(wall(date) ?? '', now);
          expect(wall(read)).toBe(wall(date));
          expect(Number(read)).toBeLessThanOrEqual(date.getTime());
        }),
        { numRuns: 200 },
      );
    });
  });

  it.for(ZONES)('reads what the page shows, within a year: %s', (zone) => {
    inZone(zone, () => {
      const laterMoments = moments.filter((date) => date.getTime() > Date.UTC(2001, 0, 2));
      const ages = fc.integer({ min: 0, max: 360 * 86_400 });
      fc.assert(
        fc.property(laterMoments, ages, (now, seconds) => {
          const at = new Date(Math.floor(now.getTime() / 1000 - seconds) * 1000);
          const read = parseMoment(showTime(at.getTime(), now.getTime()), now);
          // There an hour comes twice.
          if (!isNearChange(at)) expect(read).toEqual(at);
        }),
        { numRuns: 200 },
      );
    });
  });

  it('never throws, and never gives an invalid date', () => {
    const pieces = fc.constantFrom(
      '2026-11-23',
      '14:05',
      ' ',
      'Z',
      '+05:30',
      'nov',
      '23',
      'pm',
      'ago',
      '-',
      ',',
      't',
      ':',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseMoment(text, localNow());
        expect(read === null || !Number.isNaN(read.getTime())).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

function isNearChange(at: Date): boolean {
  const offsets = [-12, 12].map((hours) => new Date(at.getTime() + hours * 3_600_000).getTimezoneOffset());
  return offsets[0] !== offsets[1];
}

describe('what the page shows of a moment', () => {
  it.for(ZONES)('is the time, and the day unless it is today, and the year unless it is this one: %s', (zone) => {
    inZone(zone, () => {
      const now = localNow().getTime();
      const at = (...[year, month, day, ...clock]: [number, number, number, ...number[]]) =>
        new Date(year, month, day, ...clock).getTime();
      const both = (time: number) => [showTime(time, now), showMinute(time, now)];
      expect(both(at(2026, 10, 25, 14, 5, 9, 999))).toEqual(['14:05:09', '14:05']);
      expect(both(at(2026, 10, 25, 0, 0, 0))).toEqual(['00:00', '00:00']);
      expect(both(at(2026, 10, 25, 14, 0, 0))).toEqual(['14:00', '14:00']);
      expect(both(at(2026, 10, 24, 23, 59, 59))).toEqual(['24 Nov, 23:59:59', '24 Nov, 23:59']);
      expect(both(at(2025, 10, 25, 14, 5, 0))).toEqual(['25 Nov 2025, 14:05', '25 Nov 2025, 14:05']);
    });
  });

  it('in UTC is to the millisecond', () => {
    expect(showUtc(Date.parse('2026-11-23T14:05:09.120Z'))).toBe('2026-11-23 14:05:09.120 UTC');
  });

  it.for([
    ['UTC', '2026-11-23T00:00Z', 'UTC'],
    ['Asia/Kolkata', '2026-11-23T00:00Z', /^Asia\/(Kolkata|Calcutta), UTC\+5:30$/],
    ['Australia/Lord_Howe', '2026-11-23T00:00Z', 'Australia/Lord_Howe, UTC+11'],
    ['Australia/Lord_Howe', '2026-06-23T00:00Z', 'Australia/Lord_Howe, UTC+10:30'],
    ['America/St_Johns', '2026-11-23T00:00Z', 'America/St_Johns, UTC−3:30'],
    ['America/St_Johns', '2026-06-23T00:00Z', 'America/St_Johns, UTC−2:30'],
    ['America/New_York', '2026-11-23T00:00Z', 'America/New_York, UTC−5'],
    ['Europe/Berlin', '2026-11-23T00:00Z', 'Europe/Berlin, UTC+1'],
    ['Europe/Berlin', '2026-06-23T00:00Z', 'Europe/Berlin, UTC+2'],
    ['Europe/London', '2026-11-23T00:00Z', 'Europe/London, UTC'],
    ['Asia/Kathmandu', '2026-11-23T00:00Z', /^Asia\/(Kathmandu|Katmandu), UTC\+5:45$/],
  ] as const)('names the zone and its offset then: %s %s', ([zone, at, name]) => {
    const named = inZone(zone, () => zoneName(Date.parse(at)));
    if (typeof name === 'string') expect(named).toBe(name);
    else expect(named).toMatch(name);
  });
});

describe('showLength', () => {
  const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
  it.for([
    [-5, '1 second'],
    [0, '1 second'],
    [1499, '1 second'],
    [1500, '2 seconds'],
    [59_499, '59 seconds'],
    [59_500, '1 minute'],
    [61 * SECOND, '1 minute 1 second'],
    [30 * MINUTE, '30 minutes'],
    [2 * HOUR, '2 hours'],
    [HOUR + 59 * MINUTE + 59 * SECOND, '1 hour 59 minutes'],
    [DAY + 12 * HOUR, '1 day 12 hours'],
    [DAY + 12 * MINUTE, '1 day'],
    [400 * DAY, '400 days'],
  ] as const)('has the two largest units: %i ms', ([ms, shown]) => {
    expect(showLength(ms)).toBe(shown);
  });
});
