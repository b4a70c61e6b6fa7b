import { eq } from "drizzle-orm";
import { invitations } from "../../../drizzle/members";
import type { Authorized } from "../../access/authorized";
import { requireGivable } from "../../access/privilege-guards";
import { unitOfWork } from "../../access/unit-of-work";
import { Conflict, NotFound } from "../../platform/errors";
import { requireRole } from "../roles/require-role";
import type { Invitation } from "./contract";
import { invitationColumns, presentInvitation } from "./invitation-columns";

/**
 * Takes an invitation back: its link is worth nothing from here on.
 * @throws Conflict `invitation_accepted` | Forbidden `role_above_own` whoever could not have sent it cannot take it back
 */
export async function revokeInvitation(authorized: Authorized<"invitation:delete", "invitation">): Promise<Invitation> {
  return unitOfWork(authorized, async (work) => {
    const { tx, now, organizationId } = work;
    const its = eq(invitations.invitationId, work.authorized.object.invitationId);
    const [before] = await tx.select(invitationColumns).from(invitations).where(its).for("no key update");
    if (!before) throw new NotFound();
    const { role, roleId } = before;
    const { grant } = await requireRole(tx, organizationId, roleId === null ? { role } : { roleId });
    requireGivable(work, grant);
    if (before.acceptedAt !== null) {
      throw new Conflict("invitation_accepted", "This invitation was accepted: remove the member instead.");
    }
    const revokedAt = before.revokedAt ?? now;
    await tx.update(invitations).set({ revokedAt }).where(its);
    work.audit("invitations.delete", { kind: "invitation", id: before.invitationId }, { role, roleId });
    return presentInvitation({ ...before, revokedAt }, now);
  });
}
