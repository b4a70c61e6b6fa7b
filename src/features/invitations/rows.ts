import { invitations } from "#drizzle/members";
import { hasPassed } from "#src/platform/moment";
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
