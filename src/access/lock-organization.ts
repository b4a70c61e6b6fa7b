import { eq } from "drizzle-orm";
import { organizations } from "#drizzle/organizations";
import type { Transaction } from "../database/database";
import { Refusal } from "../platform/errors/refusal";

/**
 * Locks the organization's settings until the transaction ends. A change that could make something public must not run
 * concurrently with a change that forbids it.
 */
export async function lockOrganization(tx: Transaction, organizationId: string) {
  const [row] = await tx
    .select({ neverPublic: organizations.neverPublic, defaultAccess: organizations.defaultAccess })
    .from(organizations)
    .where(eq(organizations.organizationId, organizationId))
    .for("share");
  if (!row) throw new Refusal("not_found", { kind: "organization", id: organizationId });
  return row;
}
