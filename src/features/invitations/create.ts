import { and, eq } from "drizzle-orm";
import { invitations, members, users } from "#drizzle/members";
import type { Organization } from "#src/access/organization";
import type { Principal } from "#src/access/principal";
import { requireGivable } from "#src/access/privilege-guards";
import { preparedUnitOfWork, type Work } from "#src/access/unit-of-work";
import { aheadInSql } from "#src/database/moments-in-sql";
import { invitationDays, pendingInvitations } from "#src/identity/invitations";
import { take } from "#src/identity/limits";
import { newToken } from "#src/identity/tokens";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { later } from "#src/platform/moment";
import { requireRole } from "../roles/rules";
import { CreatedInvitation, CreateInvitation } from "./contract";
import { presentInvitation } from "./rows";
import { sendInvitation } from "./send";

const dayMs = 24 * 3_600_000;

/** If strangers can make a mail server send messages to any address, other servers soon block it. */
const creationByOrganization = { name: "invitation:organization", attempts: 60, windowSeconds: 3_600 } as const;

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
        work.audit({ kind: "invitation", id, name: email }, { email, ...columns });
        // The fragment stays in the browser: no proxy and no log sees it.
        return { ...presentInvitation(row, now), url: `${runtime.signIn.publicOrigin}/accept-invitation#${token}` };
      },
    );
    return { ...created, ...(await sendInvitation(authorized, created)) };
  },
);

/** Locks the organization, so that concurrent requests do not invite the same address twice. @throws Refusal */
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
    .where(and(pendingInvitations(organizationId, email), aheadInSql(invitations.expiresAt, now)))
    .limit(1);
  if (open) throw new Refusal("already_invited", { email });
}

/**
 * The person whose permissions count when the invitation is accepted; null for the host's command line, and for keys
 * that it created.
 */
function inviterOf(principal: Principal): string | null {
  if (principal.kind === "commandLine") return null;
  return principal.userId ?? (principal.kind === "apiKey" ? principal.serviceAccountId : null);
}
