import { eq, sql } from "drizzle-orm";
import { members } from "#drizzle/members";
import { requireNotLastOwner } from "#src/access/last-owner";
import { requireGivable, requireNotAbove } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { requireRole } from "../roles/rules";
import { Member, UpdateMember } from "./contract";
import { member } from "./resource";
import { requireMember } from "./rows";

/**
 * Gives a member another role at the organization, or none. Without a role, they are a member of projects only.
 * @throws Refusal `member_above_own` | `role_above_own`
 * @throws Refusal `not_found` no such role here
 * @throws Refusal `last_owner`
 */
export const update = operation(
  {
    name: "members.update",
    summary: "Change the role of a member",
    permission: "member:update",
    on: member,
    input: UpdateMember,
    output: Member,
    errors: ["last_owner", "member_above_own", "role_above_own"],
    rest: { method: "PATCH", path: "/members/{memberId}" },
  },
  async (authorized, input) => {
    return unitOfWork(authorized, async (work) => {
      const { tx, organizationId } = work;
      const { memberId, role, roleId } = work.authorized.object;
      await requireNotAbove(work);
      const { columns, grant } = await requireRole(tx, organizationId, input);
      requireGivable(work, grant);
      if (columns.role !== "owner") await requireNotLastOwner(tx, organizationId, memberId);
      await tx.execute(sql`select portcullis_decide_role_by_hand(${memberId}::text)`);
      await tx.update(members).set(columns).where(eq(members.memberId, memberId));
      work.audit({ kind: "member", id: memberId }, { role: [role, columns.role], roleId: [roleId, columns.roleId] });
      return requireMember(tx, memberId);
    });
  },
);
