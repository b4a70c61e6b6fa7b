import { canGive } from "../../access/authorization";
import type { Authorized } from "../../access/authorized";
import { type Grant, grantedBy, type Permission } from "../../access/permissions";
import { Forbidden } from "../../platform/errors";

/**
 * Nobody gives a service account what they do not have, nor touches one that has more than they.
 * @throws Forbidden `role_above_own`
 */
export function requireAccountReach<P extends Permission, O>(
  { principal, organization }: Authorized<P, O>,
  grant: Grant,
): void {
  if (canGive(principal, organization, grantedBy(grant))) return;
  throw new Forbidden("role_above_own", "A service account with this role can do more than you can.");
}
