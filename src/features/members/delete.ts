import type { Authorized } from "../../access/authorized";
import { requireNotAbove } from "../../access/privilege-guards";
import { unitOfWork } from "../../access/unit-of-work";
import type { RemovedMember } from "./contract";
import { removeMember } from "./remove-member";

/**
 * Removes somebody from the organization; their account stays.
 * @throws Forbidden `member_above_own` | Conflict `last_owner`
 */
export async function deleteMember(authorized: Authorized<"member:delete", "member">): Promise<RemovedMember> {
  return unitOfWork(authorized, async (work) => {
    await requireNotAbove(work);
    const removed = await removeMember(work, work.authorized.object.memberId);
    const { memberId, userId, role, roleId, keysRevoked } = removed;
    work.audit("members.delete", { kind: "member", id: memberId }, { userId, role, roleId, keysRevoked });
    return removed;
  });
}
