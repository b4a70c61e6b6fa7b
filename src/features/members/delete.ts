import { requireNotAbove } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { MemberById, RemovedMember } from "./contract";
import { member } from "./resource";
import { removeMember } from "./rows";

/**
 * Removes a member from the organization; their account stays.
 * @throws Refusal `member_above_own` | `last_owner`
 */
export const remove = operation(
  {
    name: "members.delete",
    summary: "Remove a member from the organization",
    permission: "member:delete",
    on: member,
    input: MemberById,
    output: RemovedMember,
    errors: ["last_owner", "member_above_own"],
    rest: { method: "DELETE", path: "/members/{memberId}" },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      await requireNotAbove(work);
      const removed = await removeMember(work, work.authorized.object.memberId);
      const { memberId, userId, role, roleId, keysRevoked } = removed;
      work.audit({ kind: "member", id: memberId }, { userId, role, roleId, keysRevoked });
      return removed;
    });
  },
);
