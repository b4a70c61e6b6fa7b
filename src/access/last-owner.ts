import { and, eq, sql } from "drizzle-orm";
import { members } from "#drizzle/members";
import type { Transaction } from "../database/database";
import { Refusal } from "../platform/errors/refusal";

/**
 * Locks an organization until the transaction ends. Every change that can remove the role of an owner takes this lock
 * before it reads or locks a membership, so that two such changes run one after the other.
 */
export async function holdOrganization(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select portcullis_hold_organization(${organizationId}::text)`);
}

/**
 * Whether an organization would have no owner without this member. This is the only rule for the last owner. Removal,
 * leaving, another role, and groups that a provider no longer sends all use it. It takes the lock of the organization.
 */
export async function isLastOwner(tx: Transaction, organizationId: string, memberId: string): Promise<boolean> {
  await holdOrganization(tx, organizationId);
  const owners = await tx
    .select({ memberId: members.memberId })
    .from(members)
    .where(and(eq(members.organizationId, organizationId), eq(members.role, "owner")))
    .limit(2);
  return owners.length === 1 && owners[0]?.memberId === memberId;
}

/** @throws Refusal `last_owner` */
export async function requireNotLastOwner(tx: Transaction, organizationId: string, memberId: string): Promise<void> {
  if (await isLastOwner(tx, organizationId, memberId)) {
    throw new Refusal("last_owner");
  }
}
