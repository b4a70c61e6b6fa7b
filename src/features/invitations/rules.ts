import { and, eq } from "drizzle-orm";
import { invitations, members, users } from "#drizzle/members";
import type { Permission } from "#src/access/permissions";
import type { Work } from "#src/access/unit-of-work";
import { aheadInSql } from "#src/database/moments-in-sql";
import { pendingInvitations } from "#src/identity/invitations";
import { Refusal } from "#src/platform/errors/refusal";

/** If strangers can make a mail server send messages to any address, other servers soon block it. */
export const sendingByOrganization = { name: "invitation:organization", attempts: 60, windowSeconds: 3_600 } as const;

/**
 * Checks that an address can be invited now. The caller has locked the organization or the invitation that this one
 * replaces, so that concurrent requests do not invite the same address twice.
 * @throws Refusal `already_member`, `already_invited`
 */
export async function requireNotInvited<P extends Permission, O>(
  { tx, organizationId, now }: Work<P, O>,
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
