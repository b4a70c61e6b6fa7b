import type { serviceAccounts } from "#drizzle/roles";
import { unchanged } from "#src/access/unit-of-work";
import type { ServiceAccount } from "./contract";

/** The public form of a service account. Gateways never receive service accounts. */
export function presentServiceAccount(
  row: Omit<typeof serviceAccounts.$inferSelect, "organizationId">,
): ServiceAccount {
  const { serviceAccountId, name, role, roleId, createdAt, version } = row;
  return { serviceAccountId, name, role, roleId, createdAt: createdAt.toISOString(), version, sync: { ...unchanged } };
}
