import { and, eq, isNull, sql } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import { members } from "../../../drizzle/members";
import type { RemovedMember } from "../../contracts/members";
import type { ObjectKind } from "../../core/located";
import type { Permission } from "../../core/permissions";
import type { Work } from "../../persistence/unit-of-work";
import { takeInvitationsBack } from "../invitations/take-invitations-back";
import { requireMember } from "./require-member";
import { requireOtherOwner } from "./require-other-owner";

/**
 * Ends a membership: from the very next request on their keys of this organization are revoked, and their sessions are
 * not about it. An invitation that is still open for them is taken back: nobody returns by themselves. Everything else that they made belongs to the organization and stays: projects, applications, service
 * accounts with their keys. Whoever knows the key of a service account has to be kept from it by rotating that key.
 * @throws Conflict `last_owner`
 */
export async function removeMember<P extends Permission, K extends ObjectKind>(
  work: Work<P, K>,
  memberId: string,
): Promise<RemovedMember> {
  const { tx, organizationId, now } = work;
  const member = await requireMember(tx, memberId);
  if (member.role === "owner") await requireOtherOwner(tx, organizationId, memberId);
  const { userId, email } = member;
  await tx.delete(members).where(eq(members.memberId, memberId));
  const revoked = await tx
    .update(apiKeys)
    .set({ revokedAt: now })
    .where(and(eq(apiKeys.userId, userId), eq(apiKeys.organizationId, organizationId), isNull(apiKeys.revokedAt)))
    .returning({ apiKeyId: apiKeys.apiKeyId });
  await takeInvitationsBack(work, email);
  await tx.execute(sql`select portcullis_leave(${userId}::text)`);
  return { ...member, keysRevoked: revoked.length };
}
