import { requireGivable } from "#src/access/privilege-guards";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { take } from "#src/identity/limits";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { requireRole } from "../roles/rules";
import { CreatedInvitation, CreateInvitation } from "./contract";
import { insertInvitation, presentInvitation } from "./rows";
import { requireNotInvited, sendingByOrganization } from "./rules";
import { sendInvitation } from "./send";

/**
 * Invites the owner of an e-mail address. Creates a link that works once, within seven days, for an account with this
 * address, and sends it if a mail server is configured. Only this response contains the link; the database stores the
 * hash of its token. If the message cannot be sent, the link can be handed over in another way.
 * @throws Refusal `role_above_own` | `already_member`, `already_invited` | `rate_limited`
 */
export const create = operation(
  {
    name: "invitations.create",
    summary: "Invite a person to the organization by e-mail address",
    permission: "invitation:create",
    on: caller,
    input: CreateInvitation,
    output: CreatedInvitation,
    errors: ["already_invited", "already_member", "role_above_own"],
    rest: { method: "POST", path: "/invitations", status: 201 },
  },
  async (authorized, input) => {
    const { runtime } = authorized.request;
    const created = await preparedUnitOfWork(
      authorized,
      ({ organization: { organizationId } }) => take(runtime, sendingByOrganization, organizationId),
      async (work) => {
        const { tx, organizationId, now } = work;
        const { columns, grant } = await requireRole(tx, organizationId, input);
        requireGivable(work, grant);
        await requireNotInvited(work, input.email);
        const { row, url } = await insertInvitation(work, input.email, columns);
        const { invitationId: id, email } = row;
        work.audit({ kind: "invitation", id, name: email }, { email, ...columns });
        return { ...presentInvitation(row, now), url };
      },
    );
    return { ...created, ...(await sendInvitation(authorized, created)) };
  },
);
