import type { SQL } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** Runs statements in a transaction. The driver behind it is hidden. */
export type Transaction = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** The database roles that a transaction can take (see `drizzle/policies`). */
export type DatabaseRole = "tenant" | "sync" | "host" | "identity" | "retention";

export interface Database {
  readonly kind: "postgres" | "embedded";
  /**
   * Runs `body` in one READ COMMITTED transaction as `role`; commits when it returns, rolls back when it throws.
   * @param organizationId the organization to which row-level security limits the tenant role; required for that role,
   * ignored for others
   */
  transaction<T>(role: DatabaseRole, organizationId: string | null, body: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Like `transaction`, for a body that sends exactly this number of statements, none of which waits for the result of
   * another. On PostgreSQL everything takes one round trip, and an additional statement is rejected. An error that the
   * body throws after its last statement does not roll anything back.
   */
  batch<T>(
    role: DatabaseRole,
    organizationId: string | null,
    statements: number,
    body: (tx: Transaction) => Promise<T>,
  ): Promise<T>;
  /** Runs one statement outside a transaction, in the role that may only call functions. */
  call<Row>(statement: SQL): Promise<Row[]>;
  /** Listens for hints, which may arrive late, twice or never. Resolves once listening; call the result to stop. */
  listen(channel: string, onHint: (payload: string) => void): Promise<() => Promise<void>>;
  hint(channel: string, payload: string): Promise<void>;
  close(): Promise<void>;
}

/** The rows of a raw statement, for either driver. */
export function rowsOf<Row>(result: unknown): Row[] {
  if (Array.isArray(result)) return result as Row[];
  return (result as { rows: Row[] }).rows;
}
