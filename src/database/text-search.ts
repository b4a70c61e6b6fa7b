import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** Whether a text contains another one, in any case. No character of the searched text has a special meaning. */
export function contains(text: SQLWrapper, searched: string): SQL {
  return sql`position(lower(${searched}::text) in lower(${text})) > 0`;
}
