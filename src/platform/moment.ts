/**
 * Comparisons of times on which security decisions depend.
 *
 * `<=` with an invalid `Date` is false in both directions: with a bare comparison, an invalid time never expires. Each
 * function here defines the result for an invalid or absent time. No other module compares times
 * (`tests/platform/moment-comparisons.test.ts`).
 */

/** A time as it comes from a column, from the database's JSON, or from an input. */
export type MomentLike = Date | string | null | undefined;

/**
 * The limits of the years that ISO 8601 writes with four digits, in milliseconds. Times outside them cannot be
 * displayed.
 */
const earliest = Date.parse("0001-01-01T00:00:00.000Z");
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * The formats of ISO 8601 and PostgreSQL (`DateStyle` ISO): `2026-11-21T09:30:00.000Z`, `2026-11-21 09:30:00.5+05:45`.
 * An offset is required, and a space is accepted only where PostgreSQL writes it.
 */
const form =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:T(?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)| (?<stored>\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))(?<offset>Z|[+-]\d{2}(?::\d{2})?)$/;

/**
 * An invalid time. It behaves like an invalid `Date`, but `toISOString` throws an error that contains the original
 * text.
 */
class UnreadableMoment extends Date {
  readonly #text: string;

  constructor(text: string) {
    super(Number.NaN);
    this.#text = text;
  }

  override toISOString(): string {
    throw new RangeError(
      `The time "${this.#text.slice(0, 60)}" cannot be read. It has to be ISO 8601 with an offset, in the years 0001 to 9999.`,
    );
  }

  override toJSON(): string {
    return this.toISOString();
  }
}

/**
 * Parses a time strictly: one format, existing days, years 0001 to 9999. Any other text (`infinity`, years BC, a date
 * that starts with the day or month) gives an invalid `Date`, whose `toISOString` throws an error with the text.
 */
export function readMoment(text: string): Date {
  const { date = "", time, stored, offset = "" } = form.exec(text)?.groups ?? {};
  const clock = time ?? stored ?? "";
  const [hours = 99, minutes = 99, seconds = 0] = clock.replace(/\..*/, "").split(":").map(Number);
  const milliseconds = Number((clock.split(".")[1] ?? "").slice(0, 3).padEnd(3, "0"));
  const [offsetHours = 0, offsetMinutes = 0] = offset === "Z" ? [0, 0] : offset.slice(1).split(":").map(Number);
  const day = Date.parse(`${date}T00:00:00.000Z`);
  const isSound =
    Number.isFinite(day) &&
    new Date(day).toISOString().startsWith(date) && // not February 30, which the parser takes for March 2
    hours < 24 &&
    minutes < 60 &&
    seconds < 60 &&
    offsetHours < 24 &&
    offsetMinutes < 60;
  if (!isSound) return new UnreadableMoment(text);
  const ahead = (offset.startsWith("-") ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  const moment = new Date(day + (hours * 60 + minutes - ahead) * 60_000 + seconds * 1_000 + milliseconds);
  return isReadable(moment) ? moment : new UnreadableMoment(text);
}

/** Returns whether a time is valid, so that it can be displayed and compared. */
export function isReadable(moment: Date): boolean {
  const ms = moment.getTime();
  return ms >= earliest && ms <= latest;
}

/** Returns a time in milliseconds; null if it is absent or invalid. */
function msOf(moment: MomentLike): number | null {
  if (moment === null || moment === undefined) return null;
  const read = typeof moment === "string" ? readMoment(moment) : moment;
  return isReadable(read) ? read.getTime() : null;
}

/**
 * Returns whether a mandatory end time has passed: of a link, a session, a challenge. An absent or invalid time counts
 * as passed, and so does every time if the clock is invalid.
 */
export function hasPassed(end: MomentLike, now: Date): boolean {
  const [endMs, nowMs] = [msOf(end), msOf(now)];
  return endMs === null || nowMs === null || endMs <= nowMs;
}

/**
 * Returns whether an optional end time has passed: of a key or a credential. Null means no end; an invalid time counts
 * as passed.
 */
export function hasExpired(end: MomentLike, now: Date): boolean {
  return end !== null && hasPassed(end, now);
}

/**
 * Returns whether a time is reached, so that something may be removed or allowed: only if both times are valid. The
 * exact moment counts as reached.
 */
export function isReached(moment: MomentLike, now: Date): boolean {
  const [momentMs, nowMs] = [msOf(moment), msOf(now)];
  return momentMs !== null && nowMs !== null && momentMs <= nowMs;
}

/**
 * Returns whether something happened in the last `ms` milliseconds, so that it counts as a proof (a recent sign-in). An
 * invalid time does not count.
 */
export function isRecent(moment: MomentLike, now: Date, ms: number): boolean {
  const age = ageOf(moment, now);
  return age !== null && age <= ms;
}

/** Returns whether a failed attempt still counts against a person. An invalid time counts. */
export function stillCounts(moment: MomentLike, now: Date, ms: number): boolean {
  const age = ageOf(moment, now);
  return age === null || age < ms;
}

/** Returns the age in milliseconds, negative for a future time; null if a time is invalid. */
export function ageOf(moment: MomentLike, now: Date): number | null {
  const [momentMs, nowMs] = [msOf(moment), msOf(now)];
  return momentMs === null || nowMs === null ? null : nowMs - momentMs;
}

/** Returns the remaining time in milliseconds: 0 if the end has passed or is invalid. */
export function remainingMs(end: MomentLike, now: Date): number {
  return Math.max(0, -(ageOf(end, now) ?? 0));
}

/** Adds milliseconds, which may be negative; the result is invalid if `moment` is invalid. */
export function later(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms);
}

/** Returns the earlier of two times; invalid if one of them is invalid. */
export function earlier(one: Date, other: Date): Date {
  if (!isReadable(one)) return one;
  return isReadable(other) && other.getTime() > one.getTime() ? one : other;
}

/** Returns the start of a moment's minute (UTC). */
export function startOfMinute(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / 60_000) * 60_000);
}

/**
 * Formats a time for responses: ISO 8601 in UTC with milliseconds.
 * @param moment SQL statements that are written as text return times as text
 * @throws RangeError the time is invalid; the message contains the text
 */
export function isoText(moment: Date | string): string {
  return (typeof moment === "string" ? readMoment(moment) : moment).toISOString();
}
