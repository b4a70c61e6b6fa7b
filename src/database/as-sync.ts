import type { Database, Transaction } from "./database";

/**
 * A transaction in the role of the sync, which reads every organization and writes only what is its own. Only modules
 * of the sync may use it (an import rule). On the embedded database none of them lasts longer than 50 ms: whatever
 * grows with the number of applications goes in pages.
 */
export function asSync<T>(database: Database, body: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction("sync", null, body);
}

/** As `asSync`, for exactly one statement: on PostgreSQL all of it is one round trip. */
export function onceAsSync<T>(database: Database, body: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.batch("sync", null, 1, body);
}

/** Thrown when a write found that another process leads the gateway by now. */
export class LeaseLost extends Error {
  constructor(gatewayId: string) {
    super(`another process delivers to ${gatewayId} now`);
    this.name = "LeaseLost";
  }
}
