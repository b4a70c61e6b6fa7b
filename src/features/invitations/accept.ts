import { preparedUnitOfWork } from "../../access/unit-of-work";
import { findInvitation, join, requireGoodInvitation, requireInvitation } from "../../identity/invitations";
import { limits, take } from "../../identity/limits";
import { operation } from "../../operations/operation";
import { callerPerson } from "../../operations/subject";
import { Forbidden } from "../../platform/errors";
import { AcceptedInvitation, InvitationToken } from "./contract";

/**
 * Makes whoever is signed in a member, where the invitation is for their address. Their session goes on to be about
 * whichever organization it is about.
 * @throws NotFound no such invitation | Conflict it is not good any more, or `already_member`
 * @throws Forbidden `invitation_for_another`
 */
export const accept = operation(
  {
    name: "invitations.accept",
    summary: "Accept an invitation as the person who is signed in",
    permission: "account:update",
    on: callerPerson,
    input: InvitationToken,
    output: AcceptedInvitation,
    errors: ["already_member", "invitation_accepted", "invitation_for_another", "invitation_revoked"],
    rest: { method: "POST", path: "/invitations/accept" },
  },
  async (authorized, { token }) => {
    const { request } = authorized;
    return preparedUnitOfWork(
      authorized,
      () => take(request.runtime, limits.managementByAddress, request.ip ?? "unknown"),
      async ({ tx, now, authorized: { principal, object: person } }) => {
        const invitation = requireInvitation(await findInvitation(tx, token, { hold: true }));
        if (invitation.email !== person.email) {
          throw new Forbidden("invitation_for_another", "This invitation is for another e-mail address than yours.");
        }
        if (principal.kind !== "session") throw new Forbidden("session_required", "Sign in to accept an invitation.");
        await requireGoodInvitation(tx, invitation, now);
        const memberId = await join(tx, request, invitation, principal, now);
        return { organizationId: invitation.organizationId, name: invitation.organizationName, memberId };
      },
      { role: "identity" },
    );
  },
);
