import { canGive } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import { type Grant, grantedBy, type Permission } from "#src/access/permissions";
import { violatedConstraint } from "#src/database/database-errors";
import { Refusal } from "#src/platform/errors/refusal";
import type { ServiceAccount } from "./contract";

/** @throws Refusal `name_taken` for a name that another of the organization's service accounts has */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "service_accounts_name") {
    throw new Refusal("name_taken", { kind: "service account", name });
  }
  throw error;
}

/**
 * Callers can only give a service account permissions that they have, and cannot change one that has more permissions.
 * @throws Refusal `role_above_own`
 */
export function requireGrantNotAboveOwn<P extends Permission, O>(
  { principal, organization }: Authorized<P, O>,
  grant: Grant,
): void {
  if (canGive(principal, organization, grantedBy(grant))) return;
  throw new Refusal("role_above_own", { subject: "service account" });
}

/** The role of an account, in the form of an input. */
export function roleOfAccount({ role, roleId }: Pick<ServiceAccount, "role" | "roleId">) {
  return role === null ? { roleId: roleId ?? "" } : { role };
}
