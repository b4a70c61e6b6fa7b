import { is } from "drizzle-orm";
import { PostgresJsSession } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import type { Transaction } from "../database/database";
import { commitsAfter } from "../database/prepared-statements";

/**
 * Runs the last statements of a transaction, which do not depend on each other. On PostgreSQL, COMMIT is sent together
 * with them, which saves a round trip; a statement after them is rejected.
 * @param statements not started yet, like drizzle's query builders
 * @throws the error of the first statement that fails; the transaction is then rolled back
 */
export async function endWith(tx: Transaction, statements: readonly PromiseLike<unknown>[]): Promise<void> {
  const { session } = tx._;
  if (statements.length > 0 && is(session, PostgresJsSession) && isInTransaction(session.client))
    commitsAfter(statements.length, session.client);
  await Promise.all(statements);
}

function isInTransaction(client: object): client is postgres.TransactionSql {
  return "commitAhead" in client;
}
