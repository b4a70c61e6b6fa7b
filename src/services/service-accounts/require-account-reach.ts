import { canGive } from "../../core/authorization";
import { Forbidden } from "../../core/errors";
import type { ObjectKind } from "../../core/located";
import { type Grant, grantedBy, type Permission } from "../../core/permissions";
import type { Authorized } from "../../persistence/authorized";

/**
 * Nobody gives a service account what they do not have, nor touches one that has more than they.
 * @throws Forbidden `role_above_own`
 */
export function requireAccountReach<P extends Permission, K extends ObjectKind>(
  { principal, organization }: Authorized<P, K>,
  grant: Grant,
): void {
  if (canGive(principal, organization, grantedBy(grant))) return;
  throw new Forbidden("role_above_own", "A service account with this role can do more than you can.");
}
