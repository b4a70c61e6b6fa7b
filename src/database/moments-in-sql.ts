import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/**
 * Comparing times of the database in a query, as `src/platform/moment.ts` does it with values: `infinity`, `-infinity` and
 * years that cannot be shown count as unreadable, and absent is not the future.
 */

/** The range of what can be read, see `isReadable`. */
const readable = (moment: SQLWrapper) =>
  sql`${moment} between '0001-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59.999Z'::timestamptz`;

/** Now, by the clock of this process, or as an expression by the clock of the database. */
type Now = Date | SQL;

const expression = (now: Now) => (now instanceof Date ? sql`${now.toISOString()}::timestamptz` : now);

/** The end of something lies ahead: it is still good. False for what is absent or cannot be read. */
export function aheadInSql(end: SQLWrapper, now: Now): SQL {
  return sql`(coalesce(${end} > ${expression(now)}, false) and ${readable(end)})`;
}

/** The end of something that has to end is over, absent, or cannot be read: see `hasPassed`. */
export function passedInSql(end: SQLWrapper, now: Now): SQL {
  return sql`(${end} is null or ${end} <= ${expression(now)} or not ${readable(end)})`;
}

/** Something is old enough to be removed: see `isReached`. */
export function reachedInSql(moment: SQLWrapper, now: Now): SQL {
  return sql`(${moment} <= ${expression(now)} and ${readable(moment)})`;
}
