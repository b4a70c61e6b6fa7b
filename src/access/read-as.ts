import type { Transaction } from "../database/database";
import type { Authorized } from "./authorized";
import type { Permission } from "./permissions";

/** Runs the queries of a use case in a transaction that row-level security binds to the caller's organization. */
export function readAs<P extends Permission, O, T>(
  authorized: Authorized<P, O>,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return authorized.request.runtime.database.transaction("tenant", authorized.organization.organizationId, body);
}

/**
 * Like `readAs`, for a body that sends exactly this number of independent statements. On PostgreSQL all of them take
 * one round trip.
 */
export function readTogetherAs<P extends Permission, O, T>(
  authorized: Authorized<P, O>,
  statements: number,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const { organizationId } = authorized.organization;
  return authorized.request.runtime.database.batch("tenant", organizationId, statements, body);
}
