import { desc, lt } from "drizzle-orm";
import { roles } from "../../../drizzle/roles";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { ListRoles, Role } from "./contract";
import { presentRole } from "./present-role";

/** The organization's own roles, newest first. */
export async function listRoles(
  authorized: Authorized<"role:read", "organization">,
  input: ListRoles,
): Promise<{ items: Role[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select()
      .from(roles)
      .where(input.cursor === undefined ? undefined : lt(roles.roleId, input.cursor))
      .orderBy(desc(roles.roleId))
      .limit(input.limit + 1);
    return pageOfRows(rows, input, (row) => row.roleId, presentRole);
  });
}
