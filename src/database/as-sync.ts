import type { Database, Transaction } from "./database";

/**
 * Runs a transaction in the role of the sync, which reads every organization and writes only the sync's own tables.
 * Only modules of the sync may use it (an import rule). On the embedded database no such transaction may last longer
 * than 50 ms, so work that grows with the number of applications is split into pages.
 */
export function asSync<T>(database: Database, body: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction("sync", null, body);
}

/** Like `asSync`, for exactly one statement. On PostgreSQL it takes one round trip. */
export function onceAsSync<T>(database: Database, body: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.batch("sync", null, 1, body);
}

/** Thrown when a write finds that another process now leads the gateway. */
export class LeaseLost extends Error {
  constructor(gatewayId: string) {
    super(`another process delivers to ${gatewayId} now`);
    this.name = "LeaseLost";
  }
}
