import { eq } from "drizzle-orm";
import { invitations } from "#drizzle/members";
import { requireGivable } from "#src/access/privilege-guards";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { take } from "#src/identity/limits";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { requireRole } from "../roles/rules";
import { CreatedInvitation, InvitationById } from "./contract";
import { invitation } from "./resource";
import { insertInvitation, invitationColumns, presentInvitation } from "./rows";
import { requireNotInvited, sendingByOrganization } from "./rules";
import { sendInvitation } from "./send";

/**
 * Replaces an invitation that is open or has expired by a new one of the caller, with the same address and role, and
 * sends its link if a mail server is configured. The former invitation is revoked, so its link stops working.
 * @throws Refusal `invitation_accepted`, `invitation_revoked` | `role_above_own` | `already_invited`, `already_member` | `rate_limited`
 */
export const resend = operation(
  {
    name: "invitations.resend",
    summary: "Replace an invitation by a new one with a new link, and send it",
    permission: "invitation:create",
    on: invitation,
    input: InvitationById,
    output: CreatedInvitation,
    errors: ["already_invited", "already_member", "invitation_accepted", "invitation_revoked", "role_above_own"],
    rest: { method: "POST", path: "/invitations/{invitationId}/resend", status: 201 },
  },
  async (authorized) => {
    const { runtime } = authorized.request;
    const renewed = await preparedUnitOfWork(
      authorized,
      ({ organization: { organizationId } }) => take(runtime, sendingByOrganization, organizationId),
      async (work) => {
        const { tx, now, organizationId } = work;
        const its = eq(invitations.invitationId, work.authorized.object.invitationId);
        const [before] = await tx.select(invitationColumns).from(invitations).where(its).for("no key update");
        if (!before) throw new Refusal("not_found", authorized.named);
        const { role, roleId } = before;
        const { grant } = await requireRole(tx, organizationId, roleId === null ? { role } : { roleId });
        requireGivable(work, grant);
        if (before.acceptedAt !== null) throw new Refusal("invitation_accepted");
        if (before.revokedAt !== null) throw new Refusal("invitation_revoked");
        await tx.update(invitations).set({ revokedAt: now }).where(its);
        await requireNotInvited(work, before.email);
        const { row, url } = await insertInvitation(work, before.email, { role, roleId });
        const { invitationId } = row;
        work.audit({ kind: "invitation", id: before.invitationId }, { replacedBy: invitationId });
        return { ...presentInvitation(row, now), url };
      },
    );
    return { ...renewed, ...(await sendInvitation(authorized, renewed)) };
  },
);
