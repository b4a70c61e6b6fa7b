import { canGive } from "../../access/authorization";
import type { Authorized } from "../../access/authorized";
import { type Grant, grantedBy, type Permission } from "../../access/permissions";
import { Refusal } from "../../platform/errors/refusal";

/**
 * Nobody gives a service account what they do not have, nor touches one that has more than they.
 * @throws Refusal `role_above_own`
 */
export function requireAccountReach<P extends Permission, O>(
  { principal, organization }: Authorized<P, O>,
  grant: Grant,
): void {
  if (canGive(principal, organization, grantedBy(grant))) return;
  throw new Refusal("role_above_own", { subject: "service account" });
}
