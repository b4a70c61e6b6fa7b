import { invitations } from "#drizzle/members";
import type { Permission } from "#src/access/permissions";
import type { Principal } from "#src/access/principal";
import type { Work } from "#src/access/unit-of-work";
import { invitationDays } from "#src/identity/invitations";
import { newToken } from "#src/identity/tokens";
import { newId } from "#src/platform/ids";
import { hasPassed, later } from "#src/platform/moment";
import type { Invitation } from "./contract";

/** The columns that operations read, without the hash. */
export const invitationColumns = {
  invitationId: invitations.invitationId,
  email: invitations.email,
  role: invitations.role,
  roleId: invitations.roleId,
  invitedBy: invitations.invitedBy,
  createdAt: invitations.createdAt,
  expiresAt: invitations.expiresAt,
  acceptedAt: invitations.acceptedAt,
  revokedAt: invitations.revokedAt,
};

/** An invitation as operations read it. */
export type InvitationRow = Pick<typeof invitations.$inferSelect, keyof typeof invitationColumns>;

/** The public form of an invitation. */
export function presentInvitation(row: InvitationRow, now: Date): Invitation {
  const { acceptedAt: _, revokedAt: __, ...rest } = row;
  return {
    ...rest,
    state: stateOf(row, now),
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}

function stateOf({ acceptedAt, revokedAt, expiresAt }: InvitationRow, now: Date): Invitation["state"] {
  if (revokedAt !== null) return "revoked";
  if (acceptedAt !== null) return "accepted";
  return hasPassed(expiresAt, now) ? "expired" : "open";
}

const dayMs = 24 * 3_600_000;

/**
 * Inserts an invitation of the caller, for seven days from now.
 * @param role the role that the invited person gets
 * @returns the row without the hash, and the link, which no other response contains
 */
export async function insertInvitation<P extends Permission, O>(
  { tx, organizationId, now, authorized }: Work<P, O>,
  email: string,
  role: Pick<InvitationRow, "role" | "roleId">,
): Promise<{ readonly row: InvitationRow; readonly url: string }> {
  const { random, signIn } = authorized.request.runtime;
  const { token, hash } = newToken(random);
  const row = {
    invitationId: newId("invitation"),
    email,
    ...role,
    invitedBy: inviterOf(authorized.principal),
    createdAt: now,
    expiresAt: later(now, invitationDays * dayMs),
    acceptedAt: null,
    revokedAt: null,
  };
  await tx.insert(invitations).values({ ...row, organizationId, hash });
  // The fragment stays in the browser: no proxy and no log sees it.
  return { row, url: `${signIn.publicOrigin}/accept-invitation#${token}` };
}

/**
 * The person whose permissions count when the invitation is accepted; null for the host's command line, and for keys
 * that it created.
 */
function inviterOf(principal: Principal): string | null {
  if (principal.kind === "commandLine") return null;
  return principal.userId ?? (principal.kind === "apiKey" ? principal.serviceAccountId : null);
}
