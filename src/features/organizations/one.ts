import { eq } from "drizzle-orm";
import { organizations } from "#drizzle/organizations";
import type { Authorized } from "#src/access/authorized";
import { type Organization as LocatedOrganization, organization } from "#src/access/organization";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { Organization, OrganizationById } from "./contract";
import { presentOrganization } from "./rows";

/** The caller's organization. */
export async function getOrganization(
  authorized: Authorized<"organization:read", LocatedOrganization>,
): Promise<Organization> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx
      .select()
      .from(organizations)
      .where(eq(organizations.organizationId, authorized.object.organizationId));
    if (!row) throw new Refusal("not_found", authorized.named);
    return presentOrganization(row);
  });
}

export const one = operation(
  {
    name: "organizations.one",
    summary: "Get the organization of the request",
    permission: "organization:read",
    on: orCaller(organization),
    input: OrganizationById,
    output: Organization,
    errors: [],
    rest: { method: "GET", path: "/organization" },
  },
  getOrganization,
);
