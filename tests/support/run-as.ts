import { sql } from "drizzle-orm";
import { type DatabaseRole, rowsOf } from "#src/database/database";
import type { World } from "./world";

/** Runs one statement in a transaction of a database role, without any operation. */
export function runAs<Row = Record<string, unknown>>(
  world: World,
  role: DatabaseRole,
  organizationId: string | null,
  statement: string,
): Promise<Row[]> {
  return world.runtime.database.transaction(role, organizationId, async (tx) =>
    rowsOf<Row>(await tx.execute(sql.raw(statement))),
  );
}

/** Returns the SQLSTATE with which the statement fails, or `done` if it succeeds. */
export async function outcomeOf(statement: Promise<unknown>): Promise<string> {
  try {
    await statement;
    return "done";
  } catch (error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      const code: unknown = Reflect.get(at, "code");
      if (typeof code === "string") return code;
    }
    throw error;
  }
}

/** Quotes a value for a statement. */
export const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
