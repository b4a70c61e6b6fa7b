import { desc, lt } from "drizzle-orm";
import { roles } from "#drizzle/roles";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { ListRoles, RolePage } from "./contract";
import { presentRole } from "./rows";

/** The organization's custom roles, newest first. */
export const list = operation(
  {
    name: "roles.list",
    summary: "List the organization's custom roles",
    permission: "role:read",
    on: caller,
    input: ListRoles,
    output: RolePage,
    errors: [],
    rest: { method: "GET", path: "/roles" },
  },
  async (authorized, input) => {
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select()
        .from(roles)
        .where(input.cursor === undefined ? undefined : lt(roles.roleId, input.cursor))
        .orderBy(desc(roles.roleId))
        .limit(input.limit + 1);
      return pageOfRows(rows, input, (row) => row.roleId, presentRole);
    });
  },
);
