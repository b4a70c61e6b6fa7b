import { asc, eq } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import { organizations } from "../../../drizzle/organizations";
import type { Transaction } from "../../database/database";
import type { ActiveOrganization } from "./contract";

/** What somebody is a member of, by name. Runs in the role `identity`, which sees all memberships. */
export function listOwnOrganizations(tx: Transaction, userId: string): Promise<ActiveOrganization[]> {
  return tx
    .select({ organizationId: organizations.organizationId, name: organizations.name, slug: organizations.slug })
    .from(members)
    .innerJoin(organizations, eq(organizations.organizationId, members.organizationId))
    .where(eq(members.userId, userId))
    .orderBy(asc(organizations.name), asc(organizations.organizationId));
}
