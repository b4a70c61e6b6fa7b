import type { ObjectKind } from "../core/located";
import type { Permission } from "../core/permissions";
import type { Authorized } from "./authorized";
import type { Transaction } from "./database";

/** Runs a verb's queries in a transaction that row-level security binds to the caller's organization. */
export function readAs<P extends Permission, K extends ObjectKind, T>(
  authorized: Authorized<P, K>,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return authorized.request.runtime.database.transaction("tenant", authorized.organization.organizationId, body);
}
