import type { Authorized } from "../../access/authorized";
import type { Permission } from "../../access/permissions";
import type { Transaction } from "../../database/database";

/** The root organization sees every gateway; any other one those that it is allowed on, bound by row-level security. */
export function asViewer<P extends Permission, O, T>(
  { request, organization }: Authorized<P, O>,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const role = organization.root ? "host" : "tenant";
  return request.runtime.database.transaction(role, organization.organizationId, body);
}
