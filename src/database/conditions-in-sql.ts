import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** Whether a value is one of these; without a list, every value is. */
export function oneOf(value: SQLWrapper, values: readonly string[] | undefined): SQL {
  if (values === undefined) return sql`true`;
  if (values.length === 0) return sql`false`;
  return sql`${value} in (${sql.join(
    values.map((one) => sql`${one}`),
    sql`, `,
  )})`;
}

/** Whether a text contains another one, in any case. Every character stands for itself. */
export function contains(text: SQLWrapper, part: string): SQL {
  return sql`position(lower(${part}::text) in lower(${text})) > 0`;
}
