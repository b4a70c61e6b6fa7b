import { eq } from "drizzle-orm";
import { organizations } from "../../../drizzle/organizations";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { Organization } from "./contract";
import { presentOrganization } from "./present-organization";

/** The caller's organization. */
export async function getOrganization(
  authorized: Authorized<"organization:read", "organization">,
): Promise<Organization> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx
      .select()
      .from(organizations)
      .where(eq(organizations.organizationId, authorized.object.organizationId));
    if (!row) throw new NotFound();
    return presentOrganization(row);
  });
}
