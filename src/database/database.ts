import type { SQL } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** What runs statements: a transaction. Which driver stands behind it cannot be seen from here. */
export type Transaction = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** The database roles that a transaction can take (see `drizzle/policies`). */
export type DatabaseRole = "tenant" | "sync" | "host" | "identity" | "retention";

export interface Database {
  readonly kind: "postgres" | "embedded";
  /**
   * Runs `body` in one READ COMMITTED transaction as `role`; commits when it returns, rolls back when it throws.
   * @param organizationId what row-level security binds the tenant role to; required for it, ignored by the others.
   */
  transaction<T>(role: DatabaseRole, organizationId: string | null, body: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * As `transaction`, for a body that sends exactly so many statements, none of which waits for another's answer: on
   * PostgreSQL all of it is one round trip, and a statement more is rejected. What the body throws after its last
   * statement undoes nothing.
   */
  batch<T>(
    role: DatabaseRole,
    organizationId: string | null,
    statements: number,
    body: (tx: Transaction) => Promise<T>,
  ): Promise<T>;
  /** One statement outside a transaction, in the role that may only call functions. */
  call<Row>(statement: SQL): Promise<Row[]>;
  /** Hints: they may come late, twice or never. Resolves once listening; the result ends it. */
  listen(channel: string, onHint: (payload: string) => void): Promise<() => Promise<void>>;
  hint(channel: string, payload: string): Promise<void>;
  close(): Promise<void>;
}

/** The rows of a raw statement, whichever driver ran it. */
export function rowsOf<Row>(result: unknown): Row[] {
  if (Array.isArray(result)) return result as Row[];
  return (result as { rows: Row[] }).rows;
}
