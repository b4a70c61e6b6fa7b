import { and, asc, eq, sql } from "drizzle-orm";
import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { sessions } from "#drizzle/persons";
import type { Principal } from "#src/access/principal";
import type { Transaction } from "#src/database/database";
import type { ActiveOrganization } from "./contract";

/** Records that the session's person has presented one more factor: a person who enrols a factor has just used it. */
export async function recordFactorShown(
  tx: Transaction,
  principal: Principal,
  method: "totp" | "passkey",
): Promise<void> {
  if (principal.kind !== "session" || principal.methods.includes(method)) return;
  await tx
    .update(sessions)
    .set({ methods: sql`array_append(${sessions.methods}, ${method}::text)` })
    .where(and(eq(sessions.sessionId, principal.sessionId), eq(sessions.stage, "full")));
}

/** The organizations that a person is a member of, by name. Runs in the role `identity`, which sees all memberships. */
export function listOwnOrganizations(tx: Transaction, userId: string): Promise<ActiveOrganization[]> {
  return tx
    .select({ organizationId: organizations.organizationId, name: organizations.name, slug: organizations.slug })
    .from(members)
    .innerJoin(organizations, eq(organizations.organizationId, members.organizationId))
    .where(eq(members.userId, userId))
    .orderBy(asc(organizations.name), asc(organizations.organizationId));
}
