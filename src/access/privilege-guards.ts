import { Refusal } from "../platform/errors/refusal";
import { atProject, canGive, permissionsOfGrant } from "./authorization";
import { findHoldings, findProjectGrants } from "./member-grants";
import type { Grant, Permission } from "./permissions";
import { personOf } from "./principal";
import type { Work } from "./unit-of-work";

/**
 * At the organization, callers can only grant permissions that they hold there.
 * @throws Refusal `role_above_own`
 */
export function requireGivable<P extends Permission, O>(
  { authorized: { principal, organization } }: Work<P, O>,
  grant: Grant | null,
): void {
  if (!canGive(principal, organization, permissionsOfGrant(grant, null))) throw roleAboveOwn();
}

/** What a change of a member needs to know about the caller. */
export interface Granter {
  /** @throws Refusal `role_above_own` */
  requireGivableAt(projectId: string, grant: Grant | null): void;
}

/**
 * Callers cannot change a member who has more permissions, at the organization or at any project.
 * @throws Refusal `member_above_own`
 */
export async function requireNotAbove<P extends Permission>(
  work: Work<P, { readonly memberId: string }>,
): Promise<Granter> {
  const { tx, organizationId, authorized } = work;
  const { principal, organization, object } = authorized;
  const own = await findProjectGrants(tx, organizationId, personOf(principal));
  const canGiveAt = (projectId: string, grant: Grant | null) =>
    canGive(
      atProject(principal, own.get(projectId) ?? null),
      organization,
      permissionsOfGrant(grant, projectId),
      projectId,
    );
  const holdings = await findHoldings(tx, organizationId, { memberId: object.memberId });
  const isAbove =
    !canGive(principal, organization, permissionsOfGrant(holdings?.organization ?? null, null)) ||
    [...(holdings?.projects ?? [])].some(([projectId, grant]) => !canGiveAt(projectId, grant));
  if (isAbove) throw new Refusal("member_above_own");
  return {
    requireGivableAt: (projectId, grant) => {
      if (!canGiveAt(projectId, grant)) throw roleAboveOwn();
    },
  };
}

function roleAboveOwn(): Refusal {
  return new Refusal("role_above_own", { subject: "role" });
}
