import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { ListOrganizations, OrganizationPage } from "./contract";
import { getOrganization } from "./one";

/** The organization of the request, as a page of one. A key belongs to one organization, and a session acts in one. */
export const list = operation(
  {
    name: "organizations.list",
    summary: "List the organization of the request; auth.session lists all organizations of a person",
    permission: "organization:read",
    on: caller,
    input: ListOrganizations,
    output: OrganizationPage,
    errors: [],
    rest: { method: "GET", path: "/organizations" },
  },
  async (authorized, { cursor }) => {
    const isPast = cursor !== undefined && authorized.object.organizationId >= cursor;
    return { items: isPast ? [] : [await getOrganization(authorized)], nextCursor: null };
  },
);
