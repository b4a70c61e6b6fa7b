import { operation } from "../../operations/operation";
import { caller } from "../../operations/subject";
import { ListOrganizations, OrganizationPage } from "./contract";
import { getOrganization } from "./one";

/** The organizations that the caller belongs to. A key belongs to one. */
export const list = operation(
  {
    name: "organizations.list",
    summary: "List the organizations of the caller",
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
