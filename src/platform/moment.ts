/**
 * Comparing times where a decision about security depends on it.
 *
 * `<=` with a `Date` that holds no time is false in both directions: with a bare comparison, what cannot be read never
 * expires. Each function here says what a time that cannot be read, or that is absent, counts as. No other module
 * compares times (`tests/platform/moment-comparisons.test.ts`).
 */

/** A time as it comes from a column, from the database's JSON, or from an input. */
export type MomentLike = Date | string | null | undefined;

/** The years that ISO 8601 writes with four digits, in milliseconds: nothing outside of them can be shown. */
const earliest = Date.parse("0001-01-01T00:00:00.000Z");
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * What ISO 8601 and PostgreSQL (`DateStyle` ISO) write: `2026-11-21T09:30:00.000Z`, `2026-11-21 09:30:00.5+05:45`.
 * An offset is required, and a space only stands where PostgreSQL puts it.
 */
const form =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:T(?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)| (?<stored>\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))(?<offset>Z|[+-]\d{2}(?::\d{2})?)$/;

/** A time that cannot be read. It behaves as a `Date` without a time, but says what it was when somebody shows it. */
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
 * Reads a time strictly: one form, existing days, years 0001 to 9999. Anything else (`infinity`, years BC, a date in the
 * order of days or months first) is a `Date` without a time, whose `toISOString` throws and names the text.
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

/** Whether this is a time that can be shown and compared. */
export function isReadable(moment: Date): boolean {
  const ms = moment.getTime();
  return ms >= earliest && ms <= latest;
}

/** In milliseconds; null for what is absent or cannot be read. */
function msOf(moment: MomentLike): number | null {
  if (moment === null || moment === undefined) return null;
  const read = typeof moment === "string" ? readMoment(moment) : moment;
  return isReadable(read) ? read.getTime() : null;
}

/**
 * Whether the end of something that has to end is over: a link, a session, a challenge. A time that is absent or cannot
 * be read counts as passed, and so does everything when the clock itself cannot be read.
 */
export function hasPassed(end: MomentLike, now: Date): boolean {
  const [endMs, nowMs] = [msOf(end), msOf(now)];
  return endMs === null || nowMs === null || endMs <= nowMs;
}

/** The same where null means that it never ends: a key, a credential. What cannot be read has ended. */
export function hasExpired(end: MomentLike, now: Date): boolean {
  return end !== null && hasPassed(end, now);
}

/**
 * Whether something is old enough to be removed, or late enough to be allowed: only where both times can be read.
 * `moment` itself counts as reached.
 */
export function isReached(moment: MomentLike, now: Date): boolean {
  const [momentMs, nowMs] = [msOf(moment), msOf(now)];
  return momentMs !== null && nowMs !== null && momentMs <= nowMs;
}

/**
 * Whether something happened in the last `ms` milliseconds, so that it still counts as a proof (a recent sign-in).
 * What cannot be read did not.
 */
export function isRecent(moment: MomentLike, now: Date, ms: number): boolean {
  const age = ageOf(moment, now);
  return age !== null && age <= ms;
}

/** Whether something that counts against somebody (a failed attempt) still counts. What cannot be read does. */
export function stillCounts(moment: MomentLike, now: Date, ms: number): boolean {
  const age = ageOf(moment, now);
  return age === null || age < ms;
}

/** In milliseconds, negative for what is to come; null where a time cannot be read. */
export function ageOf(moment: MomentLike, now: Date): number | null {
  const [momentMs, nowMs] = [msOf(moment), msOf(now)];
  return momentMs === null || nowMs === null ? null : nowMs - momentMs;
}

/** How long something goes on, in milliseconds: 0 for what has ended or cannot be read. */
export function remainingMs(end: MomentLike, now: Date): number {
  return Math.max(0, -(ageOf(end, now) ?? 0));
}

/** So many milliseconds later (or earlier); without a time where `moment` has none. */
export function later(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms);
}

/** The one that comes first. Where one of them cannot be read, neither can the result. */
export function earlier(one: Date, other: Date): Date {
  if (!isReadable(one)) return one;
  return isReadable(other) && other.getTime() > one.getTime() ? one : other;
}

/** The beginning of the minute (UTC) of a moment. */
export function startOfMinute(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / 60_000) * 60_000);
}

/**
 * As answers show it: ISO 8601 in UTC with milliseconds.
 * @param moment statements that are written as text give it as text
 * @throws RangeError it cannot be read; the message has the text
 */
export function isoText(moment: Date | string): string {
  return (typeof moment === "string" ? readMoment(moment) : moment).toISOString();
}
