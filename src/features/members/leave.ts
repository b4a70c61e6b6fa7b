import { findHoldings } from "#src/access/member-grants";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { LeaveOrganization, RemovedMember } from "./contract";
import { removeMember } from "./rows";

/**
 * Ends the caller's membership of the organization of the request.
 * @throws Refusal `no_organization` | `last_owner`
 */
export const leave = operation(
  {
    name: "members.leave",
    summary: "Leave the organization of the session",
    permission: "account:update",
    on: caller,
    input: LeaveOrganization,
    output: RemovedMember,
    errors: ["last_owner"],
    rest: { method: "POST", path: "/members/leave" },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { principal } = work.authorized;
      const userId = principal.kind === "session" ? principal.userId : null;
      const own = userId === null ? null : await findHoldings(work.tx, work.organizationId, { userId });
      if (!own) throw new Refusal("no_organization");
      const removed = await removeMember(work, own.memberId);
      const { memberId, email, role, roleId, keysRevoked } = removed;
      work.audit({ kind: "member", id: memberId, name: email }, { userId, role, roleId, keysRevoked });
      return removed;
    });
  },
);
