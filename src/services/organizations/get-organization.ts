import { eq } from "drizzle-orm";
import { organizations } from "../../../drizzle/organizations";
import type { Organization } from "../../contracts/organizations";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
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
