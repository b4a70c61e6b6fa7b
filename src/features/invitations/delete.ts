import { eq } from "drizzle-orm";
import { invitations } from "#drizzle/members";
import { requireGivable } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { requireRole } from "../roles/rules";
import { Invitation, InvitationById } from "./contract";
import { invitation } from "./resource";
import { invitationColumns, presentInvitation } from "./rows";

/**
 * Revokes an invitation. Its link stops working.
 * @throws Refusal `invitation_accepted` | `role_above_own` a caller who could not have sent it cannot revoke it
 */
export const remove = operation(
  {
    name: "invitations.delete",
    summary: "Revoke an invitation",
    permission: "invitation:delete",
    on: invitation,
    input: InvitationById,
    output: Invitation,
    errors: ["invitation_accepted", "role_above_own"],
    rest: { method: "DELETE", path: "/invitations/{invitationId}", status: 204 },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { tx, now, organizationId } = work;
      const its = eq(invitations.invitationId, work.authorized.object.invitationId);
      const [before] = await tx.select(invitationColumns).from(invitations).where(its).for("no key update");
      if (!before) throw new Refusal("not_found", authorized.named);
      const { role, roleId } = before;
      const { grant } = await requireRole(tx, organizationId, roleId === null ? { role } : { roleId });
      requireGivable(work, grant);
      if (before.acceptedAt !== null) {
        throw new Refusal("invitation_accepted");
      }
      const revokedAt = before.revokedAt ?? now;
      await tx.update(invitations).set({ revokedAt }).where(its);
      work.audit({ kind: "invitation", id: before.invitationId }, { role, roleId });
      return presentInvitation({ ...before, revokedAt }, now);
    });
  },
);
