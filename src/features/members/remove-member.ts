import { sql } from "drizzle-orm";
import { requireNotLastOwner } from "../../access/last-owner";
import type { Permission } from "../../access/permissions";
import type { Work } from "../../access/unit-of-work";
import { rowsOf } from "../../database/database";
import type { RemovedMember } from "./contract";
import { requireMember } from "./require-member";

/**
 * Ends a membership: from the very next request on their keys of this organization are revoked, and their sessions are
 * not about it. An invitation that is still open for them is taken back: nobody returns by themselves. Everything else that they made belongs to the organization and stays: projects, applications, service
 * accounts with their keys. Whoever knows the key of a service account has to be kept from it by rotating that key.
 * @throws Refusal `last_owner`
 */
export async function removeMember<P extends Permission, O>(
  work: Work<P, O>,
  memberId: string,
): Promise<RemovedMember> {
  const { tx, organizationId, now } = work;
  const member = await requireMember(tx, memberId);
  await requireNotLastOwner(tx, organizationId, memberId);
  const [ended] = rowsOf<{ revoked: number }>(
    await tx.execute(
      sql`select portcullis_end_membership(${organizationId}::text, ${memberId}::text, ${now.toISOString()}::timestamptz) as revoked`,
    ),
  );
  return { ...member, keysRevoked: ended?.revoked ?? 0 };
}
