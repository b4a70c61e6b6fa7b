import type { Authorized } from "../../access/authorized";
import { findHoldings } from "../../access/member-grants";
import { unitOfWork } from "../../access/unit-of-work";
import { Forbidden } from "../../platform/errors";
import type { RemovedMember } from "./contract";
import { removeMember } from "./remove-member";

/**
 * Ends one's own membership of the organization that the request is about.
 * @throws Forbidden `no_organization` | Conflict `last_owner`
 */
export async function leaveOrganization(
  authorized: Authorized<"account:update", "organization">,
): Promise<RemovedMember> {
  return unitOfWork(authorized, async (work) => {
    const { principal } = work.authorized;
    const userId = principal.kind === "session" ? principal.userId : null;
    const own = userId === null ? null : await findHoldings(work.tx, work.organizationId, { userId });
    if (!own) throw new Forbidden("no_organization", "You are not a member of this organization.");
    const removed = await removeMember(work, own.memberId);
    const { memberId, email, role, roleId, keysRevoked } = removed;
    work.audit("members.leave", { kind: "member", id: memberId, name: email }, { userId, role, roleId, keysRevoked });
    return removed;
  });
}
