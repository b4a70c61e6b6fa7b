import type { Organization } from "../../contracts/organizations";
import type { Authorized } from "../../persistence/authorized";
import { getOrganization } from "./get-organization";

/** The organizations that the caller belongs to: a key belongs to one. */
export async function listOrganizations(
  authorized: Authorized<"organization:read", "organization">,
): Promise<{ items: Organization[]; nextCursor: string | null }> {
  return { items: [await getOrganization(authorized)], nextCursor: null };
}
