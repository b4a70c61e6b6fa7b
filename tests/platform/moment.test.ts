import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ageOf,
  earlier,
  hasExpired,
  hasPassed,
  isoText,
  isReached,
  isReadable,
  isRecent,
  later,
  readMoment,
  remainingMs,
  startOfMinute,
  stillCounts,
} from "#src/platform/moment";

const now = new Date("2026-11-21T09:30:00.000Z");
const minute = 60_000;
const [minMs, maxMs] = [Date.parse("0001-01-01T00:00:00.000Z"), Date.parse("9999-12-31T23:59:59.999Z")];

/** Texts of times that PostgreSQL, JavaScript or people write, in other forms than the one that is read. */
const unreadableTexts = [
  "",
  " ",
  "infinity",
  "-infinity",
  "now",
  "Invalid Date",
  "NaN",
  "null",
  "0",
  "1795253400",
  "1795253400000",
  "21.11.2026 09:30:00.000 UTC", // German, DMY
  "21/11/2026 09:30:00.000 UTC", // SQL, DMY
  "11/21/2026 09:30:00.000 UTC", // SQL, MDY
  "01/02/2026 09:30:00 UTC", // SQL: February 1 or January 2
  "Sat 21 Nov 09:30:00 2026 UTC", // Postgres, DMY
  "Sat Nov 21 09:30:00 2026 UTC", // Postgres, MDY
  "Sat, 21 Nov 2026 09:30:00 GMT",
  "2026-11-21",
  "2026-11-21 09:30:00", // without an offset
  "2026-11-21T09:30:00.000",
  "2026-11-21T09:30:00 Z",
  "2026-11-21t09:30:00z",
  " 2026-11-21T09:30:00Z",
  "2026-11-21T09:30:00Z\n",
  "2026-11-21 09:30:00+00 BC",
  "0044-03-15 00:00:00+00 BC",
  "0044-03-15T00:00:00+00:00 BC",
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00+00:01", // in the year 0 by UTC
  "9999-12-31T23:59:59-00:01", // in the year 10000 by UTC
  "10000-01-01 00:00:00+00",
  "+010000-01-01T00:00:00Z",
  "-000001-01-01T00:00:00Z",
  "294276-12-31 23:59:59+00",
  "2026-02-29T00:00:00Z", // no leap year
  "2026-02-30 00:00:00+00",
  "2026-13-01T00:00:00Z",
  "2026-00-10T00:00:00Z",
  "2026-11-21T24:00:00Z",
  "2026-11-21T09:60:00Z",
  "2026-11-21T09:30:60Z",
  "2026-11-21T09:30:00+24:00",
  "2026-11-21T09:30:00+05:60",
  "1883-11-18 12:03:58-04:56:02", // an offset with seconds
  "٢٠٢٦-11-21T09:30:00Z",
];

/** Values that may occur in place of a time, and are not times. */
const unreadable = [
  ...unreadableTexts,
  new Date(Number.NaN),
  new Date(8.64e15 + 1),
  new Date(maxMs + 1),
  new Date(minMs - 1),
  readMoment("infinity"),
] as const;

const readableDate = fc.date({ min: new Date(minMs), max: new Date(maxMs), noInvalidDate: true });
const anyText = fc.oneof(fc.string(), fc.constantFrom(...unreadableTexts));

describe("reading a time", () => {
  test.each([
    ["2026-11-21T09:30:00.000Z", "2026-11-21T09:30:00.000Z"],
    ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000Z"],
    ["2026-11-21T09:30Z", "2026-11-21T09:30:00.000Z"],
    ["2026-11-21T09:30:05.001Z", "2026-11-21T09:30:05.001Z"],
    ["2026-11-21T09:30:00.1239+05:45", "2026-11-21T03:45:00.123Z"],
    ["2026-11-21 09:30:00+00", "2026-11-21T09:30:00.000Z"],
    ["2026-11-21 09:30:00.5+00", "2026-11-21T09:30:00.500Z"],
    ["2026-11-21 09:30:00.05-09:30", "2026-11-21T19:00:00.050Z"],
    ["2024-02-29 23:59:59.999+00", "2024-02-29T23:59:59.999Z"],
    ["0001-01-01 00:00:00+00", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("the time %s is read", (text, iso) => {
    expect(readMoment(text).toISOString()).toBe(iso);
  });

  test.each(unreadableTexts.map((text) => [text]))(
    "readMoment does not accept %j, and showing it names the text",
    (text) => {
      const read = readMoment(text);
      expect(isReadable(read)).toBe(false);
      expect(() => read.toISOString()).toThrow(`The time "${text}" cannot be read`);
      expect(() => JSON.stringify({ at: read })).toThrow("cannot be read");
      expect(() => isoText(text)).toThrow(RangeError);
    },
  );

  test("readMoment reads every time of the years 0001 to 9999 in the forms of JavaScript and PostgreSQL", () => {
    fc.assert(
      fc.property(readableDate, (date) => {
        const iso = date.toISOString();
        expect(readMoment(iso).getTime()).toBe(date.getTime());
        expect(readMoment(iso.replace("T", " ").replace("Z", "+00")).getTime()).toBe(date.getTime());
        expect(isoText(date)).toBe(iso);
      }),
    );
  });

  test("readMoment never reads a text as another time than ISO 8601 defines", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const read = readMoment(text);
        if (isReadable(read))
          expect(read.getTime()).toBe(Date.parse(text.replace(/ /, "T").replace(/([+-]\d\d)$/, "$1:00")));
      }),
      { numRuns: 500 },
    );
  });
});

