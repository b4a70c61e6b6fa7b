import type { RemovedMember } from "../../contracts/members";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { requireNotAbove } from "./giving";
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
