import type { Authorized } from "../../access/authorized";
import type { ListOrganizations, Organization } from "./contract";
import { getOrganization } from "./one";

/** The organizations that the caller belongs to: a key belongs to one. */
export async function listOrganizations(
  authorized: Authorized<"organization:read", "organization">,
  { cursor }: ListOrganizations,
): Promise<{ items: Organization[]; nextCursor: string | null }> {
  const isPast = cursor !== undefined && authorized.object.organizationId >= cursor;
  return { items: isPast ? [] : [await getOrganization(authorized)], nextCursor: null };
}