describe("a time that cannot be read, or is absent", () => {
  const absent = [null, undefined] as const;

  test.each([...unreadable, ...absent].map((moment) => [moment]))(
    "a time that is unreadable or absent (%s) has passed and proves nothing",
    (moment) => {
      expect(hasPassed(moment, now)).toBe(true);
      expect(isReached(moment, now)).toBe(false);
      expect(isRecent(moment, now, Number.MAX_SAFE_INTEGER)).toBe(false);
      expect(stillCounts(moment, now, 0)).toBe(true);
      expect(ageOf(moment, now)).toBeNull();
      expect(remainingMs(moment, now)).toBe(0);
    },
  );

  test.each(unreadable.map((moment) => [moment]))(
    "the unreadable time %s has expired, although null never expires",
    (moment) => {
      expect(hasExpired(moment, now)).toBe(true);
      expect(hasExpired(undefined, now)).toBe(true);
      expect(hasExpired(null, now)).toBe(false);
    },
  );

  test("with an unreadable clock, every end has passed and nothing is recent", () => {
    const broken = new Date(Number.NaN);
    const end = later(now, minute);
    expect(hasPassed(end, broken)).toBe(true);
    expect(hasExpired(end, broken)).toBe(true);
    expect(isReached(now, broken)).toBe(false);
    expect(isRecent(now, broken, minute)).toBe(false);
    expect(stillCounts(now, broken, minute)).toBe(true);
    expect(remainingMs(end, broken)).toBe(0);
  });

  test("a time that is computed from an unreadable time is unreadable", () => {
    const none = readMoment("infinity");
    for (const computed of [later(none, minute), earlier(none, now), earlier(now, none), startOfMinute(none)]) {
      expect(isReadable(computed)).toBe(false);
    }
  });

  test("a text that is not a time has passed", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(hasPassed(text, now)).toBe(!isReadable(readMoment(text)) || readMoment(text).getTime() <= now.getTime());
      }),
    );
  });
});

describe("times that can be read", () => {
  test("readable times are compared to the millisecond, and an end has passed at its own moment", () => {
    for (const end of [now, now.toISOString(), "2026-11-21 09:30:00+00", later(now, -1)]) {
      expect([hasPassed(end, now), hasExpired(end, now), isReached(end, now)]).toEqual([true, true, true]);
    }
    for (const end of [later(now, 1), later(now, 1).toISOString()]) {
      expect([hasPassed(end, now), hasExpired(end, now), isReached(end, now)]).toEqual([false, false, false]);
    }
  });

  test("a time is recent for one millisecond longer than it still counts", () => {
    const before = later(now, -minute);
    expect([isRecent(before, now, minute), isRecent(before, now, minute - 1)]).toEqual([true, false]);
    expect([stillCounts(before, now, minute), stillCounts(before, now, minute + 1)]).toEqual([false, true]);
    expect([remainingMs(later(now, 5), now), remainingMs(now, now), remainingMs(before, now)]).toEqual([5, 0, 0]);
  });

  test("times compare equally as texts and as dates, and earlier returns the earlier one", () => {
    fc.assert(
      fc.property(readableDate, readableDate, (one, other) => {
        expect(hasPassed(one.toISOString(), other)).toBe(hasPassed(one, other));
        expect(hasPassed(one, other)).toBe(one.getTime() <= other.getTime());
        expect(isReached(one, other)).toBe(hasPassed(one, other));
        expect(earlier(one, other).getTime()).toBe(Math.min(one.getTime(), other.getTime()));
      }),
    );
  });
});
