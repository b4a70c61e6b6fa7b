import { and, eq } from "drizzle-orm";
import { invitations, members, users } from "../../../drizzle/members";
import type { Organization } from "../../access/organization";
import type { Principal } from "../../access/principal";
import { requireGivable } from "../../access/privilege-guards";
import { preparedUnitOfWork, type Work } from "../../access/unit-of-work";
import { aheadInSql } from "../../database/moments-in-sql";
import { invitationDays, waitingFor } from "../../identity/invitations";
import { take } from "../../identity/limits";
import { newToken } from "../../identity/tokens";
import { operation } from "../../operations/operation";
import { caller } from "../../operations/subject";
import { Refusal } from "../../platform/errors/refusal";
import { newId } from "../../platform/ids";
import { later } from "../../platform/moment";
import { requireRole } from "../roles/rules";
import { CreatedInvitation, CreateInvitation } from "./contract";
import { presentInvitation } from "./rows";
import { sendInvitation } from "./send";

const dayMs = 24 * 3_600_000;

/** A mail server that sends what strangers want, to whom they want, is soon one that nobody takes mail from. */
const creationByOrganization = { name: "invitation:organization", tries: 60, windowSeconds: 3_600 } as const;

/**
 * Invites whoever reads an address's mail: makes a link that works once, within seven days, for an account with this
 * address, and sends it where a mail server is set. The link is in this one answer; its token's hash is stored. That the
 * mail could not be sent loses nothing: the link can be handed over.
 * @throws Refusal `role_above_own` | `already_member`, `already_invited` | `rate_limited`
 */
export const create = operation(
  {
    name: "invitations.create",
    summary: "Invite a person to the organization",
    permission: "invitation:create",
    on: caller,
    input: CreateInvitation,
    output: CreatedInvitation,
    errors: ["already_invited", "already_member", "role_above_own"],
    rest: { method: "POST", path: "/invitations", status: 201 },
  },
  async (authorized, input) => {
    const { runtime } = authorized.request;
    const made = await preparedUnitOfWork(
      authorized,
      ({ organization: { organizationId } }) => take(runtime, creationByOrganization, organizationId),
      async (work) => {
        const { tx, organizationId, now } = work;
        const { columns, grant } = await requireRole(tx, organizationId, input);
        requireGivable(work, grant);
        await requireNew(work, input.email);
        const { token, hash } = newToken(runtime.random);
        const row = {
          invitationId: newId("invitation"),
          email: input.email,
          ...columns,
          invitedBy: inviterOf(work.authorized.principal),
          createdAt: now,
          expiresAt: later(now, invitationDays * dayMs),
          acceptedAt: null,
          revokedAt: null,
        };
        await tx.insert(invitations).values({ ...row, organizationId, hash });
        const { invitationId: id, email } = row;
        work.audit("invitations.create", { kind: "invitation", id, name: email }, { email, ...columns });
        // What follows the # stays in the browser: no proxy and no log sees it.
        return { ...presentInvitation(row, now), url: `${runtime.signIn.publicOrigin}/accept-invitation#${token}` };
      },
    );
    return { ...made, ...(await sendInvitation(authorized, made)) };
  },
);

/** The organization is held, so that the same address is not invited twice at once. @throws Refusal */
async function requireNew(
  { tx, organizationId, now }: Work<"invitation:create", Organization>,
  email: string,
): Promise<void> {
  const [member] = await tx
    .select({ memberId: members.memberId })
    .from(members)
    .innerJoin(users, eq(users.userId, members.userId))
    .where(and(eq(members.organizationId, organizationId), eq(users.email, email)));
  if (member) throw new Refusal("already_member", { email });
  const [open] = await tx
    .select({ invitationId: invitations.invitationId })
    .from(invitations)
    .where(and(waitingFor(organizationId, email), aheadInSql(invitations.expiresAt, now)))
    .limit(1);
  if (open) throw new Refusal("already_invited", { email });
}

/** Whose standing counts when it is accepted; null for the host's command line, and for keys that it made. */
function inviterOf(principal: Principal): string | null {
  if (principal.kind === "commandLine") return null;
  return principal.userId ?? (principal.kind === "apiKey" ? principal.serviceAccountId : null);
}
