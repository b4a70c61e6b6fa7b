import { and, desc, eq, getTableColumns, type InferSelectModel, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { getTableConfig, type PgColumn, type PgTable, type PgUpdateSetSource } from "drizzle-orm/pg-core";
import type { Transaction } from "#src/database/database";

/** Typed statements: `db.owner` of a test's database, or a transaction of the product. */
export type Statements = Pick<Transaction, "select" | "insert" | "update" | "delete">;

type Row<Table extends PgTable> = InferSelectModel<Table>;

/**
 * Which rows: those with these values (a list means any of them, null means empty), or conditions for anything else, all
 * of which must hold. `{}` means all rows.
 */
export type Where<Table extends PgTable> =
  | { readonly [Name in keyof Row<Table>]?: Row<Table>[Name] | readonly Row<Table>[Name][] }
  | readonly SQL[];

/** Reads rows in the order of their primary key, which for ids is the order of their creation. */
export async function readRows<Table extends PgTable, Name extends keyof Row<Table> & string>(
  statements: Statements,
  table: Table,
  where: Where<Table> = {},
  names?: readonly Name[],
): Promise<Pick<Row<Table>, Name>[]> {
  const rows: unknown = await selection(statements, table, where, names).orderBy(...primaryKeyOf(table));
  return rows as Pick<Row<Table>, Name>[];
}

/** Reads the row with the highest primary key, which for ids is the newest. */
export async function lastRow<Table extends PgTable, Name extends keyof Row<Table> & string>(
  statements: Statements,
  table: Table,
  where: Where<Table> = {},
  names?: readonly Name[],
): Promise<Pick<Row<Table>, Name> | undefined> {
  const newestFirst = primaryKeyOf(table).map((column) => desc(column));
  const [row]: unknown[] = await selection(statements, table, where, names)
    .orderBy(...newestFirst)
    .limit(1);
  return row as Pick<Row<Table>, Name> | undefined;
}

function selection(statements: Statements, table: PgTable, where: object, names?: readonly string[]) {
  const columns = (names ?? Object.keys(getTableColumns(table))).map((name): [string, PgColumn] => [
    name,
    columnOf(table, name),
  ]);
  return statements.select(Object.fromEntries(columns)).from(table).where(conditionOf(table, where));
}

/** Changes rows. Fails if there are none, because then a test would prepare nothing. */
export async function updateRows<Table extends PgTable>(
  statements: Statements,
  table: Table,
  where: Where<Table>,
  values: PgUpdateSetSource<Table>,
): Promise<void> {
  const updated: unknown[] = await statements
    .update(table)
    .set(values)
    .where(conditionOf(table, where))
    .returning({ one: sql`1` });
  if (updated.length === 0) throw new Error(`no row of ${getTableConfig(table).name} has these values`);
}

/** Deletes rows, if there are any. */
export async function deleteRows<Table extends PgTable>(
  statements: Statements,
  table: Table,
  where: Where<Table> = {},
): Promise<void> {
  await statements.delete(table).where(conditionOf(table, where));
}

function conditionOf(table: PgTable, where: object): SQL | undefined {
  if (Array.isArray(where)) return and(...where);
  return and(
    ...Object.entries(where).map(([name, value]: [string, unknown]) => {
      const column = columnOf(table, name);
      if (value === undefined) throw new RangeError(`${name} is undefined`);
      if (value === null) return isNull(column);
      return Array.isArray(value) ? inArray(column, value) : eq(column, value);
    }),
  );
}

/** @throws RangeError if the table has no such column */
export function columnOf(table: PgTable, name: string): PgColumn {
  const columns: Record<string, PgColumn> = getTableColumns(table);
  const column = columns[name];
  if (column === undefined) throw new RangeError(`${getTableConfig(table).name} has no column ${name}`);
  return column;
}

function primaryKeyOf(table: PgTable): PgColumn[] {
  const { columns, primaryKeys } = getTableConfig(table);
  return primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
}
