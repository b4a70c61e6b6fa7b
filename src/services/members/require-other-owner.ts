import { and, eq, ne } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import { Conflict } from "../../core/errors";
import type { Transaction } from "../../persistence/database";

/**
 * That somebody else is an owner too. The caller holds the organization, so that two last owners do not go at once.
 * @throws Conflict `last_owner`
 */
export async function requireOtherOwner(tx: Transaction, organizationId: string, memberId: string): Promise<void> {
  const [other] = await tx
    .select({ memberId: members.memberId })
    .from(members)
    .where(and(eq(members.organizationId, organizationId), eq(members.role, "owner"), ne(members.memberId, memberId)))
    .limit(1);
  if (!other) throw new Conflict("last_owner", "An organization needs an owner: make somebody else one first.");
}
