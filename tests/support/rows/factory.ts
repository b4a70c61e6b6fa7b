import type { InferInsertModel } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { columnOf, type Statements } from "./table";

/** The values of a row: those without a default, and any others. */
export type Given<Table extends PgTable, Defaults> = Omit<InferInsertModel<Table>, keyof Defaults> &
  Partial<InferInsertModel<Table>>;

/** Inserts rows of one table without any operation. A test states the values that it is about. */
export interface Factory<Table extends PgTable, Defaults> {
  /** @returns the values of the row, ids included */
  insert(statements: Statements, given: Given<Table, Defaults>): Promise<InferInsertModel<Table>>;
  insertAll(
    statements: Statements,
    given: readonly Given<Table, Defaults>[],
  ): Promise<readonly InferInsertModel<Table>[]>;
}

/** How many rows one statement inserts. PostgreSQL takes up to 65,535 parameters. */
const perStatement = 1_000;

/**
 * Makes the factory of a table.
 * @param defaults returns the columns that a row needs and most tests do not care about
 */
export function factoryOf<Table extends PgTable, Defaults extends Partial<InferInsertModel<Table>>>(
  table: Table,
  defaults: () => Defaults,
): Factory<Table, Defaults> {
  const insertAll: Factory<Table, Defaults>["insertAll"] = async (statements, given) => {
    const rows = given.map((values): InferInsertModel<Table> => ({ ...defaults(), ...values }));
    // Types do not detect an unknown name in a spread value, and drizzle ignores it.
    for (const name of rows.flatMap((row) => Object.keys(row))) columnOf(table, name);
    for (let at = 0; at < rows.length; at += perStatement) {
      await statements.insert(table).values(rows.slice(at, at + perStatement));
    }
    return rows;
  };
  return {
    insertAll,
    insert: async (statements, given) => {
      const [row] = await insertAll(statements, [given]);
      if (row === undefined) throw new Error("unreachable: one row was inserted");
      return row;
    },
  };
}
