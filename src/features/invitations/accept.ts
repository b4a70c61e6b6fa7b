import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { findInvitation, join, requireInvitation, requireValidInvitation } from "#src/identity/invitations";
import { limits, take } from "#src/identity/limits";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { AcceptedInvitation, InvitationToken } from "./contract";

/**
 * Makes the caller a member, if the invitation is for their address. The organization of their session does not change.
 * @throws Refusal `not_found` no such invitation | `invitation_…` it is no longer valid, or `already_member`
 * @throws Refusal `invitation_for_another`
 */
export const accept = operation(
  {
    name: "invitations.accept",
    summary: "Accept an invitation as the person who is signed in",
    permission: "account:update",
    on: callerPerson,
    input: InvitationToken,
    output: AcceptedInvitation,
    errors: [
      "already_member",
      "invitation_accepted",
      "invitation_expired",
      "invitation_for_another",
      "invitation_revoked",
      "invitation_void",
    ],
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
          throw new Refusal("invitation_for_another", { yours: person.email });
        }
        if (principal.kind !== "session") throw new Refusal("session_required");
        await requireValidInvitation(tx, invitation, now);
        const memberId = await join(tx, request, invitation, principal, now);
        return { organizationId: invitation.organizationId, name: invitation.organizationName, memberId };
      },
      { role: "identity" },
    );
  },
);
