import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/**
 * Compares times of the database in a query, with the rules of `src/platform/moment.ts` for values: `infinity`,
 * `-infinity` and years that cannot be shown count as unreadable, and an absent time is not in the future.
 */

/** The range of readable times; see `isReadable`. */
const readable = (moment: SQLWrapper) =>
  sql`${moment} between '0001-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59.999Z'::timestamptz`;

/** The current time, by the clock of this process, or as an expression by the clock of the database. */
type Now = Date | SQL;

const expression = (now: Now) => (now instanceof Date ? sql`${now.toISOString()}::timestamptz` : now);

/** The end is in the future, so the thing is still valid. False if the end is absent or unreadable. */
export function aheadInSql(end: SQLWrapper, now: Now): SQL {
  return sql`(coalesce(${end} > ${expression(now)}, false) and ${readable(end)})`;
}

/** The end of something that must end has passed, is absent, or is unreadable; see `hasPassed`. */
export function passedInSql(end: SQLWrapper, now: Now): SQL {
  return sql`(${end} is null or ${end} <= ${expression(now)} or not ${readable(end)})`;
}

/** Something is old enough to be removed; see `isReached`. */
export function reachedInSql(moment: SQLWrapper, now: Now): SQL {
  return sql`(${moment} <= ${expression(now)} and ${readable(moment)})`;
}
